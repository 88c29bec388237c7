"""A root to throw away: the machine as it is below a layer of its own, with its own processes and no
network but loopback. What is done in it, as root or as a real user, touches the machine nowhere,
and `changed` lists it.

Needs root on Linux. `why_not` says what is missing; tests use the fixture `box_root`.
"""

from __future__ import annotations

import compileall
import functools
import hashlib
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
MODEL = "smollm2-135m"
MODELS = Path("/usr/local/share/hinterland/models")
# What is there of the machine's own is nothing to whoever is in a throwaway root.
_HIDDEN = ("/home", "/root", "/run", "/tmp", "/var/tmp")
_PROGRAMS = ("unshare", "nsenter", "setpriv", "mount", "chroot", "useradd", "groupadd")
_UNSHARED = ("unshare", "--mount", "--net", "--pid", "--ipc", "--uts", "--fork")
# Where program and Python are in a root: where a service that sees no homes finds them too.
PROGRAM = Path("/opt/hinterland")
PYTHON = PROGRAM / "env/bin/python"
_INIT = Path(__file__).with_name("root_init.py")

State = tuple[object, ...] | None
"""Kind, mode, owner, group and content of a file; None where there is none."""
Snapshot = Mapping[str, State]


@dataclass(frozen=True)
class Root:
    """A throwaway root that is there. Paths are those that its own processes see."""

    pid: int
    """Of its first process, as the machine counts."""
    layer: Path
    """What was written, as files; what was deleted is a device 0, 0 there."""
    made: Snapshot = field(repr=False)
    """What the layer held when the root was made."""
    tree: Path
    """Where this tree is."""

    def path(self, inside: str | Path) -> Path:
        """Return where the machine's root finds that path, to read and to write it from outside.

        Only for paths without absolute symbolic links on their way.
        """
        return Path(f"/proc/{self.pid}/root") / str(inside).lstrip("/")

    def command(
        self, *argv: str | Path, user: str = "root", env: Mapping[str, str] | None = None
    ) -> list[str]:
        """Return a command that runs `argv` in the root, as `user` after a login, with `env` beside
        what a login sets. It ends when the one who runs it ends it; what it left behind stays."""
        entered = ["nsenter", "-t", str(self.pid), "-m", "-n", "-p", "-i", "-u", "-r", "-w", "--"]
        become = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "--reset-env"]
        if user != "root":
            become += ["--inh-caps=-all"]
        settings = {"LANG": "C.UTF-8", "TERM": os.environ.get("TERM", "dumb"), **(env or {})}
        known = ["env", *(f"{name}={value}" for name, value in settings.items())]
        return [*entered, *become, "--pdeathsig=KILL", *known, *map(str, argv)]

    def run(
        self,
        *argv: str | Path,
        user: str = "root",
        env: Mapping[str, str] | None = None,
        **options: Any,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; options are those of `subprocess.run`."""
        settings: dict[str, Any] = {"capture_output": True, "text": True, "timeout": 120}
        if "input" not in options:
            settings["stdin"] = subprocess.DEVNULL
        return subprocess.run(
            self.command(*argv, user=user, env=env), check=False, **(settings | options)
        )

    def must(self, *argv: str | Path, user: str = "root", **options: Any) -> str:
        """Run a command that cannot fail and return what it printed."""
        ended = self.run(*argv, user=user, **options)
        if ended.returncode:
            raise AssertionError(f"{argv}: {ended.returncode}: {ended.stdout}{ended.stderr}")
        return str(ended.stdout)

    def start(
        self,
        *argv: str | Path,
        user: str = "root",
        env: Mapping[str, str] | None = None,
        **options: Any,
    ) -> subprocess.Popen[bytes]:
        """Start a command; options are those of `subprocess.Popen`. `kill` of what is returned kills
        it; any other signal goes to `inner`."""
        settings: dict[str, Any] = {"stdin": subprocess.DEVNULL}
        return subprocess.Popen(self.command(*argv, user=user, env=env), **(settings | options))

    def hint(
        self, *arguments: str, user: str = "root", **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run `hint` to its end, as `user`."""
        return self.run("hint", *arguments, user=user, **options)

    def add_group(self, name: str) -> None:
        """Make a system group."""
        self.must("groupadd", "--system", name)

    def add_user(self, name: str, *groups: str, home_mode: str = "0755") -> int:
        """Make a person with a home, and return the uid. Others may look into that home unless told
        otherwise: it is Hinterland that has to keep them out."""
        groups_option = ["-G", ",".join(groups)] if groups else []
        mode = ["-K", f"HOME_MODE={home_mode}"]
        self.must("useradd", "-m", "-U", "-s", "/bin/bash", *mode, *groups_option, name)
        return int(self.must("id", "-u", name))

    def snapshot(self) -> Snapshot:
        """Return the state of all that was ever written or deleted."""
        return {path: _state(self.layer / path[1:]) for path in _walk(self.layer)}

    def changed(self, since: Snapshot | None = None) -> dict[str, str]:
        """Return what differs from `since`, or from the beginning: path → "new", "changed" or "gone".

        What was written anew with the same content, mode and owner is no change; times are none.
        """
        since = self.made if since is None else since
        now = self.snapshot()
        differences = {}
        for path in sorted(now.keys() | since.keys()):
            before = since[path] if path in since else _beneath(path)
            after = now[path] if path in now else _beneath(path)
            if before != after:
                kind = "new" if before is None else "gone" if after is None else "changed"
                differences[path] = kind
        return differences


def why_not() -> str | None:
    """Return why there can be no throwaway root here; None when there can."""
    if sys.platform != "linux":
        return "a throwaway root needs Linux"
    if os.getuid() != 0:
        return "a throwaway root needs root: sudo python -m pytest tests/box"
    missing = [program for program in _PROGRAMS if shutil.which(program) is None]
    if missing:
        return f"a throwaway root needs {', '.join(missing)}"
    return _refused()


@functools.cache
def _refused() -> str | None:
    layers = 'mount -t overlay -o "lowerdir=/,upperdir=$0/u,workdir=$0/w" o "$0/r"'
    script = f'mount -t tmpfs t "$0" && mkdir "$0/u" "$0/w" "$0/r" && {layers}'
    with tempfile.TemporaryDirectory() as base:
        tried = subprocess.run(
            [*_UNSHARED, "--", "sh", "-c", script, base],
            capture_output=True,
            text=True,
            check=False,
        )
    if tried.returncode:
        return f"there can be no throwaway root here: {tried.stderr.strip()}"
    return None


def own_shelf() -> Path | None:
    """Return a data folder that has the small model: the tests', or this account's own."""
    import platformdirs

    places = [
        os.environ.get("HINTERLAND_TEST_MODELS", ""),
        platformdirs.user_cache_dir("hinterland-tests"),
        os.path.dirname(platformdirs.user_data_dir("hinterland")),
        *(os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share").split(":"),
    ]
    found = (Path(place) for place in places if place)
    return next((p for p in found if (p / "hinterland" / "models" / MODEL).is_dir()), None)


@contextmanager
def throwaway(shelf: Path | None = None) -> Iterator[Root]:
    """Give a throwaway root; it and all its processes are gone afterwards.

    `shelf` is a data folder whose small model the root has in its system data folder. `hint` is in
    /usr/local/bin; this tree and its Python lie in /opt/hinterland, read-only, for everybody.
    """
    _compile()
    with tempfile.TemporaryDirectory(prefix="throwaway-") as base:
        places = _places()
        binds = {str(folder): str(place) for folder, place in places.items()}
        wanted = {"base": base, "hidden": _hidden(), "binds": binds}
        process = subprocess.Popen(
            [*_UNSHARED, "--kill-child", "--", sys.executable, "-I", _INIT, json.dumps(wanted)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            said = process.stdout.readline().split()
            assert said[:1] == [b"ready"], "the throwaway root could not be made; see above"
            first = inner(process)
            layer = Path(f"/proc/{first}/fd/{int(said[1])}")
            root = Root(first, layer, {}, places[ROOT])
            _install(root, places)
            _stock(root, shelf)
            yield replace(root, made=root.snapshot())
        finally:
            process.stdin.close()  # on which its first process ends, and with it all others
            process.stdout.close()
            process.wait()


def inner(process: subprocess.Popen[bytes]) -> int:
    """Return the pid, as the machine counts, of the command that `start` started."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    while not (found := children.read_text().split()):
        assert process.poll() is None, "it has ended"
    return int(found[0])


def tell(process: subprocess.Popen[bytes], what: signal.Signals) -> None:
    """Send a signal to the command that `start` started."""
    os.kill(inner(process), what)


def _install(root: Root, places: Mapping[Path, Path]) -> None:
    """Make an environment in the root that has what this process can import."""
    base = places.get(Path(sys.base_prefix), Path(sys.base_prefix))
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = root.path(PROGRAM / f"env/lib/{name}/site-packages")
    packages.mkdir(parents=True)
    found = [_placed(Path(entry).resolve(), places) for entry in sys.path if os.path.isdir(entry)]
    own = [place for place in found if not place.is_relative_to(base)]
    (packages / "all.pth").write_text("".join(f"{place}\n" for place in own))
    root.path(PROGRAM / "env/pyvenv.cfg").write_text(f"home = {base}/bin\n")
    root.path(PYTHON).parent.mkdir()
    root.path(PYTHON).symlink_to(f"{base}/bin/{name}")
    if list((Path(sys.base_prefix) / "lib").glob("libpython3*.so*")):  # it looks where it was built
        root.path("/etc/ld.so.conf.d/throwaway.conf").write_text(f"{base}/lib\n")
        root.must("ldconfig")
    hint = root.path("/usr/local/bin/hint")
    hint.write_text(
        f"#!{PYTHON}\nimport sys\nfrom hinterland.cli import main\n\nsys.exit(main())\n"
    )
    hint.chmod(0o755)


def _stock(root: Root, shelf: Path | None) -> None:
    models = root.path(MODELS)
    models.mkdir(parents=True, exist_ok=True)
    if shelf is not None:
        shutil.copytree(shelf / "hinterland" / "models" / MODEL, models / MODEL)
    for each in [models.parent, models, *models.rglob("*")]:
        each.chmod(0o755 if each.is_dir() else 0o644)


def _compile() -> None:
    """Have Python's byte code beside the sources: nobody in the root can write it there."""
    for room in ("src", "engine", "models", "plugins", "prompts", "tui", "tests/box"):
        compileall.compile_dir(ROOT / room, quiet=2)


def _hidden() -> list[str]:
    return [folder for folder in _HIDDEN if os.path.isdir(folder) and not os.path.islink(folder)]


def _places() -> dict[Path, Path]:
    """Return the folders of program and Python, and where a root has them; what is in /usr is there."""
    wanted = {ROOT, Path(sys.base_prefix)}
    wanted |= {Path(entry).resolve() for entry in sys.path if os.path.isdir(entry)}
    kept: list[Path] = []
    for folder in sorted(wanted, key=lambda folder: len(folder.parts)):
        if not any(folder.is_relative_to(above) for above in (Path("/usr"), *kept)):
            kept.append(folder)
    return {folder: PROGRAM / f"{number}" for number, folder in enumerate(kept)}


def _placed(folder: Path, places: Mapping[Path, Path]) -> Path:
    """Return where a root has that folder."""
    for outer, place in places.items():
        if folder.is_relative_to(outer):
            return place / folder.relative_to(outer)
    return folder


def _walk(layer: Path) -> Iterator[str]:
    for folder, folders, files in os.walk(layer):
        shown = "/" + os.path.relpath(folder, layer) if folder != str(layer) else ""
        for name in (*folders, *files):
            yield f"{shown}/{name}"


def _beneath(path: str) -> State:
    """Return the state of what the machine itself has there, where that can be seen in the root."""
    if any(path.startswith(f"{folder}/") for folder in _HIDDEN):
        return None
    return _state(Path(path))


def _state(path: Path) -> State:
    try:
        known = path.lstat()
        if stat.S_ISCHR(known.st_mode) and known.st_rdev == 0:
            return None
        content = ""
        if stat.S_ISLNK(known.st_mode):
            content = os.readlink(path)
        elif stat.S_ISREG(known.st_mode):
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None
    kind = stat.S_IFMT(known.st_mode)
    return kind, stat.S_IMODE(known.st_mode), known.st_uid, known.st_gid, content

"""From sources to an installed llama-server: the new one takes the old one's place when it has run
and answered rightly, in one step; until then everything stays as it was."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hinterland.engine import programs
from hinterland.engine.builder import sources, tools
from hinterland.engine.builder.compile import Told, Variant, collect, compile_in
from hinterland.engine.builder.sources import Pinned
from hinterland.engine.workers.native import clean_environment
from hinterland.errors import EngineError, StorageError
from hinterland.paths import Paths, private_folder

Try = Callable[[str], str]
"""Tries a program and returns why it is not fit; empty when it is."""

_START_PATIENCE = 60.0  # seconds
_MOST_SET_ASIDE = 20
_KERNELS = "libggml-cpu-{}.so"


def build(
    paths: Paths,
    wanted: Pinned,
    variant: Variant,
    told: Told,
    try_it: Try,
    *,
    archive: Path | None = None,
    jobs: int = 1,
) -> tuple[Path, list[str]]:
    """Return the installed program, and the processor variants that were set aside because they
    crash here.

    `archive` is the source distribution where it was brought along; otherwise it is fetched. Raises
    EngineError, InputError or StorageError; then, and when it is interrupted, nothing has changed.
    """
    tools.check()
    if archive is not None:
        told("Checking the sources", None)
        sources.check(archive, wanted)
    log = private_folder(paths.logs) / "build.log"
    home = private_folder(paths.data / "engine")
    try:
        with _alone(home), _scratch(private_folder(paths.cache), wanted) as work:
            if archive is None:
                told(f"Fetching {wanted.package} {wanted.version}", None)
                archive = sources.fetch(wanted, work)
            told("Unpacking", None)
            tree = sources.unpack(archive, wanted, work / "llama.cpp")
            built = compile_in(tree, work / "build", variant, jobs, log, told)
            told("Trying it", None)
            return _install(home, built, variant, try_it)
    except OSError as error:
        raise StorageError(
            f"The build cannot be kept: {error.strerror or error}.",
            "Nothing was changed. Free some space and build again.",
        ) from error


def _install(home: Path, built: Path, variant: Variant, try_it: Try) -> tuple[Path, list[str]]:
    """Put what was built in place, once it has passed; return the program and what was set aside."""
    folder = Path(tempfile.mkdtemp(prefix="build-", dir=home))
    try:
        collect(built, folder)
        aside = _make_fit(folder / programs.NAME, variant, try_it)
        fresh = home / "current.new"
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(folder.name)
        fresh.replace(home / "current")
    except BaseException:  # Ctrl-C too leaves everything as it was
        shutil.rmtree(folder, ignore_errors=True)
        raise
    _sweep(home)
    return home / "current" / programs.NAME, aside


def _make_fit(program: Path, variant: Variant, try_it: Try) -> list[str]:
    """Set aside one processor variant after the other until the program works; return their names.

    A processor may name instructions that its hypervisor does not let it use. Raises EngineError.
    """
    aside: list[str] = []
    while True:
        reason = _starts(program) or try_it(str(program))
        if not reason:
            return aside
        loaded = _loaded_kernels(program) if variant is Variant.ALL else None
        if loaded is None or "crashed" not in reason or len(aside) == _MOST_SET_ASIDE:
            more = "" if variant is Variant.ALL else " `hint engine build --variant all` may help."
            raise EngineError(
                f"What was built is not used: {reason}.",
                f"Nothing was changed; the bundled engine goes on.{more}",
            )
        (program.parent / _KERNELS.format(loaded)).unlink()
        aside.append(loaded)


def _starts(program: Path) -> str:
    """Return why the program does not even start; empty when it does."""
    try:
        done = _run(program, "--version")
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"it does not start ({type(error).__name__})"
    if done.returncode < 0:
        return f"it crashed with signal {-done.returncode}"
    return "" if done.returncode == 0 else f"it does not start (exit code {done.returncode})"


def _loaded_kernels(program: Path) -> str | None:
    """Return which processor variant the program takes here; None when it does not say."""
    try:
        done = _run(program, "--list-devices", "--log-verbosity", "5")
    except (OSError, subprocess.TimeoutExpired):
        return None
    pattern = re.escape(_KERNELS).replace(r"\{\}", r"([\w.]+?)")
    found = re.search(pattern, done.stdout + done.stderr)
    return found[1] if found and (program.parent / found[0]).exists() else None


def _run(program: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        env=clean_environment(),
        timeout=_START_PATIENCE,
        check=False,
    )


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Hold the lock that only one build has; what a killed one left is swept away."""
    lock = os.open(home / "build.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise EngineError("Another build is under way.", "Wait for it to end.") from None
        _sweep(home)
        yield
    finally:
        os.close(lock)


def _sweep(home: Path) -> None:
    """Remove the builds that are not in use."""
    current = home / "current"
    kept = os.readlink(current) if current.is_symlink() else None
    for folder in home.glob("build-*"):
        if folder.name != kept:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _scratch(cache: Path, wanted: Pinned) -> Iterator[Path]:
    """Give a folder to work in, gone afterwards; raises StorageError where it would not do."""
    work = cache / "engine-build"
    shutil.rmtree(work, ignore_errors=True)
    needed = wanted.bytes + wanted.unpacked + wanted.scratch
    free = shutil.disk_usage(cache).free
    if free < needed:
        raise StorageError(
            f"A build takes about {needed / 1e9:.1f} GB of disk and {free / 1e9:.1f} GB is free.",
            "Free some space and build again.",
        )
    work.mkdir(mode=0o700)
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)

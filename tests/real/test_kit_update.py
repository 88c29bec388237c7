"""A kit over what another one installed: what comes, what goes, what stays, and power cuts."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from hinterland.kit import copying
from hinterland.models.progress import Silent
from hinterland.paths import Paths
from tests.kits import MADE, installable

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kits are for Linux")

OLD = {
    "lessons/class/one.md": b"one",
    "lessons/class/two.md": b"two",
    "lessons/term 1/three.md": b"three",
    "packs/ours/pack.toml": b"old = true\n",
    "packs/ours/es.toml": b"dos = 2\n",
}
NEW = {
    "lessons/class/one.md": b"one, mended",
    "lessons/class/two.md": b"two, mended",
    "lessons/class/four.md": b"four",
    "packs/ours/pack.toml": b"new = true\n",
}
PERSONS = {
    ".config/hinterland/config.toml": b'model = "tiny"\n',
    ".local/share/hinterland/history/0.json": b"{}",
    ".local/share/hinterland/lessons/class/mine.md": b"mine",
}
# Runs an installer that kills itself before the nth change of a name below the home, counted from when
# the new release is laid there.
KILLED = """
import os, signal, sys
from pathlib import Path
kit, at, home = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
changes, laid, seen = ("os.rename", "os.remove", "os.symlink", "os.mkdir", "os.rmdir"), False, 0

def watch(event, arguments):
    global laid, seen
    if event not in changes or not str(arguments[0 if event != "os.symlink" else 1]).startswith(home):
        return
    laid = laid or any(Path(home).glob(".local/lib/hinterland/2.0-*/complete"))
    seen += laid
    if seen == at:
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(watch)
sys.path.insert(0, str(kit / "install.pyz"))
from hinterland.kit.carried.main import main
sys.exit(main(kit, ["--user"]))
"""


class Person:
    """Somebody with a home, two sticks, and no network."""

    def __init__(self, paths: Paths, folder: Path) -> None:
        self.home = folder / "ana"
        self.old, self.new = (folder / name for name in ("old stick", "new stick"))
        for each in (self.home, self.old, self.new):
            each.mkdir()
        copying.copy(installable(paths, texts=OLD), self.old, Silent())
        newer = installable(paths, "2.0", MADE + 1, model=b"heavier", texts=NEW)
        copying.copy(newer, self.new, Silent())
        for path, content in PERSONS.items():
            file = self.home / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        self.data = self.home / ".local/share/hinterland"
        self.before = self.files()
        assert self.run("-m", "hinterland", "kit", "install", self.old, "--user").returncode == 0

    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if "HINTERLAND" not in name}
        kept = {name: value for name, value in kept.items() if not name.startswith("XDG_")}
        return subprocess.run(
            [sys.executable, *arguments],
            capture_output=True,
            text=True,
            check=False,
            env=kept | {"HOME": str(self.home), "PIP_INDEX_URL": "http://127.0.0.1:9"},
            stdin=subprocess.DEVNULL,
        )

    def update(self, stick: Path) -> subprocess.CompletedProcess[str]:
        return self.run("-m", "hinterland", "kit", "update", stick, "--user")

    def killed(self, at: int) -> bool:
        """Install the new kit and kill that at a step; whether it came so far."""
        kit = self.new / "hinterland-kit"
        return self.run("-I", "-c", KILLED, kit, str(at), self.home).returncode == -signal.SIGKILL

    def version(self) -> str:
        hint = self.home / ".local/bin/hint"
        return subprocess.check_output([hint], text=True, env={}).split()[-1]

    def files(self) -> Mapping[str, bytes]:
        """What lies in the home besides the program; of a model's record, what it says of the file."""
        return {
            str(path.relative_to(self.home)): _content(path)
            for path in self.home.rglob("*")
            if path.is_file()
            and ".local/lib" not in str(path)
            and path.name not in (".lock", "hint")
        }

    def texts(self) -> Mapping[str, bytes]:
        """The lessons and packs."""
        return {
            str(path.relative_to(self.data)): path.read_bytes()
            for room in ("lessons", "packs")
            for path in (self.data / room).rglob("*")
            if path.is_file()
        }


def _content(path: Path) -> bytes:
    if path.name != "model.json":
        return path.read_bytes()
    return str(json.loads(path.read_bytes())["sha256"]).encode()


@pytest.fixture
def ana(paths: Paths, tmp_path: Path) -> Person:
    return Person(paths, tmp_path)


def test_an_update_brings_what_is_new_and_takes_away_what_is_old(ana: Person) -> None:
    (ana.data / "lessons/term 1/three.md").write_bytes(b"three, by its teacher")
    done = ana.update(ana.new)
    assert done.returncode == 0, done.stderr
    assert ana.version() == "2.0"
    mine = {"lessons/class/mine.md": b"mine", "lessons/term 1/three.md": b"three, by its teacher"}
    assert ana.texts() == NEW | mine
    assert "es.toml is of an older kit and was removed" in done.stderr
    assert "three.md was changed since and stays" in done.stderr
    assert (ana.data / "models/tiny/tiny.gguf").read_bytes().startswith(b"heavier")
    assert all((ana.home / path).read_bytes() == content for path, content in PERSONS.items())

    there = ana.files()
    again = ana.update(ana.new)
    assert again.returncode == 0, again.stderr
    assert "installed already" in again.stderr
    assert ana.files() == there
    assert ana.version() == "2.0"

    older = ana.update(ana.old)
    assert older.returncode == 2
    assert "older" in older.stderr
    assert ana.version() == "2.0"
    assert ana.files() == there

    assert ana.run("-m", "hinterland", "kit", "install", "--undo", "--user").returncode == 0
    changed = {".local/share/hinterland/lessons/term 1/three.md": b"three, by its teacher"}
    assert ana.files() == {**ana.before, **changed}


def test_a_kit_without_lessons_leaves_those_of_the_kit_before(
    ana: Person, paths: Paths, tmp_path: Path
) -> None:
    bare = tmp_path / "bare stick"
    bare.mkdir()
    copying.copy(installable(paths, "2.0", MADE + 1, texts={}), bare, Silent())
    assert ana.update(bare).returncode == 0
    assert ana.texts() == OLD | {"lessons/class/mine.md": b"mine"}


def test_a_model_that_the_new_kit_lacks_stays_and_its_removal_is_told(
    ana: Person, paths: Paths, tmp_path: Path
) -> None:
    stick = tmp_path / "third stick"
    stick.mkdir()
    copying.copy(installable(paths, "2.0", MADE + 1, name="other"), stick, Silent())
    done = ana.update(stick)
    assert done.returncode == 0, done.stderr
    assert "The model tiny is of an older kit and stays; `hint models remove tiny` removes it." in (
        done.stderr.splitlines()
    )
    done = ana.run("-m", "hinterland", "models", "remove", "tiny", "--yes")
    assert done.returncode == 0, done.stderr
    assert not (ana.data / "models/tiny").exists()
    assert "The model tiny" not in ana.update(stick).stderr
    assert ana.run("-m", "hinterland", "kit", "install", "--undo", "--user").returncode == 0
    assert ana.files() == ana.before


def test_what_a_power_cut_left_of_a_model_is_swept(ana: Person) -> None:
    store = ana.data / "models"
    for left_over in (".outgoing-tiny", ".incoming-other"):
        shutil.copytree(store / "tiny", store / left_over)
    shutil.copytree(store / "tiny", store / ".outgoing-mine")
    assert ana.update(ana.old).returncode == 0
    assert {each.name for each in store.iterdir()} == {".lock", "tiny", "mine"}


def test_an_older_kit_that_is_installed_all_the_same_says_so(ana: Person) -> None:
    assert ana.update(ana.new).returncode == 0
    done = ana.run("-m", "hinterland", "kit", "install", ana.old, "--user")
    assert done.returncode == 0, done.stderr
    assert "This kit is older than the one that was installed." in done.stderr.splitlines()
    assert ana.version() == "1.0"


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_an_update_killed_anywhere_goes_on_or_is_undone(ana: Person, tmp_path: Path) -> None:
    aside, halfway = tmp_path / "aside", tmp_path / "halfway"
    assert ana.killed(1)
    shutil.copytree(ana.home, aside, symlinks=True)
    assert ana.version() == "1.0"
    assert ana.update(ana.new).returncode == 0
    wanted = ana.files()
    steps = 1
    while True:
        shutil.rmtree(ana.home)
        shutil.copytree(aside, ana.home, symlinks=True)
        steps += 1
        if not ana.killed(steps):
            break
        assert ana.version() in ("1.0", "2.0"), steps
        assert list((ana.data / "models").glob("*tiny/model.json")), steps
        shutil.copytree(ana.home, halfway, symlinks=True)
        done = ana.update(ana.new)
        assert done.returncode == 0, (steps, done.stderr)
        assert ana.version() == "2.0"
        assert ana.files() == wanted, steps
        shutil.rmtree(ana.home)
        halfway.rename(ana.home)
        done = ana.run("-m", "hinterland", "kit", "install", "--undo", "--user")
        assert done.returncode == 0, (steps, done.stderr)
        assert ana.files() == ana.before, steps
        assert not (ana.home / ".local/lib").exists(), steps
    assert steps > 20

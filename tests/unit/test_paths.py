"""Where things are kept: nothing is touched by looking, and the socket's path always fits."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from hinterland import site
from hinterland.cli.interface_language import settings_file
from hinterland.errors import StorageError
from hinterland.kit.carried import placing
from hinterland.paths import LONGEST_SOCKET_PATH, environment, find, private_folder
from tests.running import Hint


def test_one_variable_moves_everything(home: Path) -> None:
    found = find()
    for folder in (found.config, found.data, found.state, found.cache, found.socket.parent):
        assert folder.is_relative_to(home)


def test_looking_makes_nothing(home: Path) -> None:
    found = find()
    looked_at = {found.config_file, found.models, found.history, found.journal, found.logs}
    assert all(path.is_relative_to(home) for path in looked_at | {found.socket})
    assert not home.exists()


def test_without_the_variable_the_platforms_folders_are_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("HINTERLAND_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    found = find()
    for folder in (found.config, found.data, found.state, found.cache):
        assert folder.is_relative_to(tmp_path)
        assert "hinterland" in folder.parts


def test_a_relative_home_is_the_same_for_the_engine(
    home: Path, hint: Hint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """You should be answered by an engine that keeps its things where yours are."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HINTERLAND_HOME", home.name)
    ran = hint("ask", "-m", "echo", "hi")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "hi\n", "")
    assert (home / "state" / "engine.sock").is_socket()


def test_relative_folders_of_the_machine_are_the_same_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("HINTERLAND_HOME", "~/home")
    monkeypatch.setenv("XDG_DATA_DIRS", "one:/two")
    monkeypatch.setenv("HINTERLAND_SITE", "site")
    monkeypatch.chdir(tmp_path)
    here, site_here = find(), site.folder()
    assert here.config == tmp_path / "home" / "config"
    assert here.system_data == (tmp_path / "one" / "hinterland", Path("/two/hinterland"))
    assert site_here == tmp_path / "site"
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir("/")
    assert (find(), site.folder()) == (here, site_here)


@pytest.mark.parametrize("name", ["x" * 120, "水" * 40])
def test_a_long_home_gets_a_short_socket_of_its_own(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HINTERLAND_HOME", str(tmp_path / name))
    here = find().socket
    assert len(os.fsencode(here)) <= LONGEST_SOCKET_PATH
    assert here.is_relative_to(tempfile.gettempdir())
    monkeypatch.setenv("HINTERLAND_HOME", str(tmp_path / f"{name}y"))
    assert find().socket != here
    private_folder(here.parent)
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(here))
        assert stat.S_IMODE(here.parent.stat().st_mode) == 0o700
    finally:
        here.unlink(missing_ok=True)
        here.parent.rmdir()


def test_the_longest_path_that_is_allowed_can_be_bound(tmp_path: Path) -> None:
    short = Path(tempfile.mkdtemp())
    try:
        path = short / ("s" * (LONGEST_SOCKET_PATH - len(os.fsencode(short)) - 1))
        assert len(os.fsencode(path)) == LONGEST_SOCKET_PATH
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
        path.unlink()
    finally:
        short.rmdir()


def test_machine_wide_folders_come_in_the_order_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_DIRS", "/b::/a")
    assert find().system_data == (Path("/b/hinterland"), Path("/a/hinterland"))


def test_a_private_folder_is_private(tmp_path: Path) -> None:
    folder = private_folder(tmp_path / "a" / "b")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert private_folder(folder) == folder


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError) as caught:
        private_folder(tmp_path / "file" / "folder")
    assert str(tmp_path / "file" / "folder") in caught.value.message
    assert "HINTERLAND_HOME" in caught.value.hint


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_somebody_elses_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    os.chown(folder, 12345, -1)
    with pytest.raises(StorageError, match="another user"):
        private_folder(folder)


def test_platformdirs_is_not_needed_where_the_variable_is_set(home: Path) -> None:
    code = "import sys, hinterland.paths as p; p.find(); print('platformdirs' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.skipif(sys.platform == "darwin", reason="has folders of its own")
def test_a_relative_folder_of_the_desktop_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """You should be spoken to in the language of the settings that hold, and find what a kit placed."""
    monkeypatch.delenv("HINTERLAND_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, "relative")
    assert settings_file() == str(tmp_path / ".config" / "hinterland" / "config.toml")
    assert placing.find(shared=False).data == tmp_path / ".local" / "share" / "hinterland"

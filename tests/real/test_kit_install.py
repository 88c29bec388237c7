"""`sh install.sh` with a real shell, a real Python environment and a real pip."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from hinterland.kit import copying
from hinterland.models.progress import Silent
from hinterland.paths import Paths
from tests.kits import MADE, installable

NOT_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="kits are for Linux")


def _sh(
    stick: Path, home: Path, *arguments: str, env: Mapping[str, str] = MappingProxyType({})
) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHON": sys.executable,
        "HOME": str(home),
        "PIP_INDEX_URL": "http://127.0.0.1:9",  # whoever asks it fails
        **env,
    }
    script = stick / "hinterland-kit/install.sh"
    return subprocess.run(
        ["sh", str(script), "--user", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        stdin=subprocess.DEVNULL,
        cwd="/",
    )


def _files(home: Path) -> set[str]:
    return {str(path.relative_to(home)) for path in home.rglob("*")}


@NOT_LINUX
def test_a_kit_is_installed_and_undone(paths: Paths, tmp_path: Path) -> None:
    home, stick, other = (tmp_path / name for name in ("ana's home", "stick 1", "stick 2"))
    for folder in (home, stick, other):
        folder.mkdir()
    own = home / ".local/share/hinterland/lessons/mine.md"
    own.parent.mkdir(parents=True)
    own.write_text("my own")
    before = _files(home)
    copying.copy(installable(paths), stick, Silent())

    done = _sh(stick, home)
    assert done.returncode == 0, done.stderr
    assert "Signed by SHA256:" in done.stderr
    hint = home / ".local/bin/hint"
    assert subprocess.check_output([hint], text=True) == "hint, version 1.0\n"
    model = home / ".local/share/hinterland/models/tiny"
    record = json.loads((model / "model.json").read_text())
    assert (model / "tiny.gguf").stat().st_mtime_ns == record["mtime_ns"]
    lesson = home / ".local/share/hinterland/lessons/class/one.md"
    assert lesson.read_text() == "one"
    assert not [path for path in stick.rglob("*") if "__pycache__" in path.name]

    # An update by a key that was not there before needs its fingerprint, said by a person.
    (paths.config / "kit/signing_key").unlink()
    copying.copy(installable(paths, "1.1", MADE + 1), other, Silent())
    done = _sh(other, home)
    assert done.returncode == 2
    assert "somebody else" in done.stderr
    assert subprocess.check_output([hint], text=True) == "hint, version 1.0\n"

    lesson.write_text("changed by its teacher")
    done = _sh(stick, home, "--undo")
    assert done.returncode == 0, done.stderr
    assert "one.md was changed" in done.stderr
    kept = lesson.relative_to(home)
    assert _files(home) - before == {str(kept), str(kept.parent)}


@NOT_LINUX
def test_a_damaged_stick_installs_nothing(paths: Paths, tmp_path: Path) -> None:
    stick, home = tmp_path / "stick", tmp_path / "ana"
    for folder in (stick, home):
        folder.mkdir()
    kit = copying.copy(installable(paths), stick, Silent())
    for name in ("install.pyz", "install.sh", "docs/kit.md", "manifest.json", "manifest.json.sig"):
        content = (kit / name).read_bytes()
        at = content.index(b"kit") if name == "install.sh" else len(content) // 2
        (kit / name).write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        done = _sh(stick, home)
        assert done.returncode == 2, (name, done.stderr)
        assert name in done.stderr or name.startswith("manifest"), done.stderr
        assert _files(home) == set(), name
        (kit / name).write_bytes(content)
    assert _sh(stick, home, "--verify").returncode == 0
    done = _sh(stick, home, "--signer", "SHA256:" + "A" * 43)
    assert done.returncode == 2
    assert "not by SHA256:AAAA" in done.stderr


@NOT_LINUX
def test_a_stick_with_names_in_capitals_installs(paths: Paths, tmp_path: Path) -> None:
    stick, home = tmp_path / "stick", tmp_path / "ana"
    for folder in (stick, home):
        folder.mkdir()
    kit = copying.copy(installable(paths), stick, Silent())
    for path in sorted(kit.rglob("*"), reverse=True):
        path.rename(path.with_name(path.name.upper()))
    done = subprocess.run(
        ["sh", kit / "INSTALL.SH", "--user", "--verify"],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "PYTHON": sys.executable, "HOME": str(home)},
    )
    assert done.returncode == 0, done.stderr


@NOT_LINUX
def test_a_hint_that_no_kit_put_there_stays(paths: Paths, tmp_path: Path) -> None:
    stick, home = tmp_path / "stick", tmp_path / "ana"
    stick.mkdir()
    hint = home / ".local/bin/hint"
    hint.parent.mkdir(parents=True)
    hint.write_text("#!/bin/sh\n")
    copying.copy(installable(paths), stick, Silent())
    done = _sh(stick, home)
    assert done.returncode == 2
    assert "which no kit put there" in done.stderr
    assert hint.read_text() == "#!/bin/sh\n"
    assert _sh(stick, home, "--undo").returncode == 2


@NOT_LINUX
def test_a_torn_or_converted_installer_does_nothing(paths: Paths, tmp_path: Path) -> None:
    stick, home = tmp_path / "stick", tmp_path / "ana"
    for folder in (stick, home):
        folder.mkdir()
    script = copying.copy(installable(paths), stick, Silent()) / "install.sh"
    whole = script.read_bytes()
    lines = whole.splitlines(keepends=True)
    copies = [b"".join(lines[:count]) for count in range(2, len(lines))]
    copies += [whole.replace(b"\n", b"\r\n"), whole.replace(b"exec ", b"# xec ")]
    copies += [whole.replace(b"set -eu", b"set -e5"), whole.replace(b"hashlib", b"hashlab")]
    for content in copies:
        script.write_bytes(content)
        done = _sh(stick, home)
        assert done.returncode == 2, content
        told = "hint: The kit is refused: install.sh is not what was signed."
        assert told in done.stderr.splitlines(), (content, done.stderr)
    script.write_bytes(whole)
    (stick / "hinterland-kit/install.pyz").unlink()
    os.mkfifo(stick / "hinterland-kit/install.pyz")
    done = _sh(stick, home)
    assert done.returncode == 2
    assert "install.pyz is missing" in done.stderr
    assert _files(home) == set()


@NOT_LINUX
def test_settings_that_are_in_the_way_are_not_obeyed(paths: Paths, tmp_path: Path) -> None:
    stick, home = tmp_path / "stick", tmp_path / "بيت آنا"
    evil = tmp_path / "evil"
    for folder in (stick, home, evil):
        folder.mkdir()
    for name in ("json", "hashlib", "venv", "sitecustomize", "usercustomize"):
        (evil / f"{name}.py").write_text("raise SystemExit('obeyed')")
    (evil / "pip.conf").write_text("[install]\nprefix = /nowhere\n")
    copying.copy(installable(paths), stick, Silent())
    hostile = {
        "PYTHONHOME": "/nowhere",
        "PYTHONPATH": str(evil),
        "PYTHONSTARTUP": str(evil / "json.py"),
        "PYTHONOPTIMIZE": "2",
        "PYTHONWARNINGS": "error",
        "PIP_CONFIG_FILE": str(evil / "pip.conf"),
        "PIP_PREFIX": "/nowhere",
        "PIP_REQUIRE_VIRTUALENV": "1",
        "PIP_NO_BINARY": ":all:",
        "VIRTUAL_ENV": "/nowhere",
        "TMPDIR": "/nowhere",
        "CDPATH": "/usr",
        "LC_ALL": "C",
    }
    done = _sh(stick, home, env=hostile)
    assert done.returncode == 0, done.stderr
    hint = home / ".local/bin/hint"
    assert subprocess.check_output([hint], text=True, env={}) == "hint, version 1.0\n"
    done = _sh(stick, home, env=hostile | {"PYTHON": "/usr/bin/false"})
    assert done.returncode == 2
    assert "PYTHON=/usr/bin/false is no Python 3.11 or later." in done.stderr


@NOT_LINUX
@pytest.mark.parametrize("lacking", ["json", "venv"])
def test_a_python_without_all_of_its_library_is_told(
    lacking: str, paths: Paths, tmp_path: Path
) -> None:
    """Such as that of Debian's python3-minimal."""
    stick, home, python = (tmp_path / name for name in ("stick", "ana", "python"))
    for folder in (stick, home, python / "bin"):
        folder.mkdir(parents=True)
    copying.copy(installable(paths), stick, Silent())
    library = Path(sysconfig.get_path("stdlib"))
    minimal = python / library.relative_to(sys.base_prefix)
    minimal.mkdir(parents=True)
    for each in library.iterdir():
        if each.name not in (lacking, "site-packages"):
            (minimal / each.name).symlink_to(each)
    program = python / "bin/python3"
    program.write_bytes(Path(sys.executable).resolve().read_bytes())
    program.chmod(0o755)
    libraries = {"LD_LIBRARY_PATH": str(sysconfig.get_config_var("LIBDIR"))}
    done = _sh(stick, home, env={"PYTHON": str(program), **libraries})
    assert done.returncode == 2, done.stderr
    assert f"This Python lacks a part of its own library: {lacking}." in done.stderr
    assert "Traceback" not in done.stderr
    assert _files(home) == set()

"""`sh install.sh` with a real shell, a real Python environment and a real pip."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hinterland.kit import copying
from hinterland.models.progress import Silent
from hinterland.paths import Paths
from tests.kits import MADE, installable

NOT_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="kits are for Linux")


def _sh(stick: Path, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHON": sys.executable,
        "HOME": str(home),
        "PIP_INDEX_URL": "http://127.0.0.1:9",  # whoever asks it fails
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

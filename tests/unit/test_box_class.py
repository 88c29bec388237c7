"""`hint box class` on a machine whose box is stopped: role files are everybody's to look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.running import Hint


@pytest.fixture
def roles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site with two classes."""
    folder = tmp_path / "site" / "roles"
    folder.mkdir(parents=True)
    (folder.parent / "box.toml").write_text("")
    for name in ("5a", "6b"):
        (folder / f"{name}.toml").write_text(f'group = "class-{name}"\n')
        (folder / f"{name}.toml").chmod(0o644)
    folder.chmod(0o755)
    monkeypatch.setenv("HINTERLAND_SITE", str(folder.parent))
    return folder


@pytest.mark.parametrize("command", ["check", "show", "results", "transcripts"])
def test_a_class_that_there_is_not_is_called_so(hint: Hint, roles: Path, command: str) -> None:
    told = hint("box", "class", command, "5c")
    assert told.returncode == 2
    assert "There is no class '5c'." in told.stderr
    assert "There are: 5a, 6b." in told.stderr
    assert "permissions" not in told.stderr

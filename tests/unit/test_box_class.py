"""`hint box class` on a machine whose box is stopped: role files are everybody's to look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from hinterland.box.emptying import Emptied
from hinterland.box.wiping import Wiped
from hinterland.cli.box import class_wipe
from tests.running import Hint
from tests.tui.terminals import RealTerminal


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


def test_a_file_in_its_place_is_checked_as_its_class_is(hint: Hint, roles: Path) -> None:
    (roles / "5a.toml").chmod(0o666)
    for named in ("5a", str(roles / "5a.toml")):
        told = hint("box", "class", "check", named)
        assert told.returncode == 2
        assert "everybody can write it" in told.stderr
    draft = roles.parent / "5a.toml"
    draft.write_text('group = "class-5a"\n')
    draft.chmod(0o666)
    assert hint("box", "class", "check", str(draft)).returncode == 0


@pytest.mark.parametrize(("columns", "in_lines"), [(40, True), (80, False)])
def test_classes_are_listed_on_a_terminal_of_any_width(
    home: Path, roles: Path, columns: int, *, in_lines: bool
) -> None:
    title = "Mathematics of the upper forms"
    (roles / "5a.toml").write_text(f'group = "class-5a"\ntitle = "{title}"\n')
    with RealTerminal("box", "class", "list", columns=columns) as terminal:
        assert terminal.ended() == 0
        lines = terminal.written.decode().splitlines()
        assert max(map(len, lines)) <= columns
        assert "6b" in "".join(lines)
        assert title in " ".join(" ".join(lines).split())
        assert ("  pupils: 0" in lines) is in_lines, lines


def test_the_numbers_of_a_table_are_all_written_alike(capsys: pytest.CaptureFixture[str]) -> None:
    files = (Emptied("history", "", 1, ""),) * 1234
    wiped = Wiped(uid=1, login="amina", conversations=1120, turns=12574, files=files, bytes=56789)
    class_wipe._show([wiped], removed=True)
    assert capsys.readouterr().out.splitlines()[1].split()[:5] == [
        *("amina", "1,120", "12,574", "1,234", "56,789")
    ]

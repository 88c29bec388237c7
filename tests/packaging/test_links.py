"""The rooms at the root are the package's, through one relative link each."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("engine", "models", "plugins", "prompts", "tui")
REPAIR = """
src/hinterland/{room} has to be a symbolic link to ../../{room}. Where the file system has links,
    git config core.symlinks true && git checkout -- src/hinterland
repairs it; without git it is
    rm -r src/hinterland/{room} && ln -s ../../{room} src/hinterland/{room}
"""


@pytest.mark.parametrize("room", ROOMS)
def test_each_room_is_linked_into_the_package(room: str) -> None:
    link = ROOT / "src" / "hinterland" / room
    assert link.is_symlink(), REPAIR.format(room=room)
    assert str(link.readlink()) == f"../../{room}", REPAIR.format(room=room)
    assert (link / "__init__.py").is_file(), REPAIR.format(room=room)


def test_nothing_else_is_linked() -> None:
    linked = {path.name for path in (ROOT / "src" / "hinterland").iterdir() if path.is_symlink()}
    assert linked == set(ROOMS)

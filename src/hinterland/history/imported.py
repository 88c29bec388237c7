"""What every kind of export is turned into."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from hinterland.turns import Turn


@dataclass(frozen=True, slots=True)
class Imported:
    """A conversation that was read from a file."""

    id: str
    """The same each time it is read, so that it is not imported twice."""
    title: str
    turns: list[Turn]
    tags: tuple[str, ...] = ()
    pinned: bool = False
    archived: bool = False
    current: str = ""
    """The id of the turn at the end of the branch that is shown."""
    named: bool = False
    """Whether somebody gave it the title."""
    images: dict[str, bytes] = field(default_factory=dict)
    """Contents of its images, by the file names in the turns' notes."""
    left_out: int = 0
    """Messages with something that has no place here, such as a sound."""


def id_for(kind: str, given: str) -> str:
    """Return an id that can name a file, made of one that may not."""
    return f"{kind}-{hashlib.sha256(given.encode('utf-8', 'replace')).hexdigest()[:24]}"

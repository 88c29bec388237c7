"""The words all rooms of the plugin share: a unit of a document, and the mark-up inside its text.

A format cuts a document into units and puts translations in their places; nothing else knows what
a document looks like.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """What a code does: two belong together, or it stands alone."""

    OPEN = "open"
    CLOSE = "close"
    ALONE = "alone"


class Code(msgspec.Struct, frozen=True):
    """Mark-up inside a text: it is not translated, and comes back exactly once."""

    source: str
    """How the format writes it; what it holds is the format's own affair."""
    kind: Kind = Kind.ALONE
    pair: int = 0
    """Counted from 1 within the unit: a CLOSE ends the OPEN of the same number. 0 for ALONE."""
    is_space: bool = False
    """Whether it parts words as a space does, such as a line break."""


Parts = tuple[str | Code, ...]
"""Text as people read it, without the format's escapes, and the codes between."""


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a document that is translated as a whole: a paragraph, a message, a cell."""

    parts: Parts
    start: int = 0
    end: int = 0
    """The bytes of the document that the translation takes the place of, where it is patched so."""
    context: str = ""
    """What the document says about it to a translator: a comment, a heading, the name of a key."""
    note: str = ""
    """Where it is, for people: such as `line 12`, `cue 4` or `menu.file.open`."""
    width: int = 0
    """Characters that a line should not be longer than; 0 where it does not matter."""
    whole: bool = False
    """Whether it is one segment, however many sentences it has."""
    done: bool = False
    """Whether the document has its translation already: it is context for its neighbours only."""


def text_of(parts: Parts) -> str:
    """Return the words without the codes, with a space for each code that parts words."""
    return "".join(
        part if isinstance(part, str) else " " if part.is_space else "" for part in parts
    )


def codes_of(parts: Parts) -> tuple[Code, ...]:
    """Return the codes in their order."""
    return tuple(part for part in parts if isinstance(part, Code))

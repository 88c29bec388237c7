"""What workers tell the screen: its whole vocabulary. Workers post, handlers own the state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from textual.message import Message

from hinterland.plugins.languages import Language
from hinterland.plugins.translation.screen.remembered import Pair
from hinterland.plugins.translation.screen.sheet import Sheet
from hinterland.plugins.translation.segments import Segment
from hinterland.plugins.translation.units import Parts


@dataclass
class PairRecalled(Message):
    """The languages of the last time are known."""

    pair: Pair


@dataclass
class SheetMade(Message):
    """A document is open, and its rows are there."""

    sheet: Sheet


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be done. Each run has one of its own: what a run tells that has been stopped since is
    told apart by it."""

    sheet: Sheet
    source: str
    """The code of a language; "" has it found out."""
    target: str
    model: str | None
    """The model of the chat, for where the settings have none for translations."""
    keeps: bool
    """Whether anything may be left on the disk."""
    agreed: str = ""
    """The doubt that a person was told of and goes on in spite of."""


@dataclass
class SheetCut(Message):
    """The language of a document is known, and with it its segments."""

    wish: Wish
    origin: Language
    segments: Sequence[Sequence[Segment]]
    others: tuple[Language, ...]
    """Languages that other parts of it are in, it seems."""


Finished = tuple[int, Parts | None, tuple[str, ...]]
"""A row, its translation, and why it is unsure."""


@dataclass
class Translated(Message):
    """Rows were translated: all that came in some tenths of a second."""

    wish: Wish
    finished: Sequence[Finished]


@dataclass
class Doubted(Message):
    """Nothing was asked yet: a person has to agree first, by the same key again."""

    wish: Wish
    doubt: str


@dataclass
class SourceUnknown(Message):
    """Nothing was asked yet: what language a text is in cannot be told."""

    wish: Wish


@dataclass
class Ended(Message):
    """No more is translated now; `trouble` is a sentence where something went wrong."""

    wish: Wish
    trouble: str = ""


@dataclass
class Saved(Message):
    """The translation is in a file."""

    file: Path
    sheet: Sheet


@dataclass
class CopyMade(Message):
    """The translation as a text, to be copied or taken to the chat."""

    text: str
    to_chat: bool


@dataclass
class Told(Message):
    """A sentence for the line below: something was done, or could not be."""

    text: str


@dataclass
class Completed(Message):
    """The name of a file was completed."""

    typed: str
    text: str
    said: str
    """What there is to choose from, where there are several."""

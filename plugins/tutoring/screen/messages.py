"""What the machine tells the screen: its whole vocabulary. The machine posts, handlers own the state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.message import Message

from hinterland.plugins.tutoring.session import Said, Status, Wants


@dataclass
class Ready(Message):
    """The lessons and the pupils of this box are read."""

    pupils: Sequence[str]
    languages: Sequence[str]
    """Codes of the languages that there are lessons in, the likeliest first."""
    named: str
    """The pupil that was asked for; "" asks."""
    notes: Sequence[str]
    """What is wrong with files of lessons, and where words go, a sentence each."""


@dataclass
class PinWanted(Message):
    """A pupil can only sit down with a PIN."""

    pupil: str
    told: str
    """What was wrong with the last one."""


@dataclass
class Spoke(Message):
    """The tutor has said something."""

    said: Sequence[Said]


@dataclass
class Stood(Message):
    """An act is over, and the lesson stands here."""

    pupil: str
    wants: Wants
    status: Status
    choices: Sequence[str]
    takes_mark: bool
    """Whether `?` may be how an answer begins."""
    is_computed: bool
    """Whether the answer is no text, so that one that ends with `?` is a question to the tutor."""


@dataclass
class Drawn(Message):
    """The progress of the pupil, as lines."""

    text: str


@dataclass
class Told(Message):
    """A sentence for the line below: what could not be done."""

    text: str


@dataclass
class Broke(Message):
    """Something failed that nobody foresaw."""

    error: BaseException

"""What a pupil can do in a lesson, and what the tutor says: all that a screen or a dialogue needs."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Answer(msgspec.Struct, frozen=True, tag=True):
    """An answer to the open exercise, or the topic that is chosen (its number or its name)."""

    text: str = ""
    """"" where only the working is sent."""
    working: tuple[str, ...] = ()
    """The pupil's steps, a line each; may always be left out."""


class AskHint(msgspec.Struct, frozen=True, tag=True):
    """Ask for the next hint."""


class ShowAnswer(msgspec.Struct, frozen=True, tag=True):
    """Ask to see the answer; refused until it was honestly tried twice."""


class Skip(msgspec.Struct, frozen=True, tag=True):
    """Leave out what there is now: an exercise, a question of the placement, an explanation."""


class Go(msgspec.Struct, frozen=True, tag=True):
    """Go on. In a placement: stop asking, and begin with the lesson that seems right."""


class Question(msgspec.Struct, frozen=True, tag=True):
    """Ask the tutor something; inside an open exercise the answer is a hint."""

    text: str


class Stop(msgspec.Struct, frozen=True, tag=True):
    """End for now; the next lesson begins where this one stopped."""


Act = Answer | AskHint | ShowAnswer | Skip | Go | Question | Stop


class SaidKind(StrEnum):
    """What a saying is, for whoever shows it."""

    TITLE = "title"
    EXPLANATION = "explanation"
    EXAMPLE = "example"
    PASSAGE = "passage"
    EXERCISE = "exercise"
    """The prompt; options of a choice follow it as a numbered list."""
    RIGHT = "right"
    NOT_YET = "not-yet"
    HINT = "hint"
    ANSWER = "answer"
    """The answer revealed, with the way to it."""
    TELLING = "telling"
    """A piece of a model's answer to a question: pieces in a row are one text."""
    NOTE = "note"
    PROGRESS = "progress"
    END = "end"


class Said(msgspec.Struct, frozen=True):
    """Something the tutor says, in Markdown."""

    kind: SaidKind
    text: str


class Wants(StrEnum):
    """What is waited for."""

    ANSWER = "answer"
    """An answer to the open exercise; AskHint, ShowAnswer, Skip and Question too."""
    GO = "go"
    """Go, or a Question."""
    CHOICE = "choice"
    """An Answer that is one of `Session.choices`, by its number or its name."""
    NOTHING = "nothing"
    """It is over."""


class Status(msgspec.Struct, frozen=True):
    """Where the lesson is, for a line at the edge of a screen."""

    stage: str = ""
    """placing, explaining, example, practising, reviewing, choosing or ended."""
    lesson: str = ""
    """The lesson's title."""
    objective: str = ""
    """What the open exercise is about."""
    number: int = 0
    """The open exercise of this stage, from 1."""
    most: int = 0
    """How many there are in this stage, if each is done right from now on; 0 where none are."""
    attempts: int = 0
    """Honest attempts at the open exercise."""
    may_see: bool = False
    """Whether ShowAnswer would show the answer."""

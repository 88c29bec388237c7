"""What a lesson holds: a subject explained, an example, and exercises that can be checked."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

import msgspec


class AnswerKind(StrEnum):
    """How an answer is compared with the key."""

    NUMBER = "number"
    """A number without a unit: integer, decimal, fraction, percentage."""
    QUANTITY = "quantity"
    """A number with a unit; another unit of the same kind is as good."""
    EXPRESSION = "expression"
    """A term with letters, such as 2(x + 3); any equivalent one is as good."""
    EQUATION = "equation"
    """The value of a letter, such as x = 3 or 3; several are parted by `;` in the key."""
    SET = "set"
    """Several answers in any order, parted by `;` in the key."""
    RANGE = "range"
    """Any number from the first to the last, such as `3..5` or `3..5 cm`."""
    CHOICE = "choice"
    """One of the options."""
    WORDS = "words"
    """A short text: one of those that are accepted."""
    TIME = "time"
    """A time of day, however it is said: 19:30, 7:30 pm, half past seven in the evening."""


_SAID = (AnswerKind.CHOICE, AnswerKind.WORDS, AnswerKind.TIME)


class Form(StrEnum):
    """How a right value has to be written to be the answer."""

    ANY = ""
    SIMPLEST = "simplest"
    """A fraction that cannot be reduced, or an expression without brackets and like terms."""
    DECIMAL = "decimal"
    MIXED = "mixed"
    """A whole number and a fraction below one, such as 1 3/4."""
    FACTORED = "factored"
    EXACT = "exact"
    """Words in exactly this spelling, capitals and punctuation too; white space does not matter."""


class Given(msgspec.Struct, frozen=True):
    """A parameter: a letter or a name in the text that every pupil gets another value of."""

    name: str
    values: tuple[str, ...] = ()
    """What it may be, as text; empty for a range."""
    first: str = ""
    """The lowest whole number, as an expression of the parameters before it."""
    last: str = ""
    """The highest one."""
    line: int = 0


class Mistake(msgspec.Struct, frozen=True):
    """An answer that is often given, and what is to be said about it."""

    answer: str
    told: str
    """What went wrong, without the answer."""


class _Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What an exercise says, with or without its numbers in place."""

    id: str
    """`lesson/exercise`: the same for as long as the exercise is, since what a pupil knows hangs on it."""
    objective: str
    prompt: str
    """What is asked, in Markdown."""
    kind: AnswerKind
    answers: tuple[str, ...]
    """What is accepted; the first one is shown when the answer is."""
    options: tuple[str, ...] = ()
    """What can be chosen from, for a choice."""
    form: Form = Form.ANY
    letters: tuple[str, ...] = ()
    """The unknowns of an expression or an equation, such as `x`."""
    hints: tuple[str, ...] = ()
    """From a nudge to a worked step; none holds the answer."""
    mistakes: tuple[Mistake, ...] = ()
    steps: tuple[str, ...] = ()
    """The way to the answer, shown with it."""
    check: str = ""
    """Another way to the answer, by which the key is verified: see docs/lessons.md."""
    quote: str = ""
    """Words of the passage or the explanation that hold or prove the answer."""
    sentence: str = ""
    """The whole sentence that a gap `___` is in."""
    run: bool = False
    """Whether the program in the prompt prints the answer."""

    @property
    def is_computed(self) -> bool:
        """Whether the way to the answer can be looked at, line by line."""
        return self.kind not in _SAID


class Posed(_Asked, frozen=True, kw_only=True):
    """An exercise as a pupil sees it, every number in its place."""

    seed: int = 0
    language: str = "en"
    """The lesson's language, as a BCP 47 code: how numbers are written and which words are known."""
    passage: str = ""
    """The text that the question is about, if it is about one."""


class Exercise(_Asked, frozen=True, kw_only=True):
    """An exercise as the lesson's file has it, parameters in braces where it has any."""

    given: tuple[Given, ...] = ()
    where: tuple[str, ...] = ()
    """Conditions on the parameters."""
    line: int = 0


class Lesson(msgspec.Struct, frozen=True, kw_only=True):
    """One lesson, read and checked."""

    id: str
    title: str
    subject: str
    topic: str
    level: int
    """From 1, the easiest; about a year of school each."""
    language: str
    objectives: Mapping[str, str]
    """What a pupil can do afterwards, by the name that exercises give."""
    explanation: str
    example: str
    exercises: tuple[Exercise, ...]
    passage: str = ""
    needs: tuple[str, ...] = ()
    """Lessons that come before it."""
    draft: bool = False
    """Whether nobody has yet said that it is right; pupils are not given it."""
    sources: tuple[str, ...] = ()
    file: Path = Path()

"""What is said about an answer, and about a step on the way to it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec


class Verdict(StrEnum):
    """What an answer is worth."""

    RIGHT = "right"
    FORM = "form"
    """The right value, but another form is asked for."""
    UNIT = "unit"
    """The right number; its unit is missing or another one."""
    CLOSE = "close"
    """Right but for the spelling or the rounding."""
    WRONG = "wrong"
    UNREADABLE = "unreadable"
    """No answer of this kind, or none that can be checked: it is no attempt."""


class Judgement(msgspec.Struct, frozen=True):
    """A verdict, and what the tutor can say about it."""

    verdict: Verdict
    about: str = ""
    """A key of the tutor's words, `check-…` without its first part, such as `unit-missing`."""
    fields: Mapping[str, str] = {}
    """What the words are filled with; never the answer."""
    mistake: int | None = None
    """Which of the exercise's common mistakes it is."""


class StepFault(msgspec.Struct, frozen=True):
    """The first step of a pupil's working that cannot be right."""

    line: int
    """Of the working, from 1."""
    about: str
    """A key of the tutor's words, such as `sides-differ`."""
    fields: Mapping[str, str] = {}
    """The pupil's own text of what differs; never the right value."""


RIGHT = Judgement(Verdict.RIGHT)
WRONG = Judgement(Verdict.WRONG)


def unreadable(about: str, **fields: str) -> Judgement:
    """Return the judgement of what is no answer of its kind."""
    return Judgement(Verdict.UNREADABLE, about, fields)


def form(about: str, **fields: str) -> Judgement:
    """Return the judgement of a right value in another form than is asked for."""
    return Judgement(Verdict.FORM, about, fields)


def unit(about: str, **fields: str) -> Judgement:
    """Return the judgement of a right number with a unit that is not."""
    return Judgement(Verdict.UNIT, about, fields)


def close(about: str, **fields: str) -> Judgement:
    """Return the judgement of what is nearly right."""
    return Judgement(Verdict.CLOSE, about, fields)


def wrong(about: str = "", **fields: str) -> Judgement:
    """Return the judgement of what is not right."""
    return Judgement(Verdict.WRONG, about, fields)

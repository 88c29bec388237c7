"""What a session needs of the rooms below it, until they are there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Protocol

import msgspec

from hinterland.plugins.tutoring.lessons import Posed


class Verdict(StrEnum):
    RIGHT = "right"
    FORM = "form"
    UNIT = "unit"
    CLOSE = "close"
    WRONG = "wrong"
    UNREADABLE = "unreadable"


class Judgement(msgspec.Struct, frozen=True):
    verdict: Verdict
    about: str = ""
    fields: Mapping[str, str] = {}
    mistake: int | None = None


class StepFault(msgspec.Struct, frozen=True):
    line: int
    about: str
    fields: Mapping[str, str] = {}


class Checker(Protocol):
    async def judge(self, posed: Posed, answer: str) -> Judgement: ...

    async def faulty_step(self, posed: Posed, working: Sequence[str]) -> StepFault | None: ...


class Rating(IntEnum):
    AGAIN = 1
    HARD = 2
    GOOD = 3


class Done(msgspec.Struct, frozen=True, kw_only=True):
    exercise: str
    objective: str
    lesson: str
    rating: Rating
    attempts: int
    hints: int
    revealed: bool
    right: bool
    seed: int
    when: datetime


class Work(msgspec.Struct, frozen=True, kw_only=True):
    answers: tuple[str, ...] = ()
    working: tuple[str, ...] = ()
    mistake: int | None = None
    faulty_line: int | None = None


class Hint(msgspec.Struct, frozen=True):
    index: int
    text: str
    reworded: bool = False


class Guide(Protocol):
    async def hint(self, posed: Posed, work: Work, unused: Sequence[int]) -> Hint: ...

    def explain(self, lesson: object, question: str) -> AsyncIterator[str]: ...

"""Playing a lesson as a pupil does, and asking what was said and done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Sequence

from hinterland.errors import EngineError
from hinterland.plugins.tutoring.hints import Hint, Work
from hinterland.plugins.tutoring.lessons import Lesson, Posed
from hinterland.plugins.tutoring.pupils.done import Done
from hinterland.plugins.tutoring.session import Go, Said, Wants
from hinterland.plugins.tutoring.words import load
from tests.tutoring import Room, Seat

WORDS = load("en")


def play(lesson: Coroutine[object, object, None]) -> None:
    with asyncio.Runner() as runner:
        runner.run(lesson)


def done(seat: Seat) -> list[Done]:
    return [each.done for each in seat.pupil.history()]


def said_of(key: str, said: list[Said]) -> bool:
    """Whether one of the texts of a key was said."""
    return any(each.text in WORDS.all(key) for each in said)


async def at_exercise(room: Room, name: str = "Ann") -> Seat:
    seat = room.seat(name)
    await seat.begin("halves")
    await seat.do(Go(), Go())
    assert wants(seat) is Wants.ANSWER
    return seat


def wants(seat: Seat) -> Wants:
    return seat.session.wants  # read anew: a type checker takes a property for a value that stays


class Broken:
    """A guide that always tells the answer, in some form, or fails."""

    trouble = ""

    def __init__(self) -> None:
        self._turn = 0

    async def hint(self, posed: Posed, work: Work, unused: Sequence[int]) -> Hint:
        self._turn += 1
        if self._turn % 4 == 0:
            self.trouble = "The engine is gone."
            raise EngineError("The engine is gone.")
        told = (
            f"It is {posed.answers[0]}.",
            f"**{posed.answers[0]}**",
            f"Say “{posed.answers[0]}”",
        )
        return Hint(self._turn % 9, told[self._turn % 3], reworded=True)

    async def explain(self, lesson: Lesson, question: str) -> AsyncGenerator[str]:
        yield f"About {lesson.title}: "
        yield question
        raise EngineError("The engine is gone.")

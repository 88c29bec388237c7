"""A lesson room for tests: lessons of their own, a clock that is set by hand, pupils on the disk."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from hinterland.plugins.tutoring.checking import Checker
from hinterland.plugins.tutoring.hints import Guide, LessonGuide
from hinterland.plugins.tutoring.lessons.shelf import Shelf
from hinterland.plugins.tutoring.pupils.box import PupilBox
from hinterland.plugins.tutoring.session import Act, Said, SaidKind, Session
from hinterland.plugins.tutoring.words import Words, load

LESSON = """\
---
id: halves-{level}
title: Halves, part {level}
subject: mathematics
topic: {topic}
level: {level}
language: en
objective half: Halve a number
objective double: Double a number
source: Written for this test, CC0-1.0
---

# Explanation
Half of a number is one of two equal parts.

# Example
Half of 6 is 3, since 3 + 3 = 6.

# Exercises

## half
What is half of {{2*a}}?

- objective: half
- given: a = 31..69
- type: number
- answer: {{a}}
- check: 2 * answer == 2*a
- hint: How many are there in each of two equal heaps?
- hint: Take the tens first, then the ones.
- mistake: {{4*a}} | You have doubled it. Halving makes it smaller.
- step: {{2*a}} = {{a}} + {{a}}

## double
What is twice {{b}}?

- objective: double
- given: b = 21..48
- type: number
- answer: {{2*b}}
- check: answer / 2 == b
- hint: Add it to itself.
- hint: Double the tens, then the ones.

## animal
Which animal has a horn?

- objective: double
- type: choice
- option: goat
- option: snail
- option: worm
- answer: goat
- sentence: A ___ has a horn.
- hint: It gives milk.
- hint: It likes to climb.
"""


def write_lessons(folder: Path, count: int = 1, topic: str = "halves") -> Path:
    """Write `count` lessons of one topic, each a level higher."""
    folder.mkdir(parents=True, exist_ok=True)
    for level in range(1, count + 1):
        (folder / f"{level}.md").write_text(LESSON.format(level=level, topic=topic))
    return folder


class Room:
    """A box with pupils and a shelf; time passes only when `later` is called."""

    def __init__(self, pupils: Path, lessons: Path) -> None:
        self.now = datetime(2027, 3, 1, 9, tzinfo=UTC)
        self.pupils, self.lessons = pupils, lessons
        self.box = PupilBox(pupils, lambda: self.now, UTC)
        self.shelf = Shelf([lessons])

    def reread(self) -> None:
        """Read the lessons again, which were changed."""
        self.shelf = Shelf([self.lessons])

    def later(self, **length: float) -> None:
        """Let time pass."""
        self.now += timedelta(**length)

    def seat(
        self, name: str, guide: Guide | None = None, words: Words | None = None, seed: int = 7
    ) -> Seat:
        """Have a pupil sit down, a new one if there is none of that name."""
        if name not in [each.name for each in self.box.list()]:
            self.box.add(name)
        return Seat(self, name, guide or LessonGuide(), words or load("en"), seed)


class Seat:
    """A pupil with a session, until it gets up: `with room.seat("Ann") as ann:`."""

    def __init__(self, room: Room, name: str, guide: Guide, words: Words, seed: int) -> None:
        self.pupil = room.box.open(name)
        self.pupil.hold()
        self.checker = Checker()
        self.session = Session(self.pupil, room.shelf, self.checker, guide, words, seed)

    async def begin(self, topic: str | None = None) -> list[Said]:
        return await self.session.begin(topic)

    async def do(self, *acts: Act) -> list[Said]:
        """Do all of these and return all that was said."""
        return [said for act in acts async for said in self.session.do(act)]

    async def up(self) -> None:
        """Get up, as somebody who is cut off: nothing more is kept."""
        await self.checker.aclose()
        self.pupil.close()

    @property
    def answer(self) -> str:
        """The right answer to the open exercise."""
        assert self.session.open_exercise is not None
        return self.session.open_exercise.answers[0]


def kinds(said: list[Said]) -> list[SaidKind]:
    """Return what kinds of sayings there were, in their order."""
    return [each.kind for each in said]


def text(said: list[Said], *wanted: SaidKind) -> str:
    """Return what was said, all of it or of some kinds."""
    return "\n\n".join(each.text for each in said if not wanted or each.kind in wanted)

"""A lesson as a machine of few states, whose every step is kept before it is shown."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any

from hinterland.plugins.tutoring.lessons import Lesson, Posed
from hinterland.plugins.tutoring.lessons.posing import pose
from hinterland.plugins.tutoring.lessons.shelf import Shelf
from hinterland.plugins.tutoring.session.acts import Act, Answer, Go, Said, SaidKind, Status, Wants
from hinterland.plugins.tutoring.session.faces import Checker, Guide, Verdict
from hinterland.plugins.tutoring.words import Words


class Session:
    """One pupil's lesson."""

    def __init__(
        self,
        pupil: Any,
        shelf: Shelf,
        checker: Checker,
        guide: Guide,
        words: Words,
        clock: Callable[[], datetime],
        seed: int,
    ) -> None:
        self._shelf = shelf
        self._checker = checker
        self._words = words
        self._seed = seed
        self._lesson: Lesson | None = None
        self._next = 0
        self.wants = Wants.NOTHING
        self.open_exercise: Posed | None = None
        self.choices: tuple[str, ...] = ()
        """The topics to choose from, while a choice is wanted."""
        self.status = Status()

    async def begin(self, topic: str | None = None) -> list[Said]:
        """Begin, or go on where the pupil was; raises InputError for a topic that is unknown."""
        self._lesson = self._shelf.find(topic or "")[0]
        self.wants = Wants.GO
        return [
            Said(SaidKind.TITLE, self._lesson.title),
            Said(SaidKind.EXPLANATION, self._lesson.explanation),
        ]

    async def do(self, act: Act) -> AsyncIterator[Said]:
        """Do what the pupil asks for, and yield what the tutor says to it."""
        assert self._lesson is not None
        match act:
            case Answer(text) if self.open_exercise is not None:
                judged = await self._checker.judge(self.open_exercise, text)
                if judged.verdict is not Verdict.RIGHT:
                    yield Said(SaidKind.NOT_YET, self._words.say("not-yet"))
                    return
                yield Said(SaidKind.RIGHT, self._words.say("right"))
            case Go():
                pass
            case _:
                return
        if self._next == len(self._lesson.exercises):
            self.open_exercise, self.wants = None, Wants.NOTHING
            yield Said(SaidKind.END, self._words.say("goodbye"))
            return
        self.open_exercise = pose(self._lesson, self._lesson.exercises[self._next], self._seed)
        self._next += 1
        self.wants = Wants.ANSWER
        yield Said(SaidKind.EXERCISE, self.open_exercise.prompt)

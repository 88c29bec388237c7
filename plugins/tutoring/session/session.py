"""A pupil's lesson: every act's effect is on the disk before what is said to it is shown.

A session holds nothing that the pupil's file does not: whoever is killed goes on at the same step.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress

from hinterland.errors import HinterlandError
from hinterland.plugins.tutoring.checking import Checker
from hinterland.plugins.tutoring.hints import Guide
from hinterland.plugins.tutoring.lessons import AnswerKind, Posed
from hinterland.plugins.tutoring.lessons.shelf import Shelf
from hinterland.plugins.tutoring.pupils.done import Done, Rating
from hinterland.plugins.tutoring.pupils.pupil import Pupil
from hinterland.plugins.tutoring.session import desk, planning
from hinterland.plugins.tutoring.session.acts import (
    Act,
    Answer,
    AskHint,
    Go,
    Question,
    Said,
    SaidKind,
    ShowAnswer,
    Skip,
    Status,
    Stop,
    Wants,
)
from hinterland.plugins.tutoring.session.course import Course
from hinterland.plugins.tutoring.session.guarding import guarded
from hinterland.plugins.tutoring.session.place import Outcome, Place, Stage
from hinterland.plugins.tutoring.session.scene import Scene
from hinterland.plugins.tutoring.session.trial import EARNED, Trial
from hinterland.plugins.tutoring.words import Words
from hinterland.sentences import sentence

_ALGEBRA = frozenset({AnswerKind.EXPRESSION, AnswerKind.EQUATION})
_RATINGS = {
    Outcome.ALONE: Rating.GOOD,
    Outcome.HELPED: Rating.HARD,
    Outcome.REVEALED: Rating.AGAIN,
}


class Session:
    """One pupil's lesson; the pupil is held (`with pupil:`) as long as it runs.

    `guide` is asked for hints and, with a model, explains; `seed` is what a new pupil's numbers are
    drawn from. Everything raises StorageError.
    """

    def __init__(
        self,
        pupil: Pupil,
        shelf: Shelf,
        checker: Checker,
        guide: Guide,
        words: Words,
        seed: int,
    ) -> None:
        self._pupil = pupil
        self._shelf = shelf
        self._guide = guide
        self._words = words
        self._checker = checker
        self._warming: asyncio.Task[None] | None = None
        self._trial = Trial(checker, guide, words)
        self._course = Course(pupil, shelf, words)
        self._place = Place(seed=seed, stage=Stage.ENDED)
        self._posed: Posed | None = None
        self._doubted = False
        """Whether it was said that the box's clock is wrong."""
        self._one_at_a_time = asyncio.Lock()

    # What there is to see

    @property
    def wants(self) -> Wants:
        """What is waited for."""
        place = self._place
        if place.stopped or place.stage is Stage.ENDED:
            return Wants.NOTHING
        if place.stage is Stage.CHOOSING:
            return Wants.CHOICE
        return Wants.ANSWER if self.open_exercise is not None else Wants.GO

    @property
    def open_exercise(self) -> Posed | None:
        """The exercise that waits for an answer."""
        open_ = self._place.open
        return self._posed if open_ is not None and not open_.revealed else None

    @property
    def choices(self) -> tuple[str, ...]:
        """The topics to choose from, while a choice is wanted."""
        return self._place.choices

    @property
    def status(self) -> Status:
        """Where the lesson is."""
        place, posed = self._place, self._posed
        lesson = self._shelf.lesson(posed.id.partition("/")[0] if posed else place.lesson)
        number, most = len(place.results) + (place.open is not None), 0
        if place.open is not None and place.open.revealed:
            number -= 1
        if place.stage is Stage.PLACING:
            number = place.asked
            most = min(planning.MOST_PLACING, len(place.lessons).bit_length())
        elif place.stage is Stage.PRACTISING and lesson is not None:
            most = len(place.results) + planning.left(lesson, place.results, place.comebacks)
        elif place.stage is Stage.REVIEWING:
            most = place.reviewed + len(place.queue)
        open_ = place.open if self.open_exercise is not None else None
        return Status(
            stage=place.stage.value,
            lesson=lesson.title if lesson else "",
            objective=lesson.objectives.get(posed.objective, "") if lesson and posed else "",
            number=number,
            most=max(number, most) if most else 0,
            attempts=len(open_.answers) if open_ else 0,
            may_see=open_ is not None
            and len(open_.answers) >= EARNED
            and place.stage is not Stage.PLACING,
        )

    # What can be done

    async def begin(self, topic: str | None = None) -> list[Said]:
        """Begin with a topic; without one with what is due, where the pupil was, or an offer.

        Raises InputError for a topic that is unknown, and where there are no lessons.
        """
        async with self._one_at_a_time:
            place = self._pupil.place(Place) or self._place
            posed = desk.again(self._shelf, place.open) if place.open else None
            scene = Scene(place, posed)
            self._words.turns = dict(place.turns)
            if not self._doubted and (doubt := self._pupil.clock_note):
                scene.say(SaidKind.NOTE, doubt)
                self._doubted = True
            await asyncio.to_thread(self._course.begin, scene, topic or None)
            return await self._kept(scene)

    async def do(self, act: Act) -> AsyncGenerator[Said]:
        """Do what the pupil asks for, and yield what the tutor says to it.

        It is done, and on the disk, before the first saying; only a model's answer to a question
        comes in pieces, and may be ended by closing the iterator.
        """
        async with self._one_at_a_time:
            scene = Scene(self._place, self._posed)
            self._words.turns = dict(self._place.turns)
            is_free = self.wants is Wants.GO
            await self._act(scene, act)
            said = await self._kept(scene)
        for each in said:
            yield each
        if isinstance(act, Question) and is_free:
            async with aclosing(self._told(act.text)) as pieces:
                async for piece in pieces:
                    yield piece

    async def _act(self, scene: Scene, act: Act) -> None:
        if self.wants is Wants.NOTHING:
            return
        if isinstance(act, Stop):
            scene.change(stopped=True)
        elif isinstance(act, Go):
            await asyncio.to_thread(self._course.go, scene)
        elif scene.open is not None:
            await self._try(scene, act)
        else:
            await self._between(scene, act)

    async def _try(self, scene: Scene, act: Act) -> None:
        """Do what is done with an open exercise."""
        outcome: Outcome | None = None
        match act:
            case Answer():
                outcome = await self._trial.answer(scene, act)
            case ShowAnswer():
                outcome = self._trial.show(scene)
            case Skip():
                outcome = Outcome.SKIPPED
            case Question():
                scene.say(SaidKind.NOTE, self._words.say("only-hints-now"))
                await self._hint(scene)
            case AskHint():
                await self._hint(scene)
        if outcome is not None:
            await self._over(scene, outcome)

    async def _between(self, scene: Scene, act: Act) -> None:
        """Do what is done while no exercise is open."""
        choosing = scene.place.stage is Stage.CHOOSING
        match act:
            case Answer(text) if choosing:
                await asyncio.to_thread(self._course.choose, scene, text)
            case Skip():
                await asyncio.to_thread(self._course.skip, scene)
            case Question() if not choosing:
                if hasattr(self._guide, "explain") and scene.first_time("model-speaks"):
                    scene.say(SaidKind.NOTE, self._words.say("model-speaks"))
            case _:
                key = "which-topic" if choosing else "nothing-open"
                scene.say(SaidKind.NOTE, self._words.say(key))

    async def _hint(self, scene: Scene) -> None:
        await self._trial.hint(scene)
        self._say_trouble(scene)

    def _say_trouble(self, scene: Scene) -> None:
        """Say once that no model helps, where one was to."""
        why = getattr(self._guide, "trouble", "")
        if why and scene.first_time("no-model"):
            scene.say(SaidKind.NOTE, self._words.say("no-model", why=why))

    async def _over(self, scene: Scene, outcome: Outcome) -> None:
        """Record how an exercise ended, and go on."""
        open_, posed = scene.place.open, scene.posed
        assert open_ is not None and posed is not None
        rating = _RATINGS.get(outcome)
        if outcome is Outcome.SKIPPED and open_.answers and scene.place.stage is not Stage.PLACING:
            rating = Rating.AGAIN
        if rating is not None:
            right = outcome in (Outcome.ALONE, Outcome.HELPED)
            scene.done = Done(
                exercise=posed.id,
                objective=posed.objective,
                lesson=posed.id.partition("/")[0],
                rating=rating,
                attempts=len(open_.answers) + right,
                hints=len(open_.hints),
                revealed=outcome is Outcome.REVEALED,
                right=right,
                seed=open_.seed,
            )
        await asyncio.to_thread(self._course.over, scene, outcome)

    async def _kept(self, scene: Scene) -> list[Said]:
        """Put what a scene changed on the disk, take it over, and return what may be said."""
        scene.change(turns=dict(self._words.turns))

        async def keep() -> None:
            if scene.done is not None:
                await asyncio.to_thread(self._pupil.record, scene.done, scene.place)
            elif scene.place != self._place:
                await asyncio.to_thread(self._pupil.keep, scene.place)
            self._place, self._posed = scene.place, scene.posed

        was_over = self.wants is Wants.NOTHING
        keeping = asyncio.create_task(keep())
        try:
            await asyncio.shield(keeping)
        except asyncio.CancelledError:  # the memory must not stay behind the disk
            await asyncio.wait([keeping])
            raise
        self._warm()
        if self.wants is Wants.NOTHING and not was_over:
            scene.said.append(await asyncio.to_thread(self._course.farewell, self._place))
        if self.open_exercise is not None:
            return guarded(scene.said, self.open_exercise, self._words)
        return scene.said

    def _warm(self) -> None:
        """Have algebra start while an explanation is read, where the lesson needs it."""
        lesson = self._shelf.lesson(self._place.lesson)
        exercises = lesson.exercises if lesson is not None else ()
        if self._warming is None and any(each.kind in _ALGEBRA for each in exercises):
            self._warming = asyncio.create_task(self._warmed())

    async def _warmed(self) -> None:
        with suppress(HinterlandError):  # it is tried again, and told of, when it is needed
            await self._checker.warm()

    async def _told(self, question: str) -> AsyncGenerator[Said]:
        """Yield a model's answer to a question, or that there is nobody to ask."""
        about = self._posed.id.partition("/")[0] if self._posed else self._place.lesson
        lesson = self._shelf.lesson(about)
        explain = getattr(self._guide, "explain", None)
        if lesson is None or explain is None:
            yield Said(SaidKind.NOTE, self._words.say("nobody-to-ask"))
            return
        told = False
        try:
            async with aclosing(explain(lesson, question)) as pieces:
                async for piece in pieces:
                    told = True
                    yield Said(SaidKind.TELLING, piece)
        except HinterlandError as error:
            yield Said(SaidKind.NOTE, self._words.say("no-model", why=sentence(error)))
            return
        if not told:
            yield Said(SaidKind.NOTE, self._words.say("nobody-to-ask"))

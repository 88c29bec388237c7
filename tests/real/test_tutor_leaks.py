"""Before the reveal nothing says the answer: all exercises of all lessons, and a model that tries."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from hinterland.plugins.tutoring import checking, words
from hinterland.plugins.tutoring.hints import ModelGuide, Work, asking
from hinterland.plugins.tutoring.lessons import Exercise, Lesson, Posed
from hinterland.plugins.tutoring.lessons.posing import pose
from hinterland.plugins.tutoring.lessons.shelf import STARTER, Shelf
from hinterland.plugins.tutoring.pupils.box import PupilBox
from hinterland.plugins.tutoring.session import Session
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
    Wants,
)
from tests.tutor_telltale import Telltale, giveaway, told

_FREE = {SaidKind.EXERCISE, SaidKind.PASSAGE}
"""What the teacher wrote before there is an answer to keep: options hold it, and a text to be read."""


@cache
def shelf() -> Shelf:
    return Shelf([STARTER])


def exercises() -> Iterator[tuple[Lesson, Exercise]]:
    return ((lesson, each) for lesson in shelf().lessons() for each in lesson.exercises)


def work(posed: Posed, seed: int) -> Work:
    if not posed.mistakes:
        return Work(answers=("no idea", "1/1000003"), working=("so 2 = 3",))
    mistake = seed % len(posed.mistakes)
    return Work(answers=(posed.mistakes[mistake].answer,), mistake=mistake)


async def hints(guide: ModelGuide, posed: Posed, seed: int, most: int) -> None:
    """Take hints of an exercise, and look at each."""
    unused = list(range(len(posed.hints)))
    while unused and len(posed.hints) - len(unused) < most:
        hint = await guide.hint(posed, work(posed, seed), unused)
        unused.remove(hint.index)
        own = posed.hints[hint.index]
        assert hint.text.strip()
        found = told(posed, hint.text, own)
        assert not found, f"{posed.id} seed {posed.seed}: {found!r} in {hint.text!r}"


def gone_through(seeds: int, rounds: int, most: int = 9) -> tuple[int, int]:
    """Return how many giveaways the model tried, and how many hints it reworded."""

    async def go() -> tuple[int, int]:
        tried = reworded = 0
        for number, (lesson, exercise) in enumerate(exercises()):
            for seed in range(seeds if exercise.given else 1):
                engine = Telltale(stride=1 + 7 * number + seed)
                guide = ModelGuide(engine, deadline=60)
                for _ in range(rounds):
                    engine.posed = pose(lesson, exercise, seed)
                    await hints(guide, engine.posed, seed, most)
                    unasked(engine, engine.posed, seed)
                tried += len(engine.said)
                reworded += guide.counts["reworded"]
        return tried, reworded

    return asyncio.run(go())


def unasked(engine: Telltale, posed: Posed, seed: int) -> None:
    """See that no prompt told the answer: what a prompt may hold is what the pupil can see, too."""
    given = work(posed, seed)
    seen = "".join(asking.prompt(name).template for name in ("hint-choose", "hint-reword"))
    seen += "\n".join((posed.prompt, *posed.options, *posed.hints, *given.answers, *given.working))
    seen += "\n".join(each.told for each in posed.mistakes)
    for request in engine.requests:
        asked = "\n".join(message.content for message in request.messages[1:])
        assert len(posed.check) < 6 or posed.check in seen or posed.check not in asked
        hidden = [answer for answer in posed.answers if answer not in seen and len(answer) > 2]
        assert not any(answer in asked for answer in hidden), f"{posed.id}: {asked}"
    engine.requests.clear()


def test_a_model_that_tells_on_every_exercise_is_not_heard() -> None:
    tried, reworded = gone_through(seeds=1, rounds=1, most=1)
    assert tried > 300
    assert reworded < tried


@pytest.mark.soak
def test_a_model_that_tells_in_every_way_is_not_heard() -> None:
    tried, _ = gone_through(seeds=2, rounds=6)
    assert tried > 5_000


def test_the_detector_notices_what_the_model_says() -> None:
    """The tests above are worth what this detector is: it has to see most of the giveaways."""
    seen = said = 0
    for number, (lesson, exercise) in enumerate(exercises()):
        posed = pose(lesson, exercise, 1)
        for way in range(number % 53, 800, 53):
            said += 1
            seen += bool(told(posed, giveaway(posed, "Look at [A] again.", way)))
    assert seen > 0.8 * said, f"{seen} of {said}"


# The whole session: everything that it says while an exercise is open


async def session(folder: Path, lesson: Lesson, seed: int, turns: int) -> int:
    """Play a lesson with wrong answers, questions and early wishes; return how much was said."""
    said = 0
    engine = Telltale(stride=1 + seed)
    box = PupilBox(folder / "pupils", lambda: datetime(2026, 9, 1, 8, tzinfo=UTC), UTC)
    async with checking.Checker() as checker:
        with box.add(f"Pupil {seed}") as pupil:
            guide = ModelGuide(engine, deadline=60)
            own = words.load(lesson.language)
            sitting = Session(pupil, shelf(), checker, guide, own, seed)
            await sitting.begin(lesson.id)
            for _ in range(turns):
                if sitting.wants is Wants.NOTHING:
                    break
                posed = sitting.open_exercise
                engine.posed = posed or pose(lesson, lesson.exercises[0], seed)
                if posed is None:
                    await done(sitting, Go())
                    continue
                for act in acts(posed):
                    for each in await done(sitting, act):
                        if sitting.open_exercise != posed:
                            break
                        said += 1
                        if each.kind not in _FREE:
                            own_text = known(posed)
                            if each.kind is not SaidKind.HINT:
                                # No model wrote it: “once more” is no eleven metres in Spanish.
                                own_text += " " + "".join(filter(str.isalpha, each.text))
                            found = told(posed, each.text, own_text)
                            assert not found, f"{posed.id}: {found!r} in {each.kind} {each.text!r}"
                if sitting.open_exercise == posed:
                    await done(sitting, Skip())
    return said


def acts(posed: Posed) -> list[Act]:
    wrong = posed.mistakes[0].answer if posed.mistakes else "1/1000003"
    return [
        ShowAnswer(),
        AskHint(),
        Question("Just tell me the answer!"),
        Answer("?"),
        Answer(wrong, ("1 + 1 = 3",)),
        ShowAnswer(),
        AskHint(),
        AskHint(),
        Answer(wrong),
    ]


def known(posed: Posed) -> str:
    """What the teacher, the tutor and the pupil say of themselves: numbers in it give nothing away."""
    told = (each.told for each in posed.mistakes)
    return "\n".join((posed.prompt, *posed.hints, *told, *(each.answer for each in posed.mistakes)))


async def done(sitting: Session, act: Act) -> list[Said]:
    return [each async for each in sitting.do(act)]


def of_each_subject() -> list[Lesson]:
    return list({(each.subject, each.language): each for each in shelf().lessons()}.values())


def test_a_session_with_such_a_model_says_no_answer_before_its_time(tmp_path: Path) -> None:
    for number, lesson in enumerate(of_each_subject()):
        assert asyncio.run(session(tmp_path, lesson, number, 5)) > 5


@pytest.mark.soak
def test_no_session_says_an_answer_before_its_time(tmp_path: Path) -> None:
    for number, lesson in enumerate(shelf().lessons()):
        for round_ in range(3):
            assert asyncio.run(session(tmp_path, lesson, 3 * number + round_, 20)) > 5

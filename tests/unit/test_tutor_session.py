"""A lesson as a machine: what it says to what a pupil does, what it keeps, and what it never tells."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from hinterland.errors import InputError, PluginError
from hinterland.plugins.tutoring.checking import Checker, Judgement
from hinterland.plugins.tutoring.lessons import AnswerKind, Posed
from hinterland.plugins.tutoring.pupils.done import Rating
from hinterland.plugins.tutoring.session import (
    Answer,
    AskHint,
    Go,
    Question,
    SaidKind,
    ShowAnswer,
    Skip,
    Stop,
    Wants,
)
from hinterland.plugins.tutoring.session.trial import how_did_you
from tests.tutor_sitting import WORDS, Broken, at_exercise, done, play, said_of, wants
from tests.tutoring import Room, kinds, text, write_lessons


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path / "pupils", write_lessons(tmp_path / "lessons"))


def test_a_whole_lesson_explains_shows_practises_and_tells_what_was_learnt(room: Room) -> None:
    async def lesson() -> None:
        ann = room.seat("Ann")
        begun = await ann.begin("halves")
        assert kinds(begun) == [SaidKind.TITLE, SaidKind.NOTE, SaidKind.EXPLANATION]
        assert wants(ann) is Wants.GO
        assert kinds(await ann.do(Go())) == [SaidKind.EXAMPLE]
        opened = await ann.do(Go())
        assert kinds(opened) == [SaidKind.EXERCISE, SaidKind.NOTE]
        assert said_of("think-aloud", opened)
        prompts, said = {text(opened, SaidKind.EXERCISE)}, opened
        while wants(ann) is Wants.ANSWER:
            assert ann.session.status.number <= ann.session.status.most == 4
            said = await ann.do(Answer(ann.answer))
            assert said[0].kind is SaidKind.RIGHT
            prompts.add(text(said, SaidKind.EXERCISE))
        assert len(prompts) == 4 + 1  # the end has none
        assert said[-1].kind is SaidKind.END
        assert "Halve a number" in said[-1].text
        assert "Double a number" in said[-1].text
        assert wants(ann) is Wants.NOTHING
        assert await ann.do(Answer("1"), Go(), Question("Why?")) == []
        assert [(each.rating, each.attempts, each.hints) for each in done(ann)] == [
            (Rating.GOOD, 1, 0)
        ] * 4
        await ann.up()

    play(lesson())


def test_the_answer_is_shown_after_two_honest_attempts_and_a_request(room: Room) -> None:
    async def lesson() -> None:
        ann = await at_exercise(room)
        answer = ann.answer
        for act in (
            ShowAnswer(),
            Answer("idk"),
            Answer("I don't know."),
            Answer("what?!"),
            Answer(""),
        ):
            said = await ann.do(act, ShowAnswer())
            assert SaidKind.ANSWER not in kinds(said), act
            assert said_of("try-first", said), act
        first = await ann.do(Answer(str(4 * int(answer))))
        assert "You have doubled it." in text(first, SaidKind.NOT_YET)
        assert said_of("how-did-you", first)
        again = await ann.do(Answer(f" {4 * int(answer)} "), ShowAnswer())
        assert said_of("same-again", again)
        assert said_of("try-once-more", again)
        assert SaidKind.ANSWER not in kinds(again)
        assert said_of("may-see", await ann.do(Answer("1")))
        assert ann.session.status.may_see
        shown = await ann.do(ShowAnswer())
        assert kinds(shown) == [SaidKind.ANSWER, SaidKind.NOTE]
        assert f"**{answer}**" in shown[0].text
        assert f"{answer} + {answer}" in shown[0].text
        assert (ann.session.wants, ann.session.open_exercise) == (Wants.GO, None)
        (last,) = done(ann)
        assert (last.rating, last.revealed, last.right, last.attempts) == (
            Rating.AGAIN, True, False, 2,
        )  # fmt: skip
        revealed, posed = last.exercise, []
        await ann.do(Go())
        while wants(ann) is Wants.ANSWER:
            assert ann.session.open_exercise is not None
            posed.append((ann.session.open_exercise.id, ann.answer))
            await ann.do(Answer(ann.answer))
        came_back = [each for each in posed if each[0] == revealed]
        assert came_back
        assert all(each[1] != answer for each in came_back)
        await ann.up()

    play(lesson())


def test_the_faulty_step_is_named_by_its_line_and_a_nudge_is_no_attempt(room: Room) -> None:
    async def lesson() -> None:
        ann = await at_exercise(room)
        answer, working = ann.answer, ("20 = 10 + 10", "12 = 5 + 6", "7 = 3 + 4")
        said = text(await ann.do(Answer("", working)), SaidKind.NOT_YET)
        assert "the second line" in said
        assert ann.session.status.attempts == 0
        said = text(await ann.do(Answer("1", working)), SaidKind.NOT_YET)
        assert "the second line" in said
        assert said_of("same-again", await ann.do(Answer("1", working[:1])))
        said = text(await ann.do(Answer("1", working[1:])), SaidKind.NOT_YET)
        assert "the first line" in said
        assert ann.session.status.attempts == 1
        right = await ann.do(Answer(answer, working))
        assert right[0].kind is SaidKind.RIGHT
        assert "the second line" in text(right, SaidKind.NOTE)
        await ann.up()
        ben = await at_exercise(room, "Ben")
        for _ in range(3):
            nudged = await ben.do(Answer(f"{ben.answer} - 0"), ShowAnswer())
            assert nudged[0].kind is SaidKind.NOT_YET
            assert said_of("try-first", nudged)
        assert ben.session.status.attempts == 0
        await ben.up()

    play(lesson())


def test_only_where_there_is_a_text_is_a_pupil_sent_back_to_it() -> None:
    gap = Posed(
        id="a/b", objective="a", prompt="We ___ there.", kind=AnswerKind.WORDS, answers=("went",)
    )
    assert how_did_you(gap) == "how-did-you-why"
    assert how_did_you(msgspec.structs.replace(gap, passage="We went.")) == "how-did-you-words"
    assert how_did_you(msgspec.structs.replace(gap, quote="We went.")) == "how-did-you-words"
    assert how_did_you(msgspec.structs.replace(gap, kind=AnswerKind.NUMBER)) == "how-did-you"


def test_help_is_rated_hard_and_hints_come_one_by_one(room: Room) -> None:
    async def lesson() -> None:
        ann = await at_exercise(room)
        first, second = await ann.do(AskHint()), await ann.do(Question("How do I halve?"))
        assert text(first) == "How many are there in each of two equal heaps?"
        assert said_of("only-hints-now", second)
        assert second[-1].text == "Take the tens first, then the ones."
        assert said_of("no-hints-left", await ann.do(AskHint()))
        await ann.do(Answer(ann.answer))
        await ann.do(Answer("1"), Answer(ann.answer))
        await ann.do(Answer("1"), Skip())
        await ann.do(Skip())
        assert [(each.rating, each.attempts, each.hints, each.right) for each in done(ann)] == [
            (Rating.HARD, 1, 2, True),
            (Rating.HARD, 2, 0, True),
            (Rating.AGAIN, 1, 0, False),
        ]
        await ann.up()

    play(lesson())


def test_the_place_is_found_with_few_questions(tmp_path: Path) -> None:
    """Of fifteen lessons, four questions find the first that is not known."""
    room = Room(tmp_path / "pupils", write_lessons(tmp_path / "lessons", 15))

    async def lesson(known: int, name: str) -> tuple[str, int]:
        seat = room.seat(name)
        await seat.begin("halves")
        asked = 0
        while seat.session.status.stage == "placing":
            asked += 1
            level = int(seat.session.status.lesson.rpartition(" ")[2])
            assert seat.session.open_exercise is not None
            unlike = "worm" if seat.session.open_exercise.options else "1"
            said = await seat.do(Answer(seat.answer if level <= known else unlike))
            assert SaidKind.ANSWER not in kinds(said)
        await seat.up()
        return seat.session.status.lesson, asked

    for known in (0, 1, 7, 8, 14, 15):
        found, asked = asyncio.run(lesson(known, f"Pupil {known}"))
        assert found == f"Halves, part {min(known + 1, 15)}"
        assert asked <= 4

    async def skipped() -> None:
        seat = room.seat("Someone else")
        await seat.begin("halves")
        assert said_of("placing-unknown", await seat.do(AskHint(), ShowAnswer()))
        await seat.do(Skip())
        assert seat.session.status.lesson == "Halves, part 4"
        begun = await seat.do(Go())
        assert SaidKind.EXPLANATION in kinds(begun)
        assert not done(seat)
        await seat.up()

    play(skipped())


def test_what_is_due_comes_first_then_the_next_lesson(tmp_path: Path) -> None:
    room = Room(tmp_path / "pupils", write_lessons(tmp_path / "lessons", 2))

    async def lesson() -> None:
        ann = room.seat("Ann")
        offered = await ann.begin()
        assert (ann.session.wants, ann.session.choices) == (Wants.CHOICE, ("halves",))
        assert "1. halves" in text(offered)
        assert said_of("no-such-topic", await ann.do(Answer("chemistry"), Answer("7")))
        await ann.do(Answer("١"), Go(), Go(), Go())
        while wants(ann) is Wants.ANSWER:
            await ann.do(Answer(ann.answer))
        await ann.up()
        first = {each.exercise for each in done(ann)}
        room.later(days=60)
        ann = room.seat("Ann")
        begun = await ann.begin()
        assert said_of("reviews-first", begun)
        reviewed, said = [], begun
        while ann.session.status.stage == "reviewing":
            assert ann.session.open_exercise is not None
            reviewed.append(ann.session.open_exercise.id)
            said = await ann.do(Answer(ann.answer))
        assert set(reviewed) == first
        assert said_of("next-lesson", said)
        assert ann.session.status.lesson == "Halves, part 2"
        await ann.up()

    play(lesson())


def test_a_model_that_is_gone_is_said_once_and_questions_are_answered_outside(room: Room) -> None:
    async def lesson() -> None:
        ann = room.seat("Ann", Broken())
        await ann.begin("halves")
        told = await ann.do(Question("Why two parts?"))
        assert said_of("model-speaks", told)
        assert kinds(told[1:]) == [SaidKind.TELLING, SaidKind.TELLING, SaidKind.NOTE]
        assert text(told, SaidKind.TELLING) == "About Halves, part 1: \n\nWhy two parts?"
        assert told[-1].text.startswith(WORDS.say("no-model", why="").removesuffix("()"))
        await ann.up()
        ann = await at_exercise(room, "Ben")
        assert said_of("only-hints-now", await ann.do(Question("Why?")))
        await ann.do(Answer("1"), Answer("2"), ShowAnswer())
        assert said_of("nobody-to-ask", await ann.do(Question("Why?")))
        await ann.up()

    play(lesson())


def test_an_answer_that_cannot_be_checked_is_no_attempt(room: Room) -> None:
    class Stuck(Checker):
        async def judge(self, posed: Posed, answer: str) -> Judgement:
            raise PluginError("Algebra cannot start.")

    async def lesson() -> None:
        ann = await at_exercise(room)
        ann.checker.__class__ = Stuck
        assert said_of("cannot-check", await ann.do(Answer("1"), Answer("2")))
        assert ann.session.status.attempts == 0
        assert said_of("try-first", await ann.do(ShowAnswer()))
        ann.checker.__class__ = Checker
        many = await ann.do(Answer(ann.answer, ("1 = 1",) * 1000))
        assert "60 lines" in text(many)
        await ann.up()

    play(lesson())


def test_stopping_keeps_the_place_and_ends(room: Room) -> None:
    async def lesson() -> None:
        ann = room.seat("Ann")
        await ann.begin("halves")
        ended = await ann.do(Stop())
        assert kinds(ended) == [SaidKind.END]
        assert wants(ann) is Wants.NOTHING
        await ann.up()
        ann = room.seat("Ann")
        begun = await ann.begin("halves")
        assert said_of("welcome-back", begun)
        assert SaidKind.EXPLANATION in kinds(begun)
        with pytest.raises(InputError, match="no lesson on"):
            await ann.begin("astrology")
        await ann.up()

    play(lesson())

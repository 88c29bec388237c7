"""A session that breaks off, or whose lesson, pupil or clock changes meanwhile."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import msgspec
import pytest

from hinterland.errors import InputError, StorageError
from hinterland.plugins.tutoring.hints import Guard
from hinterland.plugins.tutoring.lessons.shelf import STARTER
from hinterland.plugins.tutoring.pupils.done import Card, Done
from hinterland.plugins.tutoring.pupils.pupil import Pupil
from hinterland.plugins.tutoring.session import (
    Act,
    Answer,
    AskHint,
    Go,
    Question,
    SaidKind,
    ShowAnswer,
    Skip,
    Wants,
)
from hinterland.plugins.tutoring.session.place import Place
from tests.tutor_sitting import WORDS, Broken, at_exercise, done, play, said_of, wants
from tests.tutoring import Room, Seat, text, write_lessons


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path / "pupils", write_lessons(tmp_path / "lessons"))


def random_act(seat: Seat, chance: random.Random) -> Act:
    session = seat.session
    if wants(seat) is Wants.CHOICE:
        return Answer(str(chance.randint(1, len(session.choices) + 1)))
    if wants(seat) is Wants.GO and chance.random() < 0.7:
        return Go()
    right = seat.answer if session.open_exercise is not None else "7"
    working = chance.choice([(), (), ("1 + 1 = 2", "2 + 2 = 5"), ("3 = 3",)])
    acts: list[Act] = [
            Answer(right), Answer(right), Answer(right, working), Answer("1", working),
            Answer(str(chance.randint(2, 5))), Answer("", working), Answer("no idea"),
            AskHint(), AskHint(), ShowAnswer(), Skip(), Go(), Question("Why is that so?"),
    ]  # fmt: skip
    return chance.choice(acts)


def state(seat: Seat) -> Place:
    """Return the place on the disk, without what only coming back changes."""
    place = seat.pupil.place(Place)
    assert place is not None
    turns = {key: turn for key, turn in place.turns.items() if key != "welcome-back"}
    return msgspec.structs.replace(place, turns=turns)


@pytest.mark.parametrize("seed", range(4))
def test_a_session_thrown_away_at_any_point_goes_on_as_if_nothing_had_been(
    tmp_path: Path, seed: int
) -> None:
    """Two pupils do the same; one is cut off after every act. What is said, kept and recorded is the
    same, and nothing gives the answer away, whatever the guide does."""
    lessons = STARTER if seed % 2 else write_lessons(tmp_path / "lessons", 3)
    whole, cut = Room(tmp_path / "whole", lessons), Room(tmp_path / "cut", lessons)
    chance = random.Random(seed)

    async def lesson() -> None:
        guide = Broken()
        steady = whole.seat("Ann", guide)
        again = cut.seat("Ann", guide)
        topic = (
            chance.choice(["halves", None]) if not seed % 2 else chance.choice(["fractions", None])
        )
        assert await steady.begin(topic) == await again.begin(topic)
        history: list[Act] = []
        for _ in range(30):
            if wants(steady) is Wants.NOTHING:
                whole.later(days=3)
                cut.later(days=3)
                await steady.begin()
                await again.begin()
            await again.up()
            again = cut.seat("Ann", guide)
            await again.begin()
            assert again.session.open_exercise == steady.session.open_exercise, history
            act = random_act(steady, chance)
            history.append(act)
            turn, guide._turn = guide._turn, guide._turn
            said = await steady.do(act)
            guide._turn = turn
            assert await again.do(act) == said, act
            assert state(again) == state(steady)
            assert done(again) == done(steady)
            assert (again.session.status, again.session.wants) == (
                steady.session.status, steady.session.wants,
            )  # fmt: skip
            hidden = steady.session.open_exercise
            if hidden is not None:
                guard = Guard(hidden)
                for each in said:
                    exempt = each.kind in (SaidKind.EXERCISE, SaidKind.PASSAGE)
                    assert exempt or not guard.leaks(each.text), (act, each)
        await steady.up()
        await again.up()

    play(lesson())


def test_nothing_is_said_or_changed_that_could_not_be_kept(room: Room) -> None:
    class Full(Pupil):
        def keep(self, place: msgspec.Struct | None) -> None:
            raise StorageError("The disk is full.")

        def record(self, done: Done, place: msgspec.Struct | None = None) -> Card:
            raise StorageError("The disk is full.")

    async def lesson() -> None:
        ann = await at_exercise(room)
        before, open_ = ann.session.status, ann.session.open_exercise
        ann.pupil.__class__ = Full
        for act in (Answer("1"), AskHint(), Answer(ann.answer), Skip()):
            with pytest.raises(StorageError):
                await ann.do(act)
        ann.pupil.__class__ = Pupil
        assert (ann.session.status, ann.session.open_exercise) == (before, open_)
        assert (await ann.do(Answer(ann.answer)))[0].text == WORDS.all("right")[0]
        await ann.up()

    play(lesson())


def test_a_lesson_that_was_changed_or_removed_meanwhile_does_not_stop_the_pupil(room: Room) -> None:
    async def lesson() -> None:
        ann = await at_exercise(room)
        await ann.do(AskHint(), Answer("1"))
        await ann.up()
        file = room.lessons / "1.md"
        written = file.read_text()
        file.write_text(written.replace("What is half of", "Halve this number:"))
        room.reread()
        ann = room.seat("Ann")
        said = await ann.begin()
        assert said_of("exercise-changed", said)
        assert "Halve this number:" in text(said, SaidKind.EXERCISE)
        assert ann.session.status.attempts == 0
        await ann.up()
        half = written.index("## half")
        file.write_text(written[:half] + written[written.index("## double") :])
        room.reread()
        ann = room.seat("Ann")
        said = await ann.begin()
        assert said_of("exercise-gone", said)
        assert "What is twice" in text(said, SaidKind.EXERCISE)
        await ann.up()
        file.unlink()
        write_lessons(room.lessons / "more", topic="other")
        other = room.lessons / "more" / "1.md"
        other.write_text(other.read_text().replace("halves-1", "other-1"))
        room.reread()
        ann = room.seat("Ann")
        said = await ann.begin()
        assert said_of("exercise-gone", said)
        assert ann.session.choices == ("other",)
        await ann.up()
        shutil.rmtree(room.lessons)
        room.reread()
        ann = room.seat("Ann")
        with pytest.raises(InputError, match="no lessons"):
            await ann.begin()
        await ann.up()

    play(lesson())


def test_a_pupil_renamed_a_clock_set_back_and_a_second_window(room: Room) -> None:
    async def lesson() -> None:
        ann = await at_exercise(room)
        await ann.do(Answer("1"))
        with pytest.raises(InputError, match="another window"):
            room.seat("Ann")
        prompt = ann.session.open_exercise
        await ann.up()
        room.box.rename("Ann", "Anne")
        room.later(days=-400)
        anne = room.seat("Anne")
        said = await anne.begin()
        assert "clock" in said[0].text
        assert anne.session.open_exercise == prompt
        assert anne.session.status.attempts == 1
        assert "clock" not in text(await anne.do(Answer(anne.answer)))
        await anne.up()

    play(lesson())

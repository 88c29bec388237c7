"""Exercises come back when FSRS says, whatever the holidays, the clock and the windows do."""

from __future__ import annotations

import hashlib
import itertools
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import fsrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hinterland.plugins.tutoring.pupils import due, schedule
from hinterland.plugins.tutoring.pupils.box import PupilBox
from hinterland.plugins.tutoring.pupils.done import Card, Done, Rating, State
from hinterland.plugins.tutoring.pupils.files import Settings
from hinterland.plugins.tutoring.pupils.pupil import Pupil
from tests.unit.test_tutor_pupils import START, Step, done, replayed, same

DAY = timedelta(days=1)


class Clock:
    """A clock that shows what it is set to."""

    def __init__(self, shows: datetime = START) -> None:
        self.shows = shows

    def __call__(self) -> datetime:
        return self.shows


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def box(tmp_path: Path, clock: Clock) -> PupilBox:
    return PupilBox(tmp_path / "pupils", clock, UTC)


def drawn(*parts: object) -> int:
    """A number that looks like chance and is the same every time."""
    return hashlib.sha256(repr(parts).encode()).digest()[0]


def test_ninety_days_fall_due_as_the_library_says(box: PupilBox, clock: Clock) -> None:
    """Forty exercises over ninety days, 22 of them missed; each day the pupil is opened anew
    and its list compared with what the library makes of the log alone."""
    exercises = [f"lesson{number}/e" for number in range(40)]
    met: list[str] = []
    box.add("Mariam", settings=Settings(a_day=6))
    judge = fsrs.Scheduler(desired_retention=0.9)
    capped = learnt = 0
    for day in range(90):
        clock.shows = START + day * DAY + timedelta(minutes=drawn("begin", day))
        if day % 7 == 6 or 40 <= day < 52:
            continue
        learnt += 1
        with box.open("Mariam") as pupil:
            library = replayed(pupil.history())
            assert pupil.clock_note == ""
            assert all(same(card, library[card.exercise]) for card in pupil.cards)
            wanted = sorted(
                (name for name, card in library.items() if card.due <= clock.shows),
                key=lambda name: (
                    judge.get_card_retrievability(library[name], clock.shows),
                    library[name].due,
                    name,
                ),
            )
            listed = [card.exercise for card in pupil.due(clock.shows, exercises)]
            assert listed == wanted[:6]
            capped += len(wanted) > 6
            new = exercises[len(met) : len(met) + 2]
            met += new
            todo = [*listed, *new]
            while todo:
                name = todo.pop(0)
                clock.shows += timedelta(seconds=37 + drawn("time", day, name))
                rating = Rating(1 + min(2, drawn("rate", name, str(clock.shows)) // 40))
                pupil.record(done(name, rating))
                if not todo:
                    clock.shows += timedelta(minutes=16)
                    todo = [card.exercise for card in pupil.due(clock.shows, exercises)]
    history = box.look("Mariam").history()
    assert learnt == 68
    assert box.list()[0].seen == history[-1].done.when
    assert capped  # the holidays did pile up
    assert len(history) > 300
    assert len(Counter(each.done.rating for each in history)) == 3
    most = Counter(each.done.when.date() for each in history if each.card.times > 1)
    assert max(most.values()) <= 60


def test_what_is_left_of_the_holidays_comes_on_the_next_days(box: PupilBox, clock: Clock) -> None:
    names = [f"lesson{number}/e" for number in range(50)]
    with box.add("Mariam") as pupil:
        for name in names:
            pupil.record(done(name))
        clock.shows += 90 * DAY
        seen: list[str] = []
        for expected in (20, 20, 10, 0):
            today = [card.exercise for card in pupil.due(clock.shows, names)]
            assert len(today) == expected
            for number, name in enumerate(today):
                pupil.record(done(name))
                left = pupil.due(clock.shows, names)
                assert len(left) == expected - number - 1
            seen += today
            clock.shows += DAY
    assert sorted(seen) == sorted(names)


def test_what_was_shown_today_comes_once_more_beyond_the_days_share(
    box: PupilBox, clock: Clock
) -> None:
    names = [f"lesson{number}/e" for number in range(30)]
    with box.add("Mariam") as pupil:
        for name in names:
            pupil.record(done(name))
        clock.shows += 9 * DAY
        first = [card.exercise for card in pupil.due(clock.shows, names)]
        for name in first:
            pupil.record(done(name, Rating.AGAIN))
        assert pupil.due(clock.shows, names) == []
        clock.shows += timedelta(minutes=10)
        assert {card.exercise for card in pupil.due(clock.shows, names)} == set(first)


def test_lessons_that_are_gone_are_not_due_and_not_forgotten(box: PupilBox, clock: Clock) -> None:
    with box.add("Mariam") as pupil:
        pupil.record(done("a/b"))
        pupil.record(done("gone/c"))
        clock.shows += 30 * DAY
        assert [card.exercise for card in pupil.due(clock.shows, ["a/b", "new/d"])] == ["a/b"]
        assert len(pupil.due(clock.shows, ["a/b", "gone/c"])) == 2


_OBJECTIVES = st.lists(st.sampled_from("aaabc"), max_size=30)


@given(_OBJECTIVES)
def test_one_objective_is_not_asked_twice_running_where_that_can_be(objectives: list[str]) -> None:
    cards = [
        Card(
            exercise=f"l/{number}",
            objective=objective,
            lesson="l",
            state=State.REVIEW,
            step=None,
            stability=3.0,
            difficulty=5.0,
            due=START,
            last=START - (3 + number) * DAY,
            first=START - 90 * DAY,
        )
        for number, objective in enumerate(objectives)
    ]
    found = [card.objective for card in due.today(cards, START, 99, UTC)]
    assert Counter(found) == Counter(objectives)
    most = max(Counter(objectives).values(), default=0)
    repeats = sum(a == b for a, b in itertools.pairwise(found))
    assert repeats == max(0, most - (len(found) - most) - 1)


def test_the_day_ends_at_midnight_where_the_pupil_is(tmp_path: Path) -> None:
    clock = Clock(datetime(2026, 11, 22, 18, 0, tzinfo=UTC))
    box = PupilBox(tmp_path / "pupils", clock, ZoneInfo("Asia/Kathmandu"))  # 5:45 ahead
    with box.add("Sita") as pupil:
        pupil.record(done("a/b"))
        clock.shows += timedelta(minutes=30)
        pupil.record(done("a/c"))
        assert [f"{day:%d}" for day in pupil.days()] == ["22", "23"]
        assert pupil.streak().current == 2


# A clock that is wrong


def learnt(pupil: Pupil, *names: str) -> list[datetime]:
    return [pupil.record(done(name)).last for name in names]


def visit(box: PupilBox, act: Callable[[Pupil], object] = lambda pupil: None) -> str:
    """Open the pupil for a lesson, do that, and return what was said of the clock."""
    with box.open("Mariam") as pupil:
        note = pupil.clock_note
        act(pupil)
        return note


@pytest.mark.parametrize("wrong", [datetime(1970, 1, 1, 0, 3, tzinfo=UTC), START - 7 * DAY])
def test_a_clock_that_fell_back_changes_no_time(
    box: PupilBox, clock: Clock, wrong: datetime
) -> None:
    box.add("Mariam")
    assert visit(box, lambda pupil: learnt(pupil, "a/b", "a/c")) == ""
    clock.shows = wrong
    said = visit(box, lambda pupil: learnt(pupil, "a/b", "a/d"))
    assert f"says {wrong:%Y-%m-%d}, but the last lesson was on 2026-09-01" in said
    history = box.look("Mariam").history()
    assert [each.done.when for each in history] == [START] * 4
    assert all(same(card, replayed(history)[card.exercise]) for card in box.look("Mariam").cards)
    clock.shows = START + 2 * DAY  # put right
    names = ["a/b", "a/c", "a/d"]
    assert visit(box) == ""
    assert {card.exercise for card in box.look("Mariam").due(clock.shows, names)} == set(names)


def test_a_doubted_clock_still_counts_the_minutes_of_a_lesson(box: PupilBox, clock: Clock) -> None:
    box.add("Mariam")
    visit(box, lambda pupil: learnt(pupil, "a/b"))
    clock.shows = datetime(1970, 1, 1, tzinfo=UTC)
    with box.open("Mariam") as pupil:
        pupil.record(done("a/c", Rating.AGAIN))
        clock.shows += timedelta(minutes=11)
        assert [card.exercise for card in pupil.due(clock.shows, ["a/b", "a/c"])] == ["a/c"]
        clock.shows = START + 2 * DAY  # set right in the middle of the lesson
        assert pupil.now() == clock.shows
        assert pupil.clock_note == ""
        clock.shows = START + DAY  # and falls back again
        assert pupil.now() == START + 2 * DAY


def test_looking_in_under_a_wrong_clock_leaves_no_trace(box: PupilBox, clock: Clock) -> None:
    box.add("Mariam")
    visit(box, lambda pupil: learnt(pupil, "a/b"))
    clock.shows = START + 200 * DAY
    visit(box, lambda pupil: pupil.keep(Step(1)))
    clock.shows = START + 2 * DAY
    assert visit(box) == ""
    assert [card.exercise for card in box.look("Mariam").due(clock.shows, ["a/b"])] == ["a/b"]


def test_a_small_correction_is_not_worth_a_word(box: PupilBox, clock: Clock) -> None:
    box.add("Mariam")
    visit(box, lambda pupil: learnt(pupil, "a/b"))
    clock.shows -= timedelta(minutes=4)
    assert visit(box, lambda pupil: learnt(pupil, "a/c")) == ""
    assert box.look("Mariam").history()[1].done.when == START


def test_a_clock_years_ahead_makes_nothing_overdue_and_heals(box: PupilBox, clock: Clock) -> None:
    names = [f"a/{number}" for number in range(30)]
    box.add("Mariam")
    visit(box, lambda pupil: learnt(pupil, *names))
    clock.shows = START + timedelta(days=9 * 365)
    with box.open("Mariam") as pupil:
        assert "says 2035-" in pupil.clock_note
        assert pupil.due(clock.shows, names) == []
        pupil.record(done("a/0"))
    clock.shows = START + 2 * DAY
    assert visit(box) == ""
    pupil = box.look("Mariam")
    assert len(pupil.history()) == 31
    assert len(pupil.due(clock.shows, names)) == 20
    assert max(card.last for card in pupil.cards) == START


def test_who_comes_back_after_years_is_believed_on_the_second_day(
    box: PupilBox, clock: Clock
) -> None:
    box.add("Mariam")
    visit(box, lambda pupil: learnt(pupil, "a/b"))
    clock.shows = START + 3 * 365 * DAY
    assert "tomorrow" in visit(box)
    clock.shows += timedelta(hours=2)
    assert "tomorrow" in visit(box)
    clock.shows += timedelta(hours=20)
    assert visit(box) == ""
    assert [card.exercise for card in box.look("Mariam").due(clock.shows, ["a/b"])] == ["a/b"]


def test_lessons_under_a_clock_that_was_ahead_are_moved_back(box: PupilBox, clock: Clock) -> None:
    """Half a year ahead is nothing to wonder at; put right, it is believed on the second day, and
    what was recorded meanwhile gets the times that were meant."""
    box.add("Mariam")
    visit(box, lambda pupil: learnt(pupil, "a/b", "a/c"))
    clock.shows = START + 180 * DAY
    visit(box, lambda pupil: learnt(pupil, "a/b", "a/d"))
    for days in (1, 2):
        clock.shows = START + days * DAY
        assert ("until the clock is right" in visit(box)) == (days == 1)
    with box.open("Mariam") as pupil:
        assert {card.exercise for card in pupil.due(clock.shows, ["a/b", "a/c", "a/d"])} == {"a/c"}
        assert max(card.last for card in pupil.cards) == clock.shows
        assert max(each.done.when for each in pupil.history()) == clock.shows
        assert pupil.streak().days == 2
        before = {card.exercise: card for card in pupil.cards}
    # The cards that are made of the log alone are the same.
    for cards in box.folder.glob("*/cards.json"):
        cards.unlink()
    assert {card.exercise: card for card in box.look("Mariam").cards} == before


def test_a_box_that_always_starts_at_one_date_is_never_believed(
    box: PupilBox, clock: Clock
) -> None:
    box.add("Mariam")
    visit(box, lambda pupil: learnt(pupil, "a/b"))
    for _ in range(4):
        clock.shows = START - 300 * DAY
        assert "until the clock is right" in visit(box)
    assert box.look("Mariam").now() == START


def test_a_new_pupil_on_a_box_without_a_clock_can_learn(box: PupilBox, clock: Clock) -> None:
    clock.shows = datetime(1970, 1, 1, tzinfo=UTC)
    box.add("Mariam")
    assert visit(box, lambda pupil: learnt(pupil, "a/b"))
    clock.shows = START
    assert visit(box) == ""
    assert len(box.look("Mariam").due(START, ["a/b"])) == 1


def test_ratings_are_what_the_tutor_means() -> None:
    after = {
        rating: schedule.reviewed(None, Done(exercise="a/b", objective="o", lesson="a",
                                             rating=rating, attempts=1, hints=0, when=START))
        for rating in (Rating.AGAIN, Rating.HARD, Rating.GOOD)
    }  # fmt: skip
    waits = [after[rating].due - START for rating in after]
    assert waits == [timedelta(minutes=10), timedelta(minutes=15), 2 * DAY]


def test_fsrs_is_imported_when_something_is_due_and_not_before() -> None:
    code = (
        "import sys, hinterland.plugins.tutoring.pupils.box;"
        "print(sorted({'fsrs', 'genanki', 'rich', 'markdown_it'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"

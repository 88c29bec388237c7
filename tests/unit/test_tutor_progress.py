"""What a pupil holds, the days learnt, and how they are drawn."""

from __future__ import annotations

import json
from datetime import UTC, date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from hinterland.language import available, choose
from hinterland.plugins.tutoring.pupils import days, drawing
from hinterland.plugins.tutoring.pupils.box import PupilBox
from hinterland.plugins.tutoring.pupils.done import Rating
from hinterland.plugins.tutoring.pupils.drawing import ASCII, BLOCKS, NARROWEST, Signs, Subject
from hinterland.plugins.tutoring.pupils.mastery import Level, Mastery
from hinterland.plugins.tutoring.pupils.pupil import Pupil
from hinterland.plugins.tutoring.pupils.reporting import as_json
from tests.unit.test_tutor_pupils import START, done
from tests.unit.test_tutor_schedule import DAY, Clock

KNOWN = {
    ("a", "add"): Subject("Fractions", "Add fractions"),
    ("a", "mixed"): Subject("Fractions", "Add mixed numbers"),
    ("b", "add"): Subject("单位", "换算长度单位和质量单位以及容量单位和时间单位"),
}
TODAY = START.date()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pupil(tmp_path: Path, clock: Clock) -> Pupil:
    return PupilBox(tmp_path / "pupils", clock, UTC).add("Mariam 王")


def finish(pupil: Pupil, *ratings: Rating, lesson: str = "a") -> Mastery:
    with pupil:
        for number, rating in enumerate(ratings):
            pupil.record(done(f"{lesson}/{number}", rating))
    return pupil.mastery("add", lesson)


def test_an_objective_is_held_by_the_rule_and_fades(pupil: Pupil, clock: Clock) -> None:
    assert pupil.mastery("add", "a").level is Level.NEW
    first = finish(pupil, Rating.GOOD, Rating.GOOD, Rating.GOOD, Rating.GOOD)
    assert (first.level, first.points, first.days) == (
        Level.LEARNING,
        8,
        1,
    )  # one day is not enough
    clock.shows += DAY
    helped = finish(pupil, Rating.HARD)
    assert (helped.level, helped.points, helped.days) == (Level.HELD, 9, 2)
    assert helped.share == pytest.approx(0.9 * helped.remembered)
    clock.shows += 20 * DAY
    faded = pupil.mastery("add", "a")
    assert (faded.level, faded.points) == (Level.FADING, 9)
    assert faded.remembered < 0.8
    again = finish(pupil, Rating.GOOD, Rating.GOOD, Rating.GOOD, Rating.GOOD)
    assert (again.level, again.points, again.done, again.alone) == (Level.HELD, 9, 9, 8)


def test_an_answer_that_was_shown_counts_nothing(pupil: Pupil, clock: Clock) -> None:
    finish(pupil, Rating.GOOD, Rating.GOOD, Rating.GOOD, Rating.GOOD)
    clock.shows += DAY
    lost = finish(pupil, Rating.AGAIN, Rating.AGAIN)
    assert (lost.level, lost.points, lost.shown) == (Level.LEARNING, 6, 2)
    assert pupil.mastery("add", "b").level is Level.NEW  # another lesson's of the same name


@given(st.sets(st.integers(-60, 0)))
def test_rows_of_days(offsets: set[int]) -> None:
    learnt = {TODAY + timedelta(days=offset): 1 for offset in offsets}
    found = days.streak(learnt, TODAY)
    runs = [
        length
        for start in offsets
        for length in range(1, 62)
        if all(start + step in offsets for step in range(length))
    ]
    ends = [length for length in runs if {*range(-length + 1, 1)} <= offsets]
    yesterday = [length for length in runs if {*range(-length, 0)} <= offsets]
    assert found.days == len(offsets)
    assert found.longest == max(runs, default=0)
    assert found.current == max(ends or yesterday, default=0)


def lines(pupil: Pupil, width: int = 40, drawn: Signs = BLOCKS) -> list[str]:
    return drawing.progress(pupil, KNOWN, width, drawn)


def test_before_the_first_lesson_it_says_how_to_begin(pupil: Pupil) -> None:
    assert lines(pupil, 80) == ["Mariam 王", "", "Nothing was learnt yet: begin with hint tutor."]


def test_progress_at_forty_columns(pupil: Pupil, clock: Clock) -> None:
    finish(pupil, *[Rating.GOOD] * 5)
    finish(pupil, Rating.AGAIN, lesson="b")
    finish(pupil, Rating.HARD, lesson="gone")
    clock.shows += DAY
    finish(pupil, *[Rating.GOOD] * 5)
    clock.shows += DAY
    assert lines(pupil) == [
        "Mariam 王",
        "Days learnt: 2. In a row: 2, at most 2.",
        "",
        "Fractions                   1 of 2 known",
        " Add fractions           ██████████  98%",
        "",
        "单位                        0 of 1 known",
        " 换算长度单位和质量单位… ░░░░░░░░░░   0%",
        "",
        "gone                        0 of 1 known",
        " add                     █░░░░░░░░░   9%",
        "",
        "█ known, ▒ fading, ░ not yet",
        "",
        "Exercises a day: ▒ 1 to 4, █ 5 or more",
        "Mo · · · · · · · · · · · · · · · · · ·",
        "Tu · · · · · · · · · · · · · · · · · █",
        "We · · · · · · · · · · · · · · · · · █",
        "Th · · · · · · · · · · · · · · · · · ·",
        "Fr · · · · · · · · · · · · · · · · ·",
        "Sa · · · · · · · · · · · · · · · · ·",
        "Su · · · · · · · · · · · · · · · · ·",
        "   2026-05-04               2026-09-03",
        "",
        "To repeat in the next days",
        "Th 09-03    1 █",
        "Fr 09-04    0",
        "Sa 09-05    0",
        "Su 09-06    0",
        "Mo 09-07    0",
        "Tu 09-08    0",
        "We 09-09    5 █████",
    ]


@pytest.mark.parametrize("width", [10, 40, 80, 200])
def test_no_line_is_wider_than_asked(pupil: Pupil, clock: Clock, width: int) -> None:
    finish(pupil, *[Rating.GOOD] * 5)
    finish(pupil, *[Rating.AGAIN] * 30, lesson="b")
    clock.shows = START - 100 * DAY  # with a word about the clock
    drawn = lines(pupil, width)
    assert max(map(cell_len, drawn)) <= max(width, NARROWEST)
    assert any("clock" in line for line in drawn)


def test_a_terminal_without_blocks_gets_ascii(pupil: Pupil) -> None:
    assert drawing.signs("utf-8") is BLOCKS
    assert drawing.signs("latin-1") is drawing.signs(None) is drawing.signs("nonsense") is ASCII
    finish(pupil, *[Rating.GOOD] * 5)
    drawn = [line for line in lines(pupil, 40, ASCII) if "王" not in line]
    assert all(line.isascii() for line in drawn)
    assert " Add fractions           ########## 100%" in drawn


@pytest.mark.parametrize("language", available())
def test_a_week_has_seven_days_in_every_language(language: str) -> None:
    choose(language)
    try:
        drawn = drawing.calendar({}, TODAY, 40)
    finally:
        choose("")
    assert len({line.split()[0] for line in drawn[-8:-1]}) == 7
    assert max(map(cell_len, drawn)) <= 40


def test_after_the_holidays_the_days_are_not_flooded() -> None:
    coming = {TODAY - 9 * DAY: 50, TODAY + DAY: 7}
    drawn = drawing.forecast(coming, TODAY, 20, 40)
    assert [int(line.split()[2]) for line in drawn[1:]] == [20, 20, 17, 0, 0, 0, 0]


_COUNTS = st.dictionaries(st.dates(date(2025, 1, 1), date(2027, 1, 1)), st.integers(0, 10**6))


@given(_COUNTS, st.integers(NARROWEST, 300))
def test_a_calendar_and_a_forecast_fit_any_width(counts: dict[date, int], width: int) -> None:
    drawn = drawing.calendar(counts, TODAY, width) + drawing.forecast(counts, TODAY, 20, width)
    assert max(map(cell_len, drawn)) <= width


def test_a_title_of_a_strangers_lesson_moves_no_cursor(pupil: Pupil) -> None:
    finish(pupil, Rating.GOOD)
    known = {("a", "add"): Subject("\x1b[2Jtopic", "two\nlines\x1b]0;x\x07")}
    assert not any(set(line) & {"\x1b", "\n", "\x07"} for line in drawing.progress(pupil, known))


def test_progress_as_json(pupil: Pupil, clock: Clock) -> None:
    finish(pupil, Rating.GOOD, Rating.AGAIN, Rating.HARD)
    finish(pupil, Rating.GOOD, lesson="gone")
    clock.shows += DAY
    assert json.loads(json.dumps(as_json(pupil, KNOWN))) == {
        "hinterland": "progress",
        "schema": 1,
        "pupil": "Mariam 王",
        "now": "2026-09-02T08:00:00Z",
        "clock": None,
        "streak": {"days": 1, "current": 1, "longest": 1},
        "days": {"2026-09-01": 4},
        "exercises": {
            "met": 4,
            "finished": 4,
            "due_by_day": {"2026-09-01": 2, "2026-09-03": 1},
        },
        "objectives": [
            {
                "lesson": "a",
                "objective": "add",
                "topic": "Fractions",
                "title": "Add fractions",
                "level": "learning",
                "points": 3,
                "remembered": pytest.approx(0.8, abs=0.15),
                "share": pytest.approx(0.24, abs=0.05),
                "done": 3,
                "alone": 1,
                "helped": 1,
                "shown": 1,
                "days": 1,
                "last": "2026-09-01T08:00:00Z",
            },
            {
                "lesson": "gone",
                "objective": "add",
                "topic": None,
                "title": None,
                "level": "learning",
                "points": 2,
                "remembered": pytest.approx(0.95, abs=0.05),
                "share": pytest.approx(0.19, abs=0.02),
                "done": 1,
                "alone": 1,
                "helped": 0,
                "shown": 0,
                "days": 1,
                "last": "2026-09-01T08:00:00Z",
            },
        ],
    }

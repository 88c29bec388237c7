"""Progress as plain lines of text: bars, a calendar, what comes back in the next days.

Every line fits the width it was asked for, measured in cells of a terminal, and means the same
without colour; a terminal that has no blocks gets signs of ASCII.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from hinterland.cells import cells, wrapped
from hinterland.language import N_, _
from hinterland.plugins.tutoring.pupils.mastery import MOST, Level, Mastery
from hinterland.text import clean_line

if TYPE_CHECKING:
    from hinterland.plugins.tutoring.lessons.lesson import Lesson
    from hinterland.plugins.tutoring.pupils.pupil import Pupil

NARROWEST = 32
"""Cells below which nothing is drawn narrower."""
_BAR = 10
_PERCENT = 5
_WEEKDAYS = N_("Mo Tu We Th Fr Sa Su")
_FORECAST = 7
_MOST_WEEKS = 26
_MANY = 5
"""Exercises on one day from which its mark is full."""


class Signs(NamedTuple):
    """What is drawn with."""

    full: str
    fading: str
    empty: str
    none: str
    cut: str


BLOCKS = Signs("█", "▒", "░", "·", "…")
ASCII = Signs("#", "+", ".", ".", "~")


class Subject(NamedTuple):
    """What an objective is called, and where it belongs."""

    topic: str
    title: str
    language: str = ""
    """Of the lesson: a topic of the same name in another language is another one."""


Subjects = Mapping[tuple[str, str], Subject]
"""By lesson and objective."""


def subjects(lessons: Iterable[Lesson]) -> dict[tuple[str, str], Subject]:
    """Return what the objectives of these lessons are called."""
    return {
        (lesson.id, name): Subject(lesson.topic, title, lesson.language)
        for lesson in lessons
        for name, title in lesson.objectives.items()
    }


def signs(encoding: str | None) -> Signs:
    """Return what can be drawn with on an output of that encoding."""
    try:
        "".join(BLOCKS).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return BLOCKS


def progress(pupil: Pupil, known: Subjects, width: int = 80, drawn: Signs = BLOCKS) -> list[str]:
    """Return everything: the days, a bar for each objective that was met, the last weeks and what
    comes back. Lines are at most `width` cells wide."""
    width = max(width, NARROWEST)
    lines = wrapped(clean_line(pupil.name), width)
    if note := pupil.clock_note:
        lines += ["", *wrapped(note, width)]
    streak = pupil.streak()
    if not streak.days:
        return [*lines, "", *wrapped(_("Nothing was learnt yet: begin with hint tutor."), width)]
    told = _("Days learnt: {days}. In a row at most: {longest}.")
    if streak.current > 1:
        told = _("Days learnt: {days}. In a row: {current}, at most {longest}.")
    told = told.format(days=streak.days, current=streak.current, longest=streak.longest)
    lines += wrapped(told, width)
    lines += bars(list(pupil.masteries().values()), known, width, drawn)
    lines += ["", *calendar(pupil.days(), pupil.today(), width, drawn)]
    coming = pupil.coming(known)
    return [*lines, "", *forecast(coming, pupil.today(), pupil.settings.a_day, width, drawn)]


def bars(
    found: Sequence[Mastery], known: Subjects, width: int = 80, drawn: Signs = BLOCKS
) -> list[str]:
    """Return a bar for each objective, under its topic; a lesson that is no longer there is called
    by its id."""
    topics: dict[tuple[str, str], list[tuple[str, Mastery]]] = {}
    for each in found:
        name = (each.lesson, each.objective)
        subject = known.get(name) or Subject(each.lesson, each.objective)
        place = (subject.topic, subject.language)
        topics.setdefault(place, []).append((subject.title, each))
    lines = []
    for (topic, language), of_topic in topics.items():
        alike = sum((each.topic, each.language) == (topic, language) for each in known.values())
        objectives = max(len(of_topic), alike)
        held = sum(each.level is Level.HELD for _title, each in of_topic)
        count = _("{held} of {objectives} known").format(held=held, objectives=objectives)
        lines += ["", edges(clean_line(topic), count, width, drawn.cut)]
        lines += [
            edges(f" {clean_line(title)}", bar(each, drawn), width, drawn.cut)
            for title, each in of_topic
        ]
    if lines:
        legend = _("{full} known, {fading} fading, {empty} not yet").format(
            full=drawn.full, fading=drawn.fading, empty=drawn.empty
        )
        lines += ["", *wrapped(legend, width)]
    return lines


def bar(mastery: Mastery, drawn: Signs = BLOCKS) -> str:
    """Return one bar of ten cells and its percentage."""
    full = round(mastery.share * _BAR)
    reached = round(mastery.points / MOST * _BAR)
    cells = drawn.full * full + drawn.fading * (reached - full)
    return f"{cells:{drawn.empty}<{_BAR}}{f'{mastery.share:.0%}':>{_PERCENT}}"


def calendar(
    days: Mapping[date, int], today: date, width: int = 80, drawn: Signs = BLOCKS
) -> list[str]:
    """Return the last weeks, a column each, the days of a week from top to bottom."""
    names = _(_WEEKDAYS).split()
    label = max(map(cells, names)) + 1
    weeks = min((width - label) // 2, _MOST_WEEKS)
    monday = today - timedelta(days=today.weekday())
    first = monday - timedelta(weeks=weeks - 1)
    lines = []
    for weekday, name in enumerate(names):
        column = (first + timedelta(weeks=week, days=weekday) for week in range(weeks))
        marks = [_mark(days.get(day, 0), drawn) if day <= today else " " for day in column]
        lines.append(f"{_sized(name, label)}{' '.join(marks)}".rstrip())
    ends = edges(" " * label + str(first), str(today), label + 2 * weeks - 1)
    legend = _("Exercises a day: {some} 1 to {few}, {many} {count} or more").format(
        some=drawn.fading, few=_MANY - 1, many=drawn.full, count=_MANY
    )
    return [*wrapped(legend, width), *lines, ends]


def forecast(
    coming: Mapping[date, int], today: date, a_day: int, width: int = 80, drawn: Signs = BLOCKS
) -> list[str]:
    """Return how many exercises come back on each of the next days: those overdue too, from today
    on, and what is more than `a_day` on the days after."""
    counts = [0] * _FORECAST
    for day, count in coming.items():
        if (day - today).days < _FORECAST:
            counts[max(0, (day - today).days)] += count
    for ahead in range(_FORECAST - 1):
        counts[ahead + 1] += max(0, counts[ahead] - a_day)
    counts = [min(count, a_day) for count in counts]
    names = _(_WEEKDAYS).split()
    label = max(map(cells, names)) + 1
    room = max(1, width - label - 12)
    most = max(1, *counts)
    lines = []
    for ahead, count in enumerate(counts):
        day = today + timedelta(days=ahead)
        length = -(-count * min(most, room) // most)
        name = _sized(names[day.weekday()], label)
        lines.append(f"{name}{day:%m-%d} {count:4} {drawn.full * length}".rstrip())
    return [_("To repeat in the next days"), *lines]


def _mark(count: int, drawn: Signs) -> str:
    if not count:
        return drawn.none
    return drawn.fading if count < _MANY else drawn.full


def edges(left: str, right: str, width: int, cut: str = "") -> str:
    """Return `left` cut or filled so that `right` ends at `width`."""
    room = width - cells(right) - 1
    if cells(left) > room:
        left = _sized(left, room - cells(cut)).rstrip() + cut
    return f"{_sized(left, room)} {right}"


def _sized(text: str, width: int) -> str:
    from rich.cells import set_cell_size

    return set_cell_size(text, max(0, width))

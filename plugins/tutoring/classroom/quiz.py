"""Draws a quiz from lessons: the same exercises on every sheet, with other numbers for neighbours.

A seed gives the same quiz today and next year, for as long as the lessons are the same.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from typing import TypeVar

import msgspec

from hinterland.errors import InputError
from hinterland.plugins.tutoring.lessons import AnswerKind, Exercise, Lesson, Posed
from hinterland.plugins.tutoring.lessons.posing import pose
from hinterland.plugins.tutoring.proofing import gives_away
from hinterland.text import clean_line

MOST_QUESTIONS = 500
MOST_SHEETS = 1_000
_TRIES = 20
"""Draws of numbers for a question that is to differ from those before it on its sheet."""
Item = TypeVar("Item")


class Question(msgspec.Struct, frozen=True):
    """A question as it stands on one sheet."""

    lesson: Lesson
    posed: Posed


class Quiz(msgspec.Struct, frozen=True):
    """The questions of every sheet; all sheets ask the same, of other numbers."""

    title: str
    language: str
    seed: int
    sheets: tuple[tuple[Question, ...], ...]

    @property
    def alike(self) -> int:
        """Return how many questions have the same numbers on every sheet."""
        if len(self.sheets) < 2:
            return 0
        return sum(
            len({(each.posed.prompt, each.posed.options) for each in column}) == 1
            for column in zip(*self.sheets, strict=True)
        )


def draw(lessons: Sequence[Lesson], title: str, count: int, seed: int, sheets: int = 1) -> Quiz:
    """Return a quiz of `count` questions, taken in turn from the lessons and their objectives.

    Raises InputError where there are not so many, LessonError for a lesson that cannot be used.
    """
    if not 1 <= count <= MOST_QUESTIONS:
        raise InputError(
            f"A quiz cannot have {count} questions.", f"Ask for 1 to {MOST_QUESTIONS}."
        )
    if not 1 <= sheets <= MOST_SHEETS:
        raise InputError(f"There cannot be {sheets} sheets.", f"Ask for 1 to {MOST_SHEETS}.")
    chosen = _chosen(lessons, count, seed)
    if len(chosen) < count:
        raise InputError(
            f"There are only {len(chosen)} different exercises on {clean_line(title, 60)!r}.",
            f"Ask for -n {len(chosen)} or fewer, or name a wider topic.",
        )
    return Quiz(
        title,
        lessons[0].language,
        seed,
        tuple(_sheet(chosen, seed, number) for number in range(sheets)),
    )


def one_sheet(
    lessons: Sequence[Lesson], title: str, count: int, seed: int, number: int
) -> tuple[Question, ...]:
    """Return the sheet of a number, from 0, as `draw` has it among others; raises as that does."""
    draw(lessons, title, count, seed)
    return _sheet(_chosen(lessons, count, seed), seed, number % MOST_SHEETS)


def _chosen(lessons: Sequence[Lesson], count: int, seed: int) -> list[tuple[Lesson, Exercise, int]]:
    """Return exercises with the round they are drawn in: those with parameters can come again."""
    chance = random.Random(f"quiz {seed}")  # noqa: S311 - no secret
    queues: list[list[tuple[Lesson, Exercise]]] = []
    for lesson in lessons:
        for objective in lesson.objectives:
            own = [(lesson, each) for each in lesson.exercises if each.objective == objective]
            _shuffle(own, chance)
            queues.append(own)
    in_turn = [each for row in itertools.zip_longest(*queues) for each in row if each is not None]
    found = [(lesson, exercise, 0) for lesson, exercise in in_turn]
    again = [(lesson, exercise) for lesson, exercise in in_turn if exercise.given]
    rounds = 0
    while len(found) < count and again:
        rounds += 1
        found += [(lesson, exercise, rounds) for lesson, exercise in again]
        if rounds * len(again) > count:
            break
    chosen = found[:count]
    order = {lesson.id: at for at, lesson in enumerate(lessons)}
    # Questions about one passage stand together, the easier lessons first.
    return sorted(chosen, key=lambda each: order[each[0].id])


def _sheet(
    chosen: Sequence[tuple[Lesson, Exercise, int]], seed: int, sheet: int
) -> tuple[Question, ...]:
    asked: set[str] = set()
    questions = []
    for lesson, exercise, turn in chosen:
        own_seed = ((seed * MOST_SHEETS + sheet) * MOST_QUESTIONS + turn) * _TRIES
        posed = pose(lesson, exercise, own_seed, gives_away)
        for trial in range(1, _TRIES):
            if posed.prompt not in asked:
                break
            posed = pose(lesson, exercise, own_seed + trial, gives_away)
        asked.add(posed.prompt)
        questions.append(Question(lesson, _mixed(posed)))
    return tuple(questions)


def _mixed(posed: Posed) -> Posed:
    """Return a choice with its options in another order."""
    if posed.kind is not AnswerKind.CHOICE:
        return posed
    options = list(posed.options)
    _shuffle(options, random.Random(f"{posed.id} {posed.seed}"))  # noqa: S311 - no secret
    return msgspec.structs.replace(posed, options=tuple(options))


def _shuffle(items: list[Item], chance: random.Random) -> None:
    # Only `random()` is promised to give the same numbers in every release of Python.
    for at in range(len(items) - 1, 0, -1):
        other = int(chance.random() * (at + 1))
        items[at], items[other] = items[other], items[at]

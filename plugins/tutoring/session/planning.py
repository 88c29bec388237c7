"""What comes next: which lesson fits, which exercise, and when an objective is held."""

from __future__ import annotations

from collections.abc import Sequence

from hinterland.plugins.tutoring.lessons import Exercise, Lesson
from hinterland.plugins.tutoring.session.place import Comeback, Outcome, Result

MOST_PLACING = 5
"""Questions of a placement; enough for 31 lessons."""
MOST_REVIEWS = 10
"""Reviews in one sitting; the others wait for the next."""
_IN_A_ROW = 2
"""Exercises right at the first attempt, without a hint, until an objective is held."""
_MOST_OF_ONE = 6
"""Exercises on one objective in one lesson: who still struggles then needs another day."""
_MOST = 16
"""Exercises of one lesson."""
_BETWEEN = 2
"""Other exercises before one comes back whose answer was shown."""


def left(lesson: Lesson, results: Sequence[Result], comebacks: Sequence[Comeback]) -> int:
    """Return how many exercises are left of the practice when each is done alone from now on."""
    count = len(comebacks)
    for objective in lesson.objectives:
        needed = min(_IN_A_ROW, _most_of(lesson, objective))
        mine = [each.outcome for each in results if each.objective == objective]
        room = max(0, _most_of(lesson, objective) - len(mine))
        row = 0
        for each in reversed(mine):
            if each is not Outcome.ALONE:
                break
            row += 1
        count += min(room, max(0, needed - row))
    return max(0, min(count, _MOST + len(comebacks) - len(results)))


def held(lesson: Lesson, results: Sequence[Result]) -> tuple[str, ...]:
    """Return the objectives whose last exercises were right at once and without a hint."""
    return tuple(each for each in lesson.objectives if _is_held(lesson, each, results))


def following(
    lesson: Lesson, results: Sequence[Result], comebacks: Sequence[Comeback]
) -> Exercise | None:
    """Return the exercise that comes next, None at the end of the practice.

    One whose answer was shown comes back as soon as it may; then come the objectives in their order,
    exercises that were not yet asked first.
    """
    by_id = {each.id: each for each in lesson.exercises}
    waiting = [each for each in comebacks if each.exercise in by_id]
    for each in waiting:
        if each.after <= len(results):
            return by_id[each.exercise]
    if len(results) < _MOST + len(comebacks):
        for objective in lesson.objectives:
            if not _is_held(lesson, objective, results):
                found = _of(lesson, objective, results, {each.exercise for each in waiting})
                if found is not None:
                    return found
    return by_id[waiting[0].exercise] if waiting else None


def comes_back(
    comebacks: Sequence[Comeback], results: Sequence[Result], exercise: str
) -> tuple[Comeback, ...]:
    """Return what comes back when an exercise is over, `results` with it: one whose answer was shown,
    but only once in a lesson."""
    left = tuple(each for each in comebacks if each.exercise != exercise)
    shown = [each.outcome for each in results if each.exercise == exercise]
    if shown[-1] is Outcome.REVEALED and shown.count(Outcome.REVEALED) == 1:
        return (*left, Comeback(exercise, len(results) + _BETWEEN))
    return left


def _of(
    lesson: Lesson, objective: str, results: Sequence[Result], waiting: set[str]
) -> Exercise | None:
    asked = [each.exercise for each in results]
    mine = [each for each in lesson.exercises if each.objective == objective]
    if sum(each.objective == objective for each in results) >= _most_of(lesson, objective):
        return None
    free = [
        each for each in mine if each.id not in waiting and (each.given or each.id not in asked)
    ]
    last = asked[-1] if asked else ""
    return min(free, key=lambda each: (asked.count(each.id), each.id == last), default=None)


def _most_of(lesson: Lesson, objective: str) -> int:
    mine = [each for each in lesson.exercises if each.objective == objective]
    return _MOST_OF_ONE if any(each.given for each in mine) else min(_MOST_OF_ONE, len(mine))


def _is_held(lesson: Lesson, objective: str, results: Sequence[Result]) -> bool:
    needed = min(_IN_A_ROW, _most_of(lesson, objective))
    mine = [each.outcome for each in results if each.objective == objective]
    return len(mine) >= needed and all(each is Outcome.ALONE for each in mine[-needed:])

"""Takes exercises from the shelf and puts numbers in their places, the same for the same seed."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

import msgspec

from hinterland.plugins.tutoring.lessons import Exercise, Lesson, Posed
from hinterland.plugins.tutoring.lessons.posing import pose
from hinterland.plugins.tutoring.lessons.shelf import Shelf
from hinterland.plugins.tutoring.lessons.trouble import LessonError
from hinterland.plugins.tutoring.proofing import gives_away
from hinterland.plugins.tutoring.session.place import Open, Place

_TRIES = 12
"""Seeds tried for numbers that were not asked in this lesson."""


def fresh(
    place: Place, lesson: Lesson, exercise: Exercise, asked: Collection[str]
) -> tuple[Open, Posed, int]:
    """Return an exercise with numbers whose digest is not among `asked`, where there are such, and
    the count of exercises posed with it. Raises LessonError."""
    for trial in range(_TRIES):
        drawn = place.drawn + 1 + trial
        posed = _posed(lesson, exercise, place.seed + drawn)
        found = digest(posed)
        if found not in asked or not exercise.given or trial == _TRIES - 1:
            return Open(exercise=exercise.id, seed=posed.seed, print=found), posed, drawn
    raise AssertionError


def again(shelf: Shelf, open_: Open) -> Posed | None:
    """Return the exercise that was open, None where its lesson is gone, or it is another one now."""
    found = shelf.exercise(open_.exercise)
    if found is None:
        return None
    try:
        posed = _posed(*found, open_.seed)
    except LessonError:
        return None
    return posed if digest(posed) == open_.print else None


def _posed(lesson: Lesson, exercise: Exercise, seed: int) -> Posed:
    try:
        return pose(lesson, exercise, seed, gives_away)
    except LessonError:
        # Rather an exercise whose hints are held back by the guard than none.
        return pose(lesson, exercise, seed)


def digest(posed: Posed) -> str:
    """Return what tells two exercises apart that a pupil would see as different."""
    asked = msgspec.json.encode([posed.prompt, posed.answers, posed.options, posed.hints])
    return hashlib.sha256(asked).hexdigest()[:16]

"""What a teacher collects of a class: one file a pupil, numbers and names of exercises only.

No answer and no sentence of a pupil is in it, and what is read back is foreign: it may hold nothing
but what `results` writes.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec

from hinterland.errors import InputError
from hinterland.plugins.tutoring.pupils import names
from hinterland.plugins.tutoring.pupils.done import Result
from hinterland.plugins.tutoring.pupils.mastery import Level
from hinterland.plugins.tutoring.pupils.pupil import Pupil

SCHEMA_VERSION = 1
LARGEST = 8 << 20
"""Bytes of a file that is read: some 20,000 exercises."""

Id = Annotated[str, msgspec.Meta(max_length=200, pattern=r"^[^\s\x00-\x1f\x7f-\x9f]+$")]
Name = Annotated[str, msgspec.Meta(max_length=names.LONGEST)]
Count = Annotated[int, msgspec.Meta(ge=0)]


class ObjectiveResult(msgspec.Struct, frozen=True, kw_only=True):
    lesson: Id
    objective: Id
    level: Level
    points: Annotated[int, msgspec.Meta(ge=0, le=10)]
    done: Count
    alone: Count
    helped: Count
    shown: Count


class ExerciseResult(msgspec.Struct, frozen=True, kw_only=True):
    """How an exercise went the last time."""

    exercise: Id
    lesson: Id
    objective: Id
    result: Result
    attempts: Count
    hints: Count
    seed: int
    when: datetime
    times: Count
    """How often it was finished."""


class Results(msgspec.Struct, frozen=True, kw_only=True, tag="results", tag_field="hinterland"):
    """One pupil's results."""

    schema: int = SCHEMA_VERSION
    pupil: Name
    made: datetime
    days: Count
    objectives: tuple[ObjectiveResult, ...]
    exercises: tuple[ExerciseResult, ...]


def results(pupil: Pupil) -> Results:
    """Return the results of a pupil now."""
    last = {each.done.exercise: each.done for each in pupil.history()}
    times = {card.exercise: card.times for card in pupil.cards}
    return Results(
        pupil=pupil.name,
        made=pupil.now(),
        days=pupil.streak().days,
        objectives=tuple(
            ObjectiveResult(
                lesson=each.lesson,
                objective=each.objective,
                level=each.level,
                points=each.points,
                done=each.done,
                alone=each.alone,
                helped=each.done - each.alone - each.shown,
                shown=each.shown,
            )
            for each in pupil.masteries().values()
        ),
        exercises=tuple(
            ExerciseResult(
                exercise=done.exercise,
                lesson=done.lesson,
                objective=done.objective,
                result=done.result,
                attempts=done.attempts,
                hints=done.hints,
                seed=done.seed,
                when=done.when,
                times=times[done.exercise],
            )
            for done in last.values()
        ),
    )


def encoded(found: Results) -> bytes:
    """Return the file of these results."""
    return msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n"


def read(path: Path) -> Results:
    """Return the results in a file; raises InputError where it is none that Hinterland wrote."""
    try:
        with open(path, "rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise InputError(
            f"The file {path} cannot be read: {os.strerror(error.errno or 0)}.",
            "Name a file of results.",
        ) from error
    if len(data) > LARGEST:
        raise InputError(f"The file {path} is too large for results.", _EXPORT)
    try:
        found = msgspec.json.decode(data, type=Results)
        names.checked(found.pupil)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"The file {path} holds no results: {error}.", _EXPORT) from error
    except InputError as error:
        raise InputError(f"The file {path} holds no results: {error}", _EXPORT) from error
    if found.schema > SCHEMA_VERSION:
        raise InputError(
            f"The file {path} was written by a newer Hinterland (schema {found.schema}).",
            "Install that release or a later one to read it.",
        )
    return found


_EXPORT = "Make it with: hint tutor export --results FILE"

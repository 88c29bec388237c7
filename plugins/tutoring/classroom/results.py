"""What a class has learnt, from the files of results that its pupils exported.

Only what the files hold is shown: which objectives are held, which exercises had to be shown. Nobody
is ranked; whoever needs help is named where the help is needed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from hinterland.errors import InputError
from hinterland.plugins.tutoring.pupils.drawing import Subject, Subjects
from hinterland.plugins.tutoring.pupils.exports.results import ObjectiveResult, Results, read
from hinterland.plugins.tutoring.pupils.exports.sheet import safe
from hinterland.plugins.tutoring.pupils.mastery import Level

SCHEMA_VERSION = 1
_HARD = 0.3
"""The share of an exercise's pupils to whom its answer was shown, from which it is named as hard."""
_HARDEST = 10
"""Exercises that are named as hard at most."""


class HardExercise(msgspec.Struct, frozen=True):
    """An exercise whose answer had to be shown to many."""

    exercise: str
    shown: int
    pupils: int


class Class(msgspec.Struct, frozen=True):
    """The newest results of every pupil, by name."""

    pupils: tuple[Results, ...]
    older: tuple[Path, ...] = ()
    """Files that were left out, since there is a newer one of the same pupil."""

    def objectives(self) -> list[tuple[str, str]]:
        """Return the objectives that anybody met, by lesson and name, in their order."""
        found = {(each.lesson, each.objective) for one in self.pupils for each in one.objectives}
        return sorted(found)

    def of(self, objective: tuple[str, str]) -> dict[str, ObjectiveResult]:
        """Return what each pupil who met an objective reached in it."""
        return {
            one.pupil: each
            for one in self.pupils
            for each in one.objectives
            if (each.lesson, each.objective) == objective
        }

    def hardest(self) -> list[HardExercise]:
        """Return the exercises that were the hardest, the hardest one first."""
        met: dict[str, list[bool]] = {}
        for one in self.pupils:
            for each in one.exercises:
                met.setdefault(each.exercise, []).append(each.result == "shown")
        found = [HardExercise(name, sum(shown), len(shown)) for name, shown in met.items()]
        hard = [each for each in found if each.shown >= _HARD * each.pupils]
        hard.sort(key=lambda each: (-each.shown / each.pupils, -each.shown, each.exercise))
        return hard[:_HARDEST]


def gather(files: Iterable[Path]) -> Class:
    """Return the class of some files; raises InputError for one that holds no results, and for none."""
    newest: dict[str, tuple[Results, Path]] = {}
    older: list[Path] = []
    for file in files:
        found = read(file)
        name = " ".join(found.pupil.casefold().split())
        if name in newest:
            old, old_file = newest[name]
            older.append(old_file if old.made < found.made else file)
            if old.made >= found.made:
                continue
        newest[name] = (found, file)
    if not newest:
        raise InputError(
            "There are no results.", "Make them with: hint tutor export --results FILE"
        )
    return Class(tuple(newest[name][0] for name in sorted(newest)), tuple(older))


def as_json(found: Class, known: Subjects) -> dict[str, Any]:
    """Return the class as values that JSON has."""
    return {
        "hinterland": "class",
        "schema": SCHEMA_VERSION,
        "pupils": [
            {
                "pupil": one.pupil,
                "made": f"{one.made:%Y-%m-%dT%H:%M:%SZ}",
                "days": one.days,
                "finished": sum(each.done for each in one.objectives),
                "held": sum(each.level is Level.HELD for each in one.objectives),
                "met": len(one.objectives),
            }
            for one in found.pupils
        ],
        "objectives": [
            {
                "lesson": name[0],
                "objective": name[1],
                "title": called(name, known).title,
                "topic": called(name, known).topic,
                "levels": {pupil: each.level for pupil, each in found.of(name).items()},
            }
            for name in found.objectives()
        ],
        "hardest": [msgspec.to_builtins(each) for each in found.hardest()],
    }


def as_csv(found: Class, known: Subjects) -> str:
    """Return a table of pupils and objectives (RFC 4180; UTF-8 with the mark of spreadsheets)."""
    out = io.StringIO()
    out.write("\ufeff")
    rows = csv.writer(out)
    objectives = found.objectives()
    titles = [called(name, known).title for name in objectives]
    rows.writerow([safe(cell) for cell in ("pupil", *titles)])
    levels = {name: found.of(name) for name in objectives}
    for one in found.pupils:
        reached: Sequence[str] = [
            levels[name][one.pupil].level if one.pupil in levels[name] else ""
            for name in objectives
        ]
        rows.writerow([safe(one.pupil), *reached])
    return out.getvalue()


def called(name: tuple[str, str], known: Subjects) -> Subject:
    """Return what an objective is called; by its names where its lesson is not here."""
    return known.get(name) or Subject(name[0], name[1])

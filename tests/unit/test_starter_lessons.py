"""The lessons that ship: each key proved with many draws, and nothing given away.

tests/soak/test_tutor_draws.py makes a thousand draws of each.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from hinterland.plugins.tutoring import proofing
from hinterland.plugins.tutoring.checking import Checker
from hinterland.plugins.tutoring.lessons.posing import pose
from hinterland.plugins.tutoring.lessons.reading import read
from hinterland.plugins.tutoring.lessons.shelf import STARTER, Shelf
from hinterland.plugins.tutoring.making.writing import lessons_text
from hinterland.plugins.tutoring.proofing import programs

FILES = sorted(STARTER.rglob("*.md"))
SEEDS, SHOWN = 100, 10


def test_the_shelf_holds_what_is_promised() -> None:
    shelf = Shelf([STARTER])
    assert shelf.problems == ()
    lessons = shelf.lessons()
    assert len(lessons) == len(FILES) >= 24
    exercises = [exercise.id for each in lessons for exercise in each.exercises]
    assert len(exercises) >= 240
    assert [each for each, count in Counter(exercises).items() if count > 1] == []
    assert {"en", "fr"} <= {each.language for each in lessons}
    known = {each.id for each in lessons}
    assert {need for each in lessons for need in each.needs} <= known
    assert not any(each.draft for each in lessons)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_lesson_has_no_fault_in_many_draws(file: Path) -> None:
    lesson = read(file)
    assert list(map(str, proofing.problems(lesson, SEEDS, SHOWN))) == []
    lessons_text(lesson)  # which raises where it would be read as another lesson
    for exercise in lesson.exercises:
        if exercise.run:
            assert programs.misprinted(pose(lesson, exercise, 0)) == "", exercise.id


def test_the_checker_judges_every_key_and_mistake_as_lessons_say() -> None:
    async def scene() -> list[str]:
        async with Checker() as checker:
            return [
                f"{lesson.id}: {each}"
                for lesson in map(read, FILES)
                for each in await proofing.judged(lesson, checker)
            ]

    assert asyncio.run(scene()) == []

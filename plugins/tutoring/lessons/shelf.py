"""The lessons there are: one's own, those of the machine, and those that came with Hinterland."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

from hinterland.errors import InputError
from hinterland.paths import Paths
from hinterland.plugins.tutoring.lessons.lesson import Exercise, Lesson
from hinterland.plugins.tutoring.lessons.reading import read
from hinterland.plugins.tutoring.lessons.trouble import LessonError
from hinterland.text import clean_line

STARTER = Path(__file__).parents[1] / "starter"
_FOLDER = "lessons"
_NAMED = 6
"""Topics named in a sentence."""


class Shelf:
    """The lessons in folders, those of the first folder before others of the same id.

    A broken file is a sentence in `problems` and never stops the others.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self.problems: tuple[str, ...] = ()
        self._lessons: dict[str, Lesson] = {}
        problems: list[str] = []
        for folder in folders:
            here: dict[str, Lesson] = {}
            for file in _files(folder):
                try:
                    lesson = read(file)
                except LessonError as error:
                    problems.append(f"{error.message} {error.hint}".strip())
                    continue
                if other := here.get(lesson.id):
                    problems.append(
                        f"{clean_line(str(file))} has the id {lesson.id}, as has {other.file}; "
                        "it is left out."
                    )
                    continue
                here[lesson.id] = lesson
            self._lessons = here | self._lessons
        self.problems = tuple(problems)

    def lessons(self, language: str = "", *, drafts: bool = False) -> tuple[Lesson, ...]:
        """Return the lessons, those of a topic together and the easiest first.

        `language` is a code such as `fr`; "" takes all. Drafts are left out unless wanted.
        """
        return tuple(
            sorted(
                (
                    each
                    for each in self._lessons.values()
                    if (drafts or not each.draft) and _speaks(each, language)
                ),
                key=lambda each: (each.language, each.subject, each.topic, each.level, each.id),
            )
        )

    def lesson(self, lesson_id: str) -> Lesson | None:
        """Return the lesson of an id, None where it is gone."""
        return self._lessons.get(lesson_id)

    def exercise(self, exercise_id: str) -> tuple[Lesson, Exercise] | None:
        """Return the exercise of an id (`lesson/name`) with its lesson, None where it is gone."""
        lesson = self.lesson(exercise_id.partition("/")[0])
        if lesson is None:
            return None
        found = next((each for each in lesson.exercises if each.id == exercise_id), None)
        return None if found is None else (lesson, found)

    def find(self, topic: str, language: str = "") -> tuple[Lesson, ...]:
        """Return the lessons on a topic, the easiest first: by id, topic, subject or words of the
        title; raises InputError with names that are near."""
        wanted = _plain(topic)
        lessons = self.lessons(language)
        for matches in (
            lambda each: each.id == wanted.replace(" ", "-"),
            lambda each: _plain(each.topic) == wanted,
            lambda each: _plain(each.subject) == wanted,
            lambda each: set(wanted.split()) <= set(_plain(f"{each.title} {each.topic}").split()),
            lambda each: wanted and wanted in _plain(f"{each.title} {each.topic} {each.subject}"),
        ):
            if found := [each for each in lessons if matches(each)]:
                return tuple(sorted(found, key=lambda each: (each.level, each.id)))
        raise self._unknown(topic, wanted, lessons)

    def _unknown(self, topic: str, wanted: str, lessons: Sequence[Lesson]) -> InputError:
        names = {_plain(each.topic): each.topic for each in lessons}
        names |= {_plain(each.title): each.title for each in lessons}
        near = difflib.get_close_matches(wanted, names, _NAMED)
        told = [names[each] for each in near] or sorted({each.topic for each in lessons})[:_NAMED]
        hint = f"There are: {', '.join(told)}." if told else "There are no lessons at all."
        return InputError(f"There is no lesson on {clean_line(topic, 60)!r}.", hint)


def folders(paths: Paths) -> list[Path]:
    """Return where lessons are, one's own first."""
    shared = [each / _FOLDER for each in paths.system_data]
    return [paths.lessons, *shared, STARTER]


def of(paths: Paths) -> Shelf:
    """Return all lessons of an account."""
    return Shelf(folders(paths))


def _files(folder: Path) -> Iterator[Path]:
    try:
        yield from sorted(folder.rglob("*.md"))
    except OSError:  # a folder that may not be read has no lessons for this account
        return


def _speaks(lesson: Lesson, language: str) -> bool:
    return not language or lesson.language.partition("-")[0] == language.partition("-")[0].lower()


def _plain(text: str) -> str:
    """Return a text without capitals, accents and runs of white space."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(each for each in parts if not unicodedata.combining(each)).split())

"""Writes a lesson as the file that is read as the same lesson again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from hinterland.errors import InputError
from hinterland.plugins.tutoring.lessons import AnswerKind, Exercise, Given, Lesson
from hinterland.plugins.tutoring.lessons.reading import parse
from hinterland.plugins.tutoring.lessons.trouble import LessonError

_LETTERED = {AnswerKind.EXPRESSION, AnswerKind.EQUATION}


def lessons_text(lesson: Lesson) -> str:
    """Return a lesson as the text of its file.

    Raises InputError for one that holds what the format has no way to write, such as a heading in
    its explanation: `taming` takes such things their meaning.
    """
    text = "\n".join(_lines(lesson)) + "\n"
    try:
        read = parse(text, lesson.file)
    except LessonError as error:
        raise InputError(
            f"The lesson {lesson.id} cannot be written: {error.message}", error.hint
        ) from error
    if _without_places(read) != _without_places(lesson):
        raise InputError(
            f"The lesson {lesson.id} cannot be written so that it is read again as it is.",
            "Are there empty lines in its hints, or headings in its texts?",
        )
    return text


def _without_places(lesson: Lesson) -> Lesson:
    exercises = tuple(
        msgspec.structs.replace(
            each,
            line=0,
            given=tuple(msgspec.structs.replace(given, line=0) for given in each.given),
        )
        for each in lesson.exercises
    )
    return msgspec.structs.replace(lesson, exercises=exercises, file=Path())


def _lines(lesson: Lesson) -> Iterator[str]:
    yield "---"
    yield f"id: {lesson.id}"
    yield f"title: {lesson.title}"
    yield f"subject: {lesson.subject}"
    if lesson.topic != lesson.subject:
        yield f"topic: {lesson.topic}"
    yield f"level: {lesson.level}"
    yield f"language: {lesson.language}"
    if lesson.needs:
        yield f"needs: {', '.join(lesson.needs)}"
    for name, told in lesson.objectives.items():
        yield f"objective {name}: {told}"
    for source in lesson.sources:
        yield f"source: {source}"
    if lesson.draft:
        yield "status: draft"
    yield "---"
    for heading, text in (
        ("Explanation", lesson.explanation),
        ("Example", lesson.example),
        ("Passage", lesson.passage),
    ):
        if text or heading == "Explanation":
            yield from ("", f"# {heading}", "", text)
    yield from ("", "# Exercises")
    for exercise in lesson.exercises:
        yield ""
        yield from _exercise(lesson, exercise)


def _exercise(lesson: Lesson, exercise: Exercise) -> Iterator[str]:
    yield f"## {exercise.id.rpartition('/')[2]}"
    yield ""
    yield exercise.prompt
    yield ""
    for key, value in _fields(lesson, exercise):
        first, *others = value.split("\n")
        yield f"- {key}: {first}"
        for other in others:
            yield f"  {other}"


def _fields(lesson: Lesson, exercise: Exercise) -> Iterator[tuple[str, str]]:
    if len(lesson.objectives) > 1:
        yield "objective", exercise.objective
    for given in exercise.given:
        yield "given", f"{given.name} = {_values(given)}"
    for key, values in (
        ("where", exercise.where),
        ("type", (exercise.kind.value,)),
        ("form", (exercise.form.value,)),
        ("letters", _letters(exercise)),
        ("option", exercise.options),
        ("answer", exercise.answers),
        ("check", (exercise.check,)),
        ("quote", (exercise.quote,)),
        ("sentence", (exercise.sentence,)),
        ("run", ("yes" if exercise.run else "",)),
        ("hint", exercise.hints),
        ("mistake", tuple(f"{each.answer} | {each.told}" for each in exercise.mistakes)),
        ("step", exercise.steps),
    ):
        for value in values:
            if value:
                yield key, value


def _values(given: Given) -> str:
    if not given.first:
        return " | ".join(given.values)
    return f"{given.first}..{given.last}"


def _letters(exercise: Exercise) -> tuple[str, ...]:
    usual = ("x",) if exercise.kind in _LETTERED else ()
    return () if exercise.letters == usual else (" ".join(exercise.letters),)

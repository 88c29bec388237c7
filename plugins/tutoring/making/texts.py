"""A draft lesson made of a teacher's own text, from its file to the lesson's file."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from hinterland import durable
from hinterland.errors import InputError, JobError
from hinterland.language import _
from hinterland.plugins import languages
from hinterland.plugins.tutoring import words
from hinterland.plugins.tutoring.lessons import Lesson
from hinterland.plugins.tutoring.making import source as sources
from hinterland.plugins.tutoring.making import taming
from hinterland.plugins.tutoring.making.building import Facts, lesson_of
from hinterland.plugins.tutoring.making.drafting import Asker, Told, draft
from hinterland.plugins.tutoring.making.sieve import Dropped
from hinterland.plugins.tutoring.making.writing import lessons_text
from hinterland.text import clean_line

QUESTIONS = 20
"""Questions of a draft, unless another number is wanted."""
_SUFFIX = ".lesson.md"


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    """What the maker of a lesson says about it; "" leaves it to the text."""

    questions: int = QUESTIONS
    language: str = ""
    title: str = ""
    subject: str = ""
    level: int = 1


class Made(msgspec.Struct, frozen=True):
    """A draft that was written."""

    file: Path
    lesson: Lesson
    dropped: tuple[Dropped, ...]
    """Questions that the model wrote and that were not kept, and why."""
    notes: tuple[str, ...]
    """What of the text was not used, in sentences."""


async def make(
    text: Path,
    asker: Asker,
    wishes: Wishes,
    *,
    target: Path | None = None,
    replace: bool = False,
    config_folder: Path | None = None,
    told: Told = lambda done, total, kept: None,
) -> Made:
    """Write a draft lesson on a PDF, Word, Markdown or text file, and return what came of it.

    It goes to `target`, by default `NAME.lesson.md` in the current folder, and to nothing that is
    there already unless it is to be replaced. Raises InputError for a text that cannot be used,
    JobError where no question could be kept, and what asking a model raises.
    """
    file = target or Path(f"{text.stem}{_SUFFIX}")
    check_free(file, replace=replace)
    source = await asyncio.to_thread(sources.read, text)
    facts = _facts(source, wishes)
    said = words.load(facts.language, config_folder)
    found = await draft(
        source,
        asker,
        questions=wishes.questions,
        language=facts.language,
        config_folder=config_folder,
        told=told,
    )
    lesson, unfit = await asyncio.to_thread(lesson_of, source, found, facts, said)
    dropped = (*found.dropped, *unfit)
    if not lesson.exercises:
        raise JobError(
            f"No question on {clean_line(text.name)} could be kept, of {len(dropped)} that the "
            f"model wrote{_commonest(dropped)}.",
            "Try a larger model, or a text with more facts in it.",
        )
    await asyncio.to_thread(write, lesson, file, replace=replace)
    notes = ((source.note,) if source.note else ()) + found.unused
    lesson = msgspec.structs.replace(lesson, file=file)
    return Made(file, lesson, dropped, notes)


def check_free(file: Path, *, replace: bool) -> None:
    """Raise InputError where a file would be overwritten that nobody said should be."""
    if file.is_dir():
        raise InputError(f"{clean_line(str(file))} is a folder.", "Name a file.")
    if file.exists() and not replace:
        raise InputError(
            f"{clean_line(str(file))} is there already.", "Name another file, or add --overwrite."
        )


def write(lesson: Lesson, file: Path, *, replace: bool = False) -> None:
    """Write a lesson's file; raises InputError where one is there, StorageError where it cannot be
    written."""
    text = lessons_text(msgspec.structs.replace(lesson, file=Path()))
    with durable.locked(file):
        check_free(file, replace=replace)
        durable.replace_file(file, text.encode())


def language_of(text: str, wished: str) -> str:
    """Return the code of a text's language; raises InputError for one that is unknown."""
    if wished:
        return languages.find(wished).code
    found = languages.detect(text).language
    if found is None:
        raise InputError(
            "It is not clear which language the text is in.",
            "Say it, such as with `--language fr`.",
        )
    return found.code


def _facts(source: sources.Source, wishes: Wishes) -> Facts:
    title = taming.line(wishes.title) or source.title
    return Facts(
        id=taming.name(title),
        title=title,
        subject=taming.line(wishes.subject) or title,
        language=language_of(source.text, wishes.language),
        level=wishes.level,
    )


def _commonest(dropped: tuple[Dropped, ...]) -> str:
    """Return the reason that most questions were dropped for, to follow a clause."""
    reasons = [each.why for each in dropped]
    if not reasons:
        return ""
    return _(", most of them because {why}").format(why=max(reasons, key=reasons.count))

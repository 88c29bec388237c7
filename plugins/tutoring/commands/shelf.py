"""`hint tutor lessons` and `hint tutor check`: which lessons there are, and whether a file is right."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hinterland.errors import JobError
from hinterland.language import _, n_
from hinterland.sentences import sentence, translated
from hinterland.text import clean_line

if TYPE_CHECKING:
    from hinterland.plugins.tutoring.lessons import Lesson
    from hinterland.plugins.tutoring.proofing import Problem


@click.command()
@click.option("--language", metavar="CODE", default="", help="Only those in this language.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def lessons(language: str, as_json: bool) -> None:
    """List the lessons of this box."""
    from hinterland import paths
    from hinterland.plugins import languages
    from hinterland.plugins.tutoring.commands import printing
    from hinterland.plugins.tutoring.lessons import shelf

    code = languages.find(language).code if language else ""
    found = shelf.of(paths.find())
    listed = found.lessons(code, drafts=True)
    for problem in found.problems:
        _tell(translated(problem))
    if as_json:
        printing.write_json(
            {
                "version": 1,
                "lessons": [
                    {
                        "id": each.id,
                        "title": each.title,
                        "subject": each.subject,
                        "topic": each.topic,
                        "level": each.level,
                        "language": each.language,
                        "objectives": dict(each.objectives),
                        "exercises": len(each.exercises),
                        "draft": each.draft,
                        "file": str(each.file),
                    }
                    for each in listed
                ],
            }
        )
        return
    if not listed:
        click.echo(_("There are no such lessons."), err=True)
        return
    printing.write_table(
        (_("topic"), _("level"), _("language"), _("exercises"), _("lesson")),
        [
            (
                each.topic,
                str(each.level),
                each.language,
                str(len(each.exercises)),
                f"{each.title} ({_('draft')})" if each.draft else each.title,
            )
            for each in listed
        ],
    )


@click.command()
@click.argument(
    "files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path)
)
@click.option(
    "--seeds",
    type=click.IntRange(1, 100_000),
    default=50,
    show_default=True,
    help="Draws of numbers of each exercise.",
)
def check(files: tuple[Path, ...], seeds: int) -> None:
    """Say whether lesson files are right: their form, every answer key, every hint."""
    import asyncio

    from hinterland.plugins.tutoring.lessons import reading
    from hinterland.plugins.tutoring.lessons.trouble import LessonError

    wrong = 0
    for file in files:
        try:
            lesson = reading.read(file)
        except LessonError as error:
            wrong += 1
            _tell(sentence(error))
            continue
        problems = asyncio.run(_problems(lesson, seeds))
        for each in problems:
            said = _("{file}, line {line}: {trouble}") if each.line else "{file}: {trouble}"
            trouble = translated(each.sentence)
            if not each.serious:
                trouble = _("(perhaps) {trouble}").format(trouble=trouble)
            _tell(said.format(file=file, line=each.line, trouble=trouble))
        if any(each.serious for each in problems):
            wrong += 1
            continue
        count = len(lesson.exercises)
        said = n_("{file}: right, {count} exercise", "{file}: right, {count} exercises", count)
        click.echo(clean_line(said.format(file=file, count=count), 600))
    if wrong:
        told = n_("{count} file is not right.", "{count} files are not right.", wrong)
        raise JobError(told.format(count=wrong), _("Mend it and check it again."))


async def _problems(lesson: Lesson, seeds: int) -> list[Problem]:
    from hinterland.plugins.tutoring import proofing
    from hinterland.plugins.tutoring.checking import Checker

    async with Checker() as checker:
        return await proofing.proof(lesson, checker, seeds)


def _tell(told: str) -> None:
    click.echo(f"hint: {clean_line(told, 600)}", err=True)

"""`hint tutor lessons` and `hint tutor check`: which lessons there are, and whether a file is right."""

from __future__ import annotations

from pathlib import Path

import click

from hinterland.errors import JobError
from hinterland.language import _, n_
from hinterland.sentences import translated
from hinterland.text import clean_line


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
        click.echo(f"hint: {clean_line(translated(problem), 600)}", err=True)
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
def check(files: tuple[Path, ...]) -> None:
    """Say whether lesson files are right: their form, every answer key, every hint."""
    from hinterland.errors import InputError
    from hinterland.plugins.tutoring import proofing
    from hinterland.plugins.tutoring.lessons import reading

    wrong = 0
    for file in files:
        try:
            lesson = reading.read(file)
        except InputError as error:
            wrong += 1
            click.echo(f"hint: {_sentence(error)}", err=True)
            continue
        faults = proofing.faults(lesson)
        for fault in faults:
            click.echo(f"hint: {clean_line(translated(str(fault)), 600)}", err=True)
        wrong += bool(faults)
        if not faults:
            said = n_(
                "{file}: right, {count} exercise",
                "{file}: right, {count} exercises",
                len(lesson.exercises),
            )
            click.echo(said.format(file=clean_line(str(file)), count=len(lesson.exercises)))
    if wrong:
        raise JobError(
            n_("{count} file is not right.", "{count} files are not right.", wrong).format(
                count=wrong
            )
        )


def _sentence(error: Exception) -> str:
    from hinterland.errors import HinterlandError
    from hinterland.sentences import sentence

    return clean_line(sentence(error) if isinstance(error, HinterlandError) else str(error), 600)

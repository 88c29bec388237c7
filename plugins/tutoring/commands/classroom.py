"""`hint tutor quiz` and `results`: sheets to print, and what a class has learnt."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from hinterland.language import _, n_

_FILE = click.Path(path_type=Path, dir_okay=False)
_BETWEEN = '\n<div style="page-break-after: always"></div>\n\n'
_SEEDS = 10_000


@click.command()
@click.argument("topic", nargs=-1, required=True)
@click.option(
    "-n", "--questions", type=click.IntRange(1), default=10, show_default=True, help="How many."
)
@click.option("--seed", type=click.IntRange(0), help="The same number makes the same quiz again.")
@click.option(
    "--sheets", type=click.IntRange(1), default=1, help="So many, with other numbers on each."
)
@click.option(
    "-o",
    "--output",
    type=_FILE,
    metavar="FILE",
    help="The quiz; its answer key goes beside it, as FILE.key.md.",
)
@click.option("--key", type=_FILE, metavar="FILE", help="The answer key, instead.")
@click.option("--title", default="", help="Instead of the topic.")
@click.option("--language", metavar="CODE", default="", help="Only lessons in this language.")
@click.option("--overwrite", is_flag=True, help="Replace files that are there.")
def quiz(
    topic: tuple[str, ...],
    questions: int,
    seed: int | None,
    sheets: int,
    output: Path | None,
    key: Path | None,
    title: str,
    language: str,
    overwrite: bool,
) -> None:
    """Write a quiz to print, and its answer key."""
    import random

    from hinterland import paths
    from hinterland.plugins import languages
    from hinterland.plugins.tutoring import classroom, words
    from hinterland.plugins.tutoring.classroom import sheets as writing
    from hinterland.plugins.tutoring.commands import printing
    from hinterland.plugins.tutoring.lessons import shelf
    from hinterland.plugins.tutoring.sitting import spoken

    found = paths.find()
    if output is not None and key is None:
        key = output.with_name(f"{output.stem}.key.md")
    for file in (output, key):
        if file is not None:
            printing.check_new(file, overwrite=overwrite)
    name = " ".join(topic)
    code = languages.find(language).code if language else ""
    all_lessons = shelf.of(found)
    lessons = all_lessons.find(name, code)
    if not code:  # one sheet is in one language
        codes = [each.language for each in lessons]
        code = next((each for each in codes if each.startswith(spoken())), codes[0])
        lessons = tuple(each for each in lessons if each.language == code)
    if seed is None:
        seed = random.SystemRandom().randrange(_SEEDS)
    drawn = classroom.draw(lessons, title or name, questions, seed, sheets)
    said = words.load(drawn.language, found.config)
    text = _BETWEEN.join(writing.sheet(drawn, number, said) for number in range(sheets))
    if output is None:
        click.echo(text, nl=False)
    else:
        printing.write_file(output, text)
        click.echo(_("Written: {file}").format(file=output))
    if key is not None:
        printing.write_file(key, writing.key(drawn, said))
        click.echo(_("Written: {file}").format(file=key), err=output is None)
    printing.say(_("seed {seed}: the same number makes the same quiz").format(seed=seed))
    if drawn.alike:
        told = n_(
            "{count} question is the same on every sheet",
            "{count} questions are the same on every sheet",
            drawn.alike,
        )
        printing.say(told.format(count=drawn.alike))


@click.command()
@click.argument(
    "files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path)
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--csv", type=_FILE, metavar="FILE", help="Write a table of pupils and objectives.")
@click.option("--overwrite", is_flag=True, help="Replace a file that is there.")
def results(files: tuple[Path, ...], as_json: bool, csv: Path | None, overwrite: bool) -> None:
    """Show what a class has learnt, from what `hint tutor export --results` wrote for each pupil."""
    from hinterland import paths
    from hinterland.plugins.forms.columns import width_of
    from hinterland.plugins.tutoring.classroom import results as gathering
    from hinterland.plugins.tutoring.classroom.table import table
    from hinterland.plugins.tutoring.commands import printing
    from hinterland.plugins.tutoring.lessons import shelf
    from hinterland.plugins.tutoring.pupils.drawing import subjects

    if csv is not None:
        printing.check_new(csv, overwrite=overwrite)
    found = gathering.gather(files)
    known = subjects(shelf.of(paths.find()).lessons(drafts=True))
    for file in found.older:
        printing.say(_("{file} is left out: there is a newer one of this pupil").format(file=file))
    if csv is not None:
        printing.write_file(csv, gathering.as_csv(found, known))
        click.echo(_("Written: {file}").format(file=csv), err=as_json)
    if as_json:
        printing.write_json(gathering.as_json(found, known))
    elif csv is None:
        click.echo("\n".join(table(found, known, width_of(sys.stdout))))

"""`hint tutor make`, `accept` and `import`: lessons out of a teacher's own texts and cards."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hinterland.errors import InputError
from hinterland.language import _, n_

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hinterland.plugins.tutoring.making.texts import Made, Wishes

_FILE = click.Path(path_type=Path, dir_okay=False)
_TOLD = 12
"""Questions that were dropped which are named; the others are counted."""


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("-n", "--questions", type=click.IntRange(1), help="How many questions at most.")
@click.option(
    "-o", "--output", type=_FILE, metavar="FILE", help="The draft, instead of NAME.lesson.md."
)
@click.option("-m", "--model", help="The model that writes the questions.")
@click.option("--title", default="", help="Instead of the text's own.")
@click.option("--subject", default="", help="Such as geography.")
@click.option(
    "--level", type=click.IntRange(1, 20), default=1, help="From 1; about a year of school each."
)
@click.option("--language", metavar="CODE", default="", help="Of the text; else it is found out.")
@click.option("--overwrite", "replace", is_flag=True, help="Replace a draft that is there.")
def make(
    file: Path,
    questions: int | None,
    output: Path | None,
    model: str | None,
    title: str,
    subject: str,
    level: int,
    language: str,
    replace: bool,
) -> None:
    """Make a draft lesson of a text (PDF, Word, Markdown): a model asks, the text answers.

    Pupils get it when somebody has read it: `hint tutor accept`.
    """
    import asyncio

    from hinterland import api, config, paths
    from hinterland.plugins.tutoring.commands import printing
    from hinterland.plugins.tutoring.making import texts
    from hinterland.progress_line import ProgressLine

    found = paths.find()
    settings = config.load(found.config_file)
    wished = _wishes(title, subject, level, language, questions or texts.QUESTIONS)
    named = model or settings.tutoring.model or settings.model or None
    remote = settings.remote(named)
    if remote is not None:
        said = _("the text will leave this machine, to {url}").format(url=remote.url)
        printing.say(said)
    progress = ProgressLine()

    def told(done: int, total: int, kept: int) -> None:
        said = _("part {done} of {total}, questions so far: {kept} …")
        progress.say(said.format(done=done, total=total, kept=kept))

    async def run() -> Made:
        async with api.connect(named, told=api.told_before) as asker:
            return await texts.make(
                file,
                asker,
                wished,
                target=output,
                replace=replace,
                config_folder=found.config,
                told=told,
            )

    try:
        made = asyncio.run(run())
    finally:
        progress.clear()
    dropped = [
        _("dropped: {question} ({why})").format(question=each.question, why=each.why)
        for each in made.dropped
    ]
    _tell((*made.notes, *dropped[:_TOLD]))
    if len(dropped) > _TOLD:
        _tell([_("dropped: {count} more").format(count=len(dropped) - _TOLD)])
    count = len(made.lesson.exercises)
    said = n_("{file}: a draft of {count} question", "{file}: a draft of {count} questions", count)
    click.echo(said.format(file=made.file, count=count))
    printing.say(_("`hint tutor accept {file}` goes through it").format(file=made.file))


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--all", "everything", is_flag=True, help="Accept it unread, and answer for all of it."
)
@click.option("--overwrite", "replace", is_flag=True, help="Replace a lesson of the same id.")
def accept(file: Path, everything: bool, replace: bool) -> None:
    """Go through a draft, question by question; then pupils get it."""
    from hinterland import paths
    from hinterland.plugins.tutoring.commands import printing
    from hinterland.plugins.tutoring.making import accepting

    folder = paths.find().lessons
    if everything:
        found = accepting.accept_all(file, folder, replace=replace)
    else:
        if not printing.asks():
            raise InputError(
                "Nobody can be asked here.", "Add --all to answer for the whole draft."
            )
        found = accepting.accept(file, folder, _Talk(), replace=replace)
    if found.file is None:
        said = n_("{count} question waits.", "{count} questions wait.", found.waiting)
        click.echo(said.format(count=found.waiting))
        return
    said = n_(
        "{file}: a lesson of {count} question", "{file}: a lesson of {count} questions", found.count
    )
    click.echo(said.format(file=found.file, count=found.count))


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--title", default="", help="Instead of the file's name.")
@click.option("--subject", default="", help="Such as geography.")
@click.option(
    "--level", type=click.IntRange(1, 20), default=1, help="From 1; about a year of school each."
)
@click.option("--language", metavar="CODE", default="", help="Of the cards; else it is found out.")
@click.option("--overwrite", "replace", is_flag=True, help="Replace lessons of this title.")
def import_(file: Path, title: str, subject: str, level: int, language: str, replace: bool) -> None:
    """Make lessons of cards: a table (CSV), or text that Anki exported."""
    from hinterland import paths
    from hinterland.plugins.tutoring.making import imports

    found = paths.find()
    wished = _wishes(title, subject, level, language)
    made = imports.import_cards(
        file, found.lessons, wished, replace=replace, config_folder=found.config
    )
    _tell((*made.problems, *made.notes))
    said = n_(
        "{count} card is an exercise now, in:", "{count} cards are exercises now, in:", made.count
    )
    click.echo(said.format(count=made.count))
    for each in made.files:
        click.echo(f"  {each}")


def _wishes(title: str, subject: str, level: int, language: str, questions: int = 1) -> Wishes:
    from hinterland.plugins import languages
    from hinterland.plugins.tutoring.making.texts import Wishes

    code = languages.find(language).code if language else ""
    return Wishes(questions=questions, language=code, title=title, subject=subject, level=level)


def _tell(sentences: Iterable[str]) -> None:
    from hinterland.plugins.tutoring.commands import printing
    from hinterland.sentences import translated

    for each in sentences:
        printing.say(translated(each))


class _Talk:
    """A person at a terminal who goes through a draft."""

    def tell(self, text: str) -> None:
        """Say something."""
        click.echo(text)

    def ask(self, text: str, keys: str) -> str:
        """Return one of the letters in `keys`; "" where nobody answers any more."""
        while True:
            click.echo(f"{text} [{'/'.join(keys)}] ", nl=False)
            sys.stdout.flush()
            line = sys.stdin.readline()
            if not line:
                click.echo()
                return ""
            answer = line.strip().casefold()[:1]
            if answer and answer in keys:
                return answer

    def edit(self, text: str) -> str:
        """Return a text as the person has changed it in their editor."""
        try:
            changed = click.edit(text, extension=".md")
        except click.ClickException as error:
            self.tell(_("There is no editor here: {why}").format(why=error.message))
            return text
        return text if changed is None else changed

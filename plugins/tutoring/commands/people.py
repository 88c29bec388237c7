"""`hint tutor pupils`, `progress` and `export`: who learns here, and what each of them has learnt."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hinterland.errors import InputError
from hinterland.language import _, n_
from hinterland.sentences import translated

if TYPE_CHECKING:
    from hinterland.plugins.tutoring.pupils.box import Listed, PupilBox
    from hinterland.plugins.tutoring.pupils.pupil import Pupil

_COURTESY = "A PIN keeps pupils apart; it is a courtesy, and does not protect the files."
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_pupil = click.option(
    "--pupil", metavar="NAME", default="", help="Whose; may be left out where there is one."
)


@click.group(invoke_without_command=True)
@click.pass_context
def pupils(ctx: click.Context) -> None:
    """List the pupils of this box, and add, rename and remove them."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_)


@pupils.command("list")
@_json
def list_(as_json: bool) -> None:
    """List the pupils."""
    from hinterland.plugins.tutoring.commands import printing

    found = _everybody()
    if as_json:
        listed = [
            {
                "name": each.name,
                "created": each.created.isoformat(),
                "seen": each.seen.isoformat(),
                "has_pin": each.has_pin,
            }
            for each in found
        ]
        printing.write_json({"version": 1, "pupils": listed})
    elif not found:
        click.echo(_("Nobody learns here yet: `hint tutor` asks for a name."), err=True)
    else:
        rows = [
            (each.name, f"{each.seen.astimezone():%Y-%m-%d}", _("PIN") if each.has_pin else "")
            for each in found
        ]
        printing.write_table((_("name"), _("seen"), ""), rows)


@pupils.command()
@click.argument("name")
@click.option("--pin", "with_pin", is_flag=True, help="Ask for a PIN too.")
@click.option("--language", metavar="CODE", default="", help="Of lessons and of the tutor's words.")
def add(name: str, with_pin: bool, language: str) -> None:
    """Add a pupil."""
    from hinterland.plugins import languages
    from hinterland.plugins.tutoring.pupils.files import Settings

    code = languages.find(language).code if language else ""
    added = box().add(name, _new_pin() if with_pin else "", Settings(language=code))
    click.echo(_("Added: {name}").format(name=added.name))


@pupils.command()
@click.argument("name")
@click.option("--clear", is_flag=True, help="Have no PIN any more.")
def pin(name: str, clear: bool) -> None:
    """Give a pupil another PIN, whatever it was, or none.

    It is a courtesy between pupils, not security: whoever can read the files needs none.
    """
    found = box().look(name)
    box().set_pin(found.name, "" if clear else _new_pin())
    said = _("{name} has no PIN now.") if clear else _("{name} has a new PIN.")
    click.echo(said.format(name=found.name))


@pupils.command()
@click.argument("name")
@click.argument("new", metavar="NEW")
def rename(name: str, new: str) -> None:
    """Give a pupil another name."""
    box().rename(name, new)
    click.echo(_("{name} is called {new} now.").format(name=" ".join(name.split()), new=new))


@pupils.command()
@click.argument("name")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def remove(name: str, yes: bool) -> None:
    """Remove a pupil, with everything that was kept."""
    from hinterland.plugins.tutoring.commands import printing

    found = box().look(name)
    if not yes:
        if not printing.asks():
            raise InputError("Nobody can be asked here whether to remove it.", "Add --yes.")
        said = n_(
            "Remove {name} and {count} exercise for good?",
            "Remove {name} and {count} exercises for good?",
            len(found.cards),
        )
        click.confirm(said.format(name=found.name, count=len(found.cards)), abort=True, err=True)
    box().remove(found.name)
    click.echo(_("Removed: {name}").format(name=found.name))


@click.command()
@_pupil
@click.option("--all", "everybody", is_flag=True, help="With --json: of every pupil.")
@_json
def progress(pupil: str, everybody: bool, as_json: bool) -> None:
    """Show what a pupil has learnt: bars, and a calendar; --json for teachers."""
    from hinterland import paths
    from hinterland.plugins.forms.columns import width_of
    from hinterland.plugins.tutoring.commands import printing
    from hinterland.plugins.tutoring.lessons import shelf
    from hinterland.plugins.tutoring.pupils import drawing, reporting

    if everybody and not as_json:
        raise InputError("--all is for programs.", "Add --json, or name a pupil with --pupil.")
    if everybody and pupil:
        raise InputError("--all and --pupil name different pupils.", "Give one of them.")
    known = drawing.subjects(shelf.of(paths.find()).lessons(drafts=True))
    if everybody:
        found = [reporting.as_json(box().look(each.name), known) for each in _everybody()]
        printing.write_json({"version": 1, "pupils": found})
    elif as_json:
        printing.write_json(reporting.as_json(box().look(the_pupil(pupil)), known))
    else:
        drawn = drawing.signs(sys.stdout.encoding)
        one = box().look(the_pupil(pupil))
        click.echo("\n".join(drawing.progress(one, known, width_of(sys.stdout), drawn)))


@click.command()
@_pupil
@click.option(
    "--anki",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.apkg",
    help="Cards for Anki.",
)
@click.option(
    "--csv",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Every exercise that was done, as a table.",
)
@click.option(
    "--results",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="For the teacher, who puts those of a class together.",
)
@click.option("--overwrite", is_flag=True, help="Replace files that are there.")
def export(
    pupil: str, anki: Path | None, csv: Path | None, results: Path | None, overwrite: bool
) -> None:
    """Write what a pupil has learnt into files."""
    from hinterland.plugins.tutoring.commands import printing

    wanted = {"anki": anki, "csv": csv, "results": results}
    if not any(wanted.values()):
        raise InputError("Say what to write.", "Add --anki FILE, --csv FILE or --results FILE.")
    for file in wanted.values():
        if file is not None:
            printing.check_new(file, overwrite=overwrite)
    found = box().look(the_pupil(pupil))
    for form, file in wanted.items():
        if file is not None:
            printing.write_file(file, _content(found, form))
            click.echo(_("Written: {file}").format(file=file))


def _content(pupil: Pupil, form: str) -> str | bytes:
    """Return the file of what a pupil has learnt."""
    from hinterland import paths
    from hinterland.plugins.tutoring.lessons import shelf
    from hinterland.plugins.tutoring.pupils.exports import results, sheet

    if form == "csv":
        return sheet.sheet(pupil)
    if form == "results":
        return results.encoded(results.results(pupil))
    from hinterland.plugins.tutoring.commands import deck

    return deck.of(pupil, shelf.of(paths.find()))


def box() -> PupilBox:
    """Return everybody who learns with this account."""
    from hinterland import paths
    from hinterland.plugins.tutoring.sitting import box

    return box(paths.find())


def _everybody() -> list[Listed]:
    """Return all pupils; of one whose file is damaged it is said on stderr, and no other is hidden."""
    everybody = box()
    found = everybody.list()
    for problem in everybody.problems:
        click.echo(translated(problem), err=True)
    return found


def the_pupil(name: str) -> str:
    """Return the pupil that is meant, the only one where none is named; raises InputError."""
    if name:
        return name
    found = box().list()
    if not found:
        raise InputError("Nobody learns here yet.", "`hint tutor` asks for a name.")
    if len(found) > 1:
        raise InputError(
            "There are several pupils.", "Name one with --pupil; `hint tutor pupils` lists them."
        )
    return found[0].name


def _new_pin() -> str:
    from hinterland.plugins.tutoring.commands import printing

    if not printing.asks():
        raise InputError("A PIN is typed on a terminal.", "Run this where somebody can type it.")
    click.echo(_(_COURTESY), err=True)
    typed: str = click.prompt(
        _("PIN, 4 to 12 digits"), hide_input=True, confirmation_prompt=True, err=True
    )
    return typed

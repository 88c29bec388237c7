"""`hint box class results` and `transcripts`: what the box keeps of a class, for its teachers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hinterland.cli.box.one_class import the_class_in_force
from hinterland.cli.tables import say, terminal_width, write_json, write_table
from hinterland.errors import InputError, StorageError
from hinterland.language import _, n_
from hinterland.text import clean, clean_line

if TYPE_CHECKING:
    from hinterland.box.class_results import Table

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.command()
@click.argument("name")
@click.option(
    "--day", metavar="YYYY-MM-DD", default="", help="Instead of today; `all` for all days."
)
@click.option(
    "--csv",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write a table of pupils and questions.",
)
@click.option("--overwrite", is_flag=True, help="Replace a file that is there.")
@_json
def results(name: str, day: str, csv: Path | None, overwrite: bool, as_json: bool) -> None:
    """Show how a class did its quiz: for its teachers and root."""
    from hinterland.box import class_results
    from hinterland.box.asking import ask
    from hinterland.box.records import Result

    role, site = the_class_in_force(name)
    if csv is not None and csv.exists() and not overwrite:
        raise InputError(f"There is a file {csv} already.", "Name another one, or add --overwrite.")
    wanted = class_results.day(day)
    found = ask("GET", f"/hint/class/{role.name}/results", list[Result])
    table = class_results.table(found, role, site, wanted)
    if csv is not None:
        _write(csv, class_results.as_csv(table))
        click.echo(_("Written: {file}").format(file=csv), err=as_json)
    if as_json:
        write_json(class_results.as_json(table))
    elif csv is None:
        _show(table)


@click.command()
@click.argument("name")
@click.option("--user", metavar="LOGIN", default="", help="Of one pupil only.")
@_json
def transcripts(name: str, user: str, as_json: bool) -> None:
    """Show what pupils asked and were answered, where the role file has the box keep that.

    The pupils see when somebody looked.
    """
    import msgspec

    from hinterland.box import members
    from hinterland.box.asking import ask
    from hinterland.box.records import Said

    role, site = the_class_in_force(name)
    uid = members.uid_of(user) if user else None
    query = "" if uid is None else f"?uid={uid}"
    found: list[Said] = []
    if not user or uid is not None:
        found = ask("GET", f"/hint/class/{role.name}/transcripts{query}", list[Said])
    if user and not found and uid not in {each.uid for each in members.pupils(role, site)}:
        # Of one who has left the class there may be some still.
        raise InputError(f"{user} is no pupil of {role.name}.", f"hint box class show {name}")
    if as_json:
        write_json({"version": 1, "transcripts": msgspec.to_builtins(found)})
        return
    for said in found:
        who = members.member(said.uid).login
        click.echo(
            f"[{said.when.astimezone():%Y-%m-%d %H:%M}] {who} {clean_line(said.model)}".rstrip()
        )
        images = n_("{count} image", "{count} images", said.images).format(count=said.images)
        for mark, text in (("> ", said.prompt), ("", said.answer)):
            click.echo("\n".join(mark + line for line in clean(text).splitlines()))
        if said.images:
            click.echo(f"({images})")
        if said.failed:
            click.echo(_("(it failed)"))
        elif not said.whole:
            click.echo(_("(the answer was not read to its end)"))
        click.echo("")
    if not found:
        say(_("There are no transcripts of {name}.").format(name=role.name))


def _show(table: Table) -> None:
    rows = [
        (
            each.login,
            f"{each.when.astimezone():%Y-%m-%d %H:%M}",
            each.topic,
            f"{each.right}/{len(each.marks)}",
            f"{each.minutes:,}",
            f"{each.attempt:,}",
        )
        for each in table.rows
    ]
    if rows:
        headings = (_("pupil"), _("when"), _("topic"), _("right"), _("minutes"), _("attempt"))
        write_table(headings, rows, terminal_width())
    for exercise, right, pupils in table.hardest():
        told = _("{exercise}: right {right} of {pupils}")
        click.echo(told.format(exercise=exercise, right=right, pupils=pupils))
    if table.missing:
        say(_("nothing from: {names}").format(names=", ".join(table.missing)))


def _write(file: Path, content: str) -> None:
    from hinterland import durable

    try:
        with durable.replacing(file) as out:
            out.write(content.encode())
    except OSError as error:
        raise StorageError(
            f"The file {file} cannot be written: {error.strerror}.", "Name another one."
        ) from error

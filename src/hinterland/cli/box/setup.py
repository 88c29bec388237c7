"""`hint box setup`: make this machine a box for many people, or undo that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hinterland.language import _

if TYPE_CHECKING:
    from hinterland.box.ledger import Ledger, Thing
    from hinterland.box.setup import Plan, Wishes


@click.command()
@click.option("--model", "models", multiple=True, help="A model for everybody: a name or a file.")
@click.option("--user", "users", multiple=True, help="An account that may use the box.")
@click.option(
    "--teacher",
    "teachers",
    multiple=True,
    help="An account that may use the box, with a larger share of it.",
)
@click.option("--group", default="", help="The group that may use the box.")
@click.option("--accept-licence", is_flag=True, help="Accept the licence of a fetched model.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--undo", is_flag=True, help="Remove what setup made.")
def command(
    models: tuple[str, ...],
    users: tuple[str, ...],
    teachers: tuple[str, ...],
    group: str,
    accept_licence: bool,
    dry_run: bool,
    undo: bool,
) -> None:
    """Make this machine a box for many people: one engine, used by a group. Root only.

    Run again, it does what is missing and starts the box again if its settings changed.
    """
    from hinterland.box import ledger, setup

    setup.check_root()
    if undo and (models or users or teachers or group):
        raise click.UsageError(_("--undo takes nothing but --dry-run."))
    with ledger.alone():
        if undo:
            _undo(dry_run)
        else:
            _set_up(setup.Wishes(models, users, teachers, group, accept_licence), dry_run)


def _set_up(wishes: Wishes, dry_run: bool) -> None:
    from hinterland.box import ledger, setup
    from hinterland.models.progress import LineProgress

    with LineProgress() as progress:
        planned = setup.plan(wishes, progress)
        missing = planned.missing(ledger.load())
        if dry_run:
            for step in missing:
                click.echo(_("would make: {thing}").format(thing=_named(step.thing)))
            if not missing:
                click.echo(_("Everything is there; nothing would be changed."))
            return
        if missing:
            setup.carry_out(
                planned,
                lambda step: click.echo(_("made: {thing}").format(thing=_named(step.thing))),
            )
        else:
            click.echo(_("Everything is there; nothing was changed."))
    _tell(planned)


def _tell(planned: Plan) -> None:
    """Start the box where systemd can, and say what is left for people to do."""
    from hinterland.box import setup, shelf, systemd
    from hinterland.cli.tables import say

    if planned.unit and planned.unit.is_changed():
        say(_("{path} was changed by somebody and stays so.").format(path=planned.unit.path))
    if shut := setup.shut_folder():
        say(
            _("Others may not enter {folder}, so nobody can use the models: `chmod 755 {folder}`.")
            .format(folder=shut)
        )  # fmt: skip
    if not shelf.for_everybody():
        say(_("There is no model yet: `hint box setup --model starter` (or a file's path)."))
    if systemd.runs() and planned.unit:
        setup.start(planned.site, again=setup.is_stale(planned.site))
        click.echo(_("The box runs, and starts with the machine."))
    elif setup.is_listening(planned.site):
        click.echo(_("The box runs."))
        if setup.is_stale(planned.site):
            say(_("Its settings changed since: end that `hint box run` and start it again."))
    else:
        click.echo(_("systemd does not run this machine: `hint box run` runs the box."))
    click.echo(
        _("Who is in the group {group} uses it with `hint`: `hint box setup --user NAME` adds one, "
          "who then logs in anew.").format(group=planned.site.group)
    )  # fmt: skip


def _undo(dry_run: bool) -> None:
    from hinterland import site
    from hinterland.box import ledger, undo, unit
    from hinterland.cli.tables import say
    from hinterland.paths import BOX
    from hinterland.sentences import sentence

    made: Ledger | None = ledger.load()
    if made is None:
        click.echo(_("Nothing was set up here."))
        if left := [path for path in (unit.FILE, BOX) if path.exists()]:
            say(
                _("Or the list of it is gone, {file}: {left} is there.").format(
                    file=site.folder() / ledger.NAME, left=", ".join(map(str, left))
                )
            )
        return
    if dry_run:
        for thing in reversed(made.things):
            if undo.is_there(thing):
                click.echo(_("would remove: {thing}").format(thing=_named(thing)))
        if why := undo.in_the_way(made):
            say(sentence(why))
        return
    stays = False
    for done in undo.undo(made):
        if done.stays:
            stays = True
            say(_("left: {thing}. {reason}").format(thing=_named(done.thing), reason=done.stays))
        elif done.was_there:
            click.echo(_("removed: {thing}").format(thing=_named(done.thing)))
        else:
            click.echo(_("was not there: {thing}").format(thing=_named(done.thing)))
    if not stays:
        click.echo(_("The machine is as it was before setup."))


def _named(thing: Thing) -> str:
    """Return what a thing is called, for people."""
    from hinterland.box.ledger import Kind

    if thing.kind is Kind.MEMBER:
        group, _space, user = thing.name.partition(" ")
        return _("{user} in the group {group}").format(user=user, group=group)
    if thing.kind is Kind.FOLDER and thing.whole:
        return _("folder {name}, with all that the box keeps there").format(name=thing.name)
    if thing.kind is Kind.START:
        return _("start of {name} with the machine").format(name=thing.name)
    words = {
        Kind.FOLDER: _("folder {name}"),
        Kind.FILE: _("file {name}"),
        Kind.GROUP: _("group {name}"),
        Kind.USER: _("system user {name}"),
        Kind.MODEL: _("model {name}"),
    }
    return words[thing.kind].format(name=thing.name)

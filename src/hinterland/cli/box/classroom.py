"""`hint box class`: role files, and what a class leaves and hands in."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hinterland.cli.box.class_quiz import quiz
from hinterland.cli.box.class_records import results, transcripts
from hinterland.cli.box.class_wipe import wipe
from hinterland.cli.box.one_class import unknown
from hinterland.cli.tables import say, terminal_width, write_json, write_table
from hinterland.errors import ConfigError, HinterlandError
from hinterland.language import _, n_
from hinterland.sentences import sentence, translated
from hinterland.text import clean_line

if TYPE_CHECKING:
    from hinterland.box.class_routes import Mine
    from hinterland.box.roles import Role
    from hinterland.site import Site

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group(name="class")
def command() -> None:
    """Look after a class: its role file, results, and what pupils' sessions left."""


@command.command("list")
@_json
def list_(as_json: bool) -> None:
    """List the classes of this box."""
    from hinterland.box import members, roles
    from hinterland.box.asking import settings
    from hinterland.box.classes import closed

    site = settings()
    found, broken = roles.loaded(roles.folder(), members.writers(site))
    now = datetime.now()  # noqa: DTZ005 - lessons are in local time
    if as_json:
        listed = [
            {
                "name": role.name,
                "title": role.called,
                "group": role.group,
                "pupils": len(members.pupils(role, site)),
                "keep": role.keep,
                "closed": closed(role, now),
            }
            for role in found
        ]
        write_json({"version": 1, "classes": listed, "broken": [each.name for each in broken]})
    elif found:
        rows = [
            (
                role.name,
                role.called,
                role.group,
                f"{len(members.pupils(role, site)):,}",
                role.keep,
                _("closed") if closed(role, now) else _("open"),
            )
            for role in found
        ]
        headings = (_("name"), _("title"), _("group"), _("pupils"), _("keeps"), _("now"))
        write_table(headings, rows, terminal_width())
    elif not broken:
        say(_("There are no classes: {folder} has no role files.").format(folder=roles.folder()))
    for each in broken:
        say(sentence(each.error))


@command.command()
@click.argument("name", default="")
@_json
def show(name: str, as_json: bool) -> None:
    """Show the rules of a class; without NAME those that hold for you, and what is kept of you."""
    from hinterland.box.asking import ask, settings
    from hinterland.box.class_routes import Mine

    site, mine, trouble, broken = settings(), None, "", False
    if not name:
        try:
            mine = ask("GET", "/hint/class", Mine)
            name, trouble = mine.role, "" if mine.role else translated(mine.closed)
            broken = bool(trouble)
        except HinterlandError as error:
            (name, broken), trouble = _own_class(site), sentence(error)
    if not name:
        if trouble:
            say(trouble)
        if broken:
            return
        click.echo(_("You are in no class: no role file holds for you."))
        return
    role = _in_force(name, site, mine)
    if as_json:
        write_json(_values(role, site, mine))
        return
    for heading, value in _lines(role, site):
        click.echo(f"{heading}: {clean_line(value, 600)}")
    if role.system:
        from hinterland.text import clean

        click.echo(_("Before every conversation the model is told:"))
        click.echo("\n".join(f"  {line}" for line in clean(role.system).strip().splitlines()))
    if mine is not None:
        _show_mine(mine)
    if trouble:
        say(trouble)


@command.command()
@click.argument("name", default="", metavar="[NAME|FILE]")
def check(name: str) -> int:
    """Check role files, a file before it is put in its place too; exit code 2 for one that cannot be
    used."""
    from hinterland.box import checking_roles, members, roles
    from hinterland.box.asking import settings

    site, where = settings(), roles.folder()
    known = roles.names(where)
    is_draft = _is_file(name)
    if is_draft and Path(name).absolute().parent == where.absolute():
        name, is_draft = Path(name).name.removesuffix(".toml"), False
    if name and not is_draft and name not in known:
        raise unknown(name, known)
    chosen = [name] if name else known
    if not chosen:
        say(_("There are no classes: {folder} has no role files.").format(folder=where))
    failed = False
    for each in chosen:
        try:
            role = (
                roles.draft(Path(each))
                if is_draft
                else roles.load(where, each, members.writers(site))
            )
        except ConfigError as error:
            failed = True
            say(sentence(error))
            continue
        doubts = checking_roles.doubts(role, site, where)
        click.echo(
            _("{name}: can be used").format(name=role.name)
            if not doubts
            else n_(
                "{name}: can be used, with {count} doubt",
                "{name}: can be used, with {count} doubts",
                len(doubts),
            ).format(name=role.name, count=len(doubts))
        )
        for doubt in doubts:
            click.echo(f"  {clean_line(doubt, 400)}")
    return 2 if failed else 0


for _each in (wipe, results, transcripts, quiz):
    command.add_command(_each)


def _is_file(name: str) -> bool:
    """Whether what was typed names a file, and not a class."""
    return name.endswith(".toml") or "/" in name


def _in_force(name: str, site: Site, mine: Mine | None) -> Role:
    """Return the rules of a class. Where its file has a mistake these are what the box goes on with, if
    it told them: otherwise ConfigError is raised, and InputError for one that there is not."""
    from hinterland.box import members, roles

    known = roles.names(roles.folder())
    if name not in known:
        raise unknown(name, known)
    try:
        return roles.load(roles.folder(), name, members.writers(site))
    except ConfigError as error:
        if mine is None or mine.rules is None:
            raise
        say(sentence(error))
        say(_("Until it is mended this holds:"))
        return mine.rules


def _lines(role: Role, site: Site) -> list[tuple[str, str]]:
    """Return the rules of a class, for people."""
    from hinterland.box import members
    from hinterland.box.classes import closed

    keeps = {
        "nothing": _("nothing: no history, not even for the pupil"),
        "history": _("each pupil's own history, which only that pupil can read"),
        "transcripts": _("TRANSCRIPTS: the teacher can read what is asked and answered"),
    }
    limits = [
        f"{name} {value:,}"
        for name in role.limits.__struct_fields__
        if (value := getattr(role.limits, name))
    ]
    now = datetime.now()  # noqa: DTZ005 - lessons are in local time
    found = [
        (_("Class"), f"{role.called} ({role.name})"),
        (_("Pupils"), f"{role.group} ({len(members.pupils(role, site))})"),
        (_("Teachers"), members.teachers_of(role, site)),
        (_("Keeps"), keeps[role.keep]),
        (_("Now"), translated(closed(role, now)) or _("open")),
        (_("Hours"), ", ".join(map(str, role.hours)) or _("always")),
        (_("Last day"), f"{role.until:%Y-%m-%d}" if role.until else ""),
        (_("Models"), ", ".join(role.models) or _("all of this box")),
        (_("Tools"), _("all") if role.tools is None else ", ".join(role.tools) or _("none")),
        (_("Limits"), ", ".join(limits)),
        (_("Quiz"), f"{role.quiz.topic}, {role.quiz.questions}" if role.quiz else ""),
    ]
    return [(heading, value) for heading, value in found if value]


def _values(role: Role, site: Site, mine: Mine | None) -> dict[str, object]:
    import msgspec

    from hinterland.box import members

    pupils = [each.login for each in members.pupils(role, site)]
    values = {"role": msgspec.to_builtins(role), "pupils": pupils}
    return values | ({"mine": msgspec.to_builtins(mine)} if mine is not None else {})


def _show_mine(mine: Mine) -> None:
    """Show what the box keeps of who asks."""
    click.echo("")
    if mine.results:
        click.echo(_("Results you handed in: {count}").format(count=mine.results))
    click.echo(
        _("Answers of yours that a teacher can read: {count}").format(count=mine.transcripts)
    )
    for when in mine.reads[-10:]:
        click.echo(_("  looked at on {when}").format(when=f"{when.astimezone():%Y-%m-%d %H:%M}"))
    if mine.notice:
        click.echo(translated(mine.notice))


def _own_class(site: Site) -> tuple[str, bool]:
    """Return the class of who asks as the role files have it, for when the box is stopped, and whether
    one of them cannot be used, so that nobody can tell."""
    import os

    from hinterland.box import members
    from hinterland.box.classes import Classes, told_of

    now = datetime.now()  # noqa: DTZ005 - lessons are in local time
    classes, groups = Classes(site), members.groups_of(os.getuid())
    if broken := classes.broken_for(os.getuid(), groups):
        say(translated(told_of(broken)))
        return "", True
    role = classes.holds_for(os.getuid(), groups, now)
    return (role.name if role else ""), False

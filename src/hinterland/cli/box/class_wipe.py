"""`hint box class wipe`: remove what pupils' sessions left, with a receipt."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hinterland.cli.box.one_class import the_class
from hinterland.cli.tables import asks, say, terminal_width, write_table
from hinterland.errors import HinterlandError, InputError, JobError, StorageError
from hinterland.language import N_, _, n_
from hinterland.sentences import translated
from hinterland.text import clean_line

if TYPE_CHECKING:
    from hinterland.box.class_routes import Removal
    from hinterland.box.members import Member
    from hinterland.box.roles import Role
    from hinterland.box.wiping import Receipt, Wiped
    from hinterland.site import Site

_NOT_LOOKED_AT = N_("What the box itself keeps was not looked at: {trouble}")


@click.command()
@click.argument("name")
@click.option(
    "--user",
    "users",
    metavar="LOGIN",
    multiple=True,
    help="Only of this pupil; several are possible.",
)
@click.option("--end", is_flag=True, help="Tell programs that still run to end first.")
@click.option("--progress", is_flag=True, help="Also what the tutor remembers of each pupil.")
@click.option("--results", is_flag=True, help="Also the results that the box keeps.")
@click.option("--transcripts", is_flag=True, help="Also the transcripts that the box keeps.")
@click.option(
    "--receipt",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where the receipt is written; a new file in this folder else.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def wipe(
    name: str,
    users: tuple[str, ...],
    end: bool,
    progress: bool,
    results: bool,
    transcripts: bool,
    file: Path | None,
    dry_run: bool,
    yes: bool,
) -> None:
    """Remove what pupils' sessions left, as root, and write a receipt of exactly what that was.

    Conversations, drafts, journals, translations, logs: all of each pupil's Hinterland but settings,
    models and lessons.
    """
    import msgspec

    from hinterland.box import wiping
    from hinterland.box.class_routes import Removal

    role, site = the_class(name)
    if os.getuid() != 0:
        raise InputError("Only root can wipe what others keep.", f"sudo hint box class wipe {name}")
    of_box = results or transcripts
    chosen, gone = _chosen(role, site, users, of_box=of_box)
    begun = datetime.now(UTC)
    if file is None:
        file = Path(f"wiped-{role.name}-{begun:%Y%m%d-%H%M%S}.json")
    if not dry_run:
        _check_new(file)
        if not yes:
            _confirm(role, chosen, gone, of_box=of_box, named=bool(users))
    wish = wiping.Wish(progress=progress, end=end, remove=not dry_run)
    found = [wiping.wipe(each, wish) for each in chosen]
    made = wiping.receipt(role, found, wish, _login(), begun)
    trouble = ""
    wish_of_box = Removal(
        results=results and not dry_run,
        transcripts=transcripts and not dry_run,
        uids=tuple(each.uid for each in (*chosen, *gone)) if users else None,
    )
    try:
        made = _of_the_box(role, made, wish_of_box)
    except HinterlandError as error:
        trouble = _NOT_LOOKED_AT.format(trouble=error.message)
    if found:
        _show(found, removed=not dry_run)
    _tell_what_is_kept(made)
    if dry_run:
        if trouble:
            say(translated(trouble))
        return
    content = msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n"
    _write(file, content)
    import hashlib

    click.echo(_("Receipt: {file}").format(file=clean_line(str(file))))
    click.echo(f"SHA-256: {hashlib.sha256(content).hexdigest()}")
    undone = [each.login for each in found if not each.is_done]
    if undone:
        raise JobError(
            f"Not everything was wiped of {', '.join(undone)}.",
            "The receipt says what is left; --end ends programs that still run.",
        )
    if trouble:
        raise JobError(trouble, "Run this again when the box runs.")


def _tell_what_is_kept(made: Receipt) -> None:
    for kind, count in made.kept_by_box.items():
        if count:
            told = {
                "results": n_(
                    "the box still keeps results of {count} pupil: --results removes them too",
                    "the box still keeps results of {count} pupils: --results removes them too",
                    count,
                ),
                "transcripts": n_(
                    "the box still keeps transcripts of {count} pupil: --transcripts removes them too",
                    "the box still keeps transcripts of {count} pupils: --transcripts removes them too",
                    count,
                ),
            }[kind]
            say(told.format(count=count))


def _chosen(
    role: Role, site: Site, logins: tuple[str, ...], *, of_box: bool
) -> tuple[list[Member], list[Member]]:
    """Return the pupils whose sessions are wiped, and those of `logins` who have left the class: nothing
    in their homes is the class's any more, but the box may keep something of them, and `of_box` says
    whether that is removed. Raises InputError where nobody or nothing is left."""
    from hinterland.box import members

    pupils = {each.uid: each for each in members.pupils(role, site)}
    if not logins:
        if not pupils and not of_box:
            raise InputError(
                f"Nobody is in the class {role.name}.",
                "`hint box class check` tells more; --results and --transcripts remove what the box "
                "keeps of those who were.",
            )
        return list(pupils.values()), []
    uids = {login: members.uid_of(login) for login in logins}
    others = {login: uid for login, uid in uids.items() if uid not in pupils}
    gone = _gone(role, others) if others else []
    names = ", ".join(each.login for each in gone)
    if gone and not of_box:
        raise InputError(
            f"Not in the class {role.name} any more: {names}.",
            "What is in their homes is theirs; --results and --transcripts remove what the box keeps "
            "of them.",
        )
    if gone:
        told = _("Not in the class {name} any more: {names}. Only what the box keeps is removed.")
        say(told.format(name=role.name, names=names))
    return [pupils[uid] for uid in dict.fromkeys(uids.values()) if uid in pupils], gone


def _gone(role: Role, others: dict[str, int | None]) -> list[Member]:
    """Return who has left the class, of those with these logins and numbers who are not in it: of them
    the box keeps something. Raises InputError for others."""
    from hinterland.box import members
    from hinterland.box.asking import ask
    from hinterland.box.class_routes import Removal, Removed

    kept: set[int] = set()
    hint = f"hint box class show {role.name}"
    try:
        found = ask("POST", f"/hint/class/{role.name}/remove", Removed, Removal())
        kept.update(*found.kept.values())
    except HinterlandError:
        hint = N_("If they have left it run the box, which knows of whom it keeps something.")
    if strangers := [login for login, uid in others.items() if uid not in kept]:
        raise InputError(f"No pupils of {role.name}: {clean_line(', '.join(strangers))}.", hint)
    return [members.member(uid) for uid in dict.fromkeys(others.values()) if uid is not None]


def _confirm(
    role: Role, chosen: list[Member], gone: list[Member], *, of_box: bool, named: bool
) -> None:
    if not asks():
        raise InputError("Nobody can be asked here whether to remove it.", "Add --yes.")
    if chosen:
        told = n_(
            "Remove what the sessions of {count} pupil of {name} left, for good?",
            "Remove what the sessions of {count} pupils of {name} left, for good?",
            len(chosen),
        )
        click.confirm(told.format(count=len(chosen), name=role.called), abort=True, err=True)
    if not of_box:
        return
    if named:
        names = ", ".join(each.login for each in (*chosen, *gone))
        told = _("Remove what the box keeps of {names}, for good?").format(names=names)
    else:
        told = _("Remove what the box keeps of {name}, also of those who have left, for good?")
        told = told.format(name=role.called)
    click.confirm(told, abort=True, err=True)


def _of_the_box(role: Role, made: Receipt, wish: Removal) -> Receipt:
    """Remove what the box keeps, as far as that is wished for, and note what it keeps still."""
    import msgspec

    from hinterland.box.asking import ask
    from hinterland.box.class_routes import Removed

    done = ask("POST", f"/hint/class/{role.name}/remove", Removed, wish)
    kept = {kind: len(uids) for kind, uids in done.kept.items()}
    return msgspec.structs.replace(made, kept_by_box=kept, removed_from_box=tuple(done.removed))


def _show(found: list[Wiped], *, removed: bool) -> None:
    rows = [
        (
            each.login,
            f"{each.conversations:,}",
            f"{each.turns:,}",
            f"{len(each.files):,}",
            f"{each.bytes:,}",
            _state(each, removed=removed),
        )
        for each in found
    ]
    headings = (_("pupil"), _("conversations"), _("turns"), _("files"), _("bytes"), "")
    write_table(headings, rows, terminal_width())


def _state(each: Wiped, *, removed: bool) -> str:
    if each.trouble:
        return "; ".join(each.trouble)
    if each.running:
        return n_("{count} program runs", "{count} programs run", each.running).format(
            count=each.running
        )
    if not removed:
        return ""
    return _("left: {count}").format(count=each.left) if each.left else _("nothing left")


def _login() -> str:
    from hinterland.box import members

    behind = os.environ.get("SUDO_UID", "")
    return members.member(int(behind) if behind.isdecimal() else os.getuid()).login


def _check_new(file: Path) -> None:
    if file.exists() or file.is_symlink():
        raise InputError(f"There is a file {file} already.", "Name another one with --receipt.")
    if not file.absolute().parent.is_dir():
        raise InputError(f"There is no folder {file.parent}.", "Make it first.")


def _write(file: Path, content: bytes) -> None:
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with open(os.open(file, flags, 0o600), "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        sys.stderr.buffer.write(content)  # the proof must not be lost with the place for it
        raise StorageError(
            f"The receipt {file} cannot be written: {error.strerror}. It stands above.",
            "Keep what was printed.",
        ) from error

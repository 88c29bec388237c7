"""Undoing a shared box: what setup made goes, the last thing first; what others put there stays."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from hinterland import site
from hinterland.box import accounts, running, shelf, steps, systemd, unit
from hinterland.box.ledger import Kind, Ledger, Thing
from hinterland.engine.launcher import is_running
from hinterland.errors import ConfigError, HinterlandError, StorageError
from hinterland.paths import of_box

KEPT = ".undone"
"""What the name of a settings file gets that somebody had changed: it is kept, and out of the way."""


class Undone(msgspec.Struct, frozen=True):
    """What became of one thing."""

    thing: Thing
    stays: str = ""
    """Why it is still there, as a sentence; empty when it is gone."""
    was_there: bool = True
    """False of what setup began to make and did not, and of what somebody removed since."""


def in_the_way(made: Ledger) -> ConfigError | None:
    """Return what keeps the box from being undone now: that somebody runs it in the foreground."""
    by_systemd = systemd.runs() and made.made(Thing(Kind.START, unit.NAME)) is not None
    if is_running(of_box(site.folder())) and not by_systemd:
        return ConfigError("The box runs in the foreground.", "End that `hint box run` first.")
    return None


def is_there(thing: Thing) -> bool:
    """Whether there is anything of what setup wrote down that it makes."""
    match thing.kind:
        case Kind.MEMBER:
            group, _, name = thing.name.partition(" ")
            return accounts.is_member(name, group)
        case Kind.MODEL:
            return any(model.id == thing.name for model in shelf.installed())
        case Kind.FILE | Kind.FOLDER:
            return Path(thing.name).exists()
        case Kind.USER:
            return accounts.user(thing.name) is not None
        case Kind.GROUP:
            return accounts.group_id(thing.name) is not None
        case Kind.START:
            return systemd.LINK.is_symlink()


def undo(made: Ledger) -> Iterator[Undone]:
    """Undo thing by thing and yield what became of each. Raises ConfigError while the box runs in the
    foreground, and StorageError when one cannot be undone; what is left then is written down still."""
    if why := in_the_way(made):
        raise why
    shelf.tidy()
    with suppress(ConfigError):  # settings that cannot be used are no reason to keep them
        found = site.read(site.folder() / "box.toml")
        if found and not systemd.runs():
            running.clear(found)  # what a box that was killed has left
    groups = {thing.name for thing in made.things if thing.kind is Kind.GROUP}
    settings = Thing(Kind.FOLDER, str(site.folder()))
    # Before anything goes: `userdel` takes the user's group with it.
    there = {thing.key for thing in made.things if is_there(thing)}
    for thing in reversed(made.things):
        if thing.key == settings.key:
            continue  # the ledger lies in it
        try:
            stays = _UNDO[thing.kind](thing, groups)
        except OSError as error:
            raise StorageError(
                f"{error.filename or thing.name} cannot be removed: {error.strerror}.",
                "Mend that, then undo again: it goes on where it stopped.",
            ) from error
        made.strike(thing)
        yield Undone(thing, stays, thing.key in there)
    yield from _last(made, settings)


def _last(made: Ledger, settings: Thing) -> Iterator[Undone]:
    ours = made.made(settings) is not None
    try:
        made.remove()
        if ours:
            yield Undone(settings, _folder(settings, set()))
    except OSError as error:
        raise StorageError(f"{settings.name} cannot be removed: {error.strerror}.") from error


def _start(thing: Thing, groups: set[str]) -> str:
    if unit.FILE.exists():
        systemd.disable()
    systemd.LINK.unlink(missing_ok=True)
    return ""


def _member(thing: Thing, groups: set[str]) -> str:
    group, _, name = thing.name.partition(" ")
    if accounts.is_member(name, group):
        accounts.remove_member(name, group)
    return ""


def _model(thing: Thing, groups: set[str]) -> str:
    here = next((model for model in shelf.installed() if model.id == thing.name), None)
    if here is None:
        return ""
    if here.sha256 not in thing.sha256:
        return "Somebody installed another file under its name since."
    shelf.remove(thing.name)
    return ""


def _file(thing: Thing, groups: set[str]) -> str:
    path = Path(thing.name)
    path.with_name(f".{path.name}.new").unlink(missing_ok=True)
    if not path.exists():
        return ""
    if steps.hash_of(path) in thing.sha256:
        path.unlink()
        stays = ""
    else:
        kept = path.with_name(path.name + KEPT)
        path.rename(kept)
        stays = f"Somebody changed it since: it is {kept} now."
    if path == unit.FILE:
        systemd.reload()
    return stays


def _folder(thing: Thing, groups: set[str]) -> str:
    path = Path(thing.name)
    if not path.is_dir():
        return ""
    if thing.whole:
        shutil.rmtree(path)
        return ""
    if others := sorted(os.listdir(path)):
        _disown(path, groups)
        return f"Others put something there: {', '.join(others[:3])}."
    path.rmdir()
    return ""


def _disown(folder: Path, groups: set[str]) -> None:
    """Take a folder that stays, and what is in it, from the groups that go: their numbers will be those
    of other groups."""
    going = {accounts.group_id(name) for name in groups}
    for path in (folder, *folder.iterdir()):
        facts = path.lstat()
        if facts.st_gid not in going:
            continue
        os.chown(path, -1, 0, follow_symlinks=False)
        if path == folder:
            path.chmod(stat.S_IMODE(facts.st_mode) & ~(stat.S_IWGRP | stat.S_ISGID))


def _user(thing: Thing, groups: set[str]) -> str:
    if accounts.user(thing.name) is not None:
        accounts.remove_user(thing.name, ours=groups)
    return ""


def _group(thing: Thing, groups: set[str]) -> str:
    if accounts.group_id(thing.name) is None:
        return ""
    try:
        accounts.remove_group(thing.name)
    except HinterlandError as error:
        return f"It is still somebody's: {error.message}"
    return ""


_UNDO: dict[Kind, Callable[[Thing, set[str]], str]] = {
    Kind.START: _start,
    Kind.MEMBER: _member,
    Kind.MODEL: _model,
    Kind.FILE: _file,
    Kind.FOLDER: _folder,
    Kind.USER: _user,
    Kind.GROUP: _group,
}

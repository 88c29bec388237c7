"""Undoing a shared box: what setup made goes, the last thing first; what others put there stays."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from hinterland import site
from hinterland.box import accounts, ledger, running, shelf, steps, systemd, unit
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


def check() -> Ledger | None:
    """Return what there is to undo, None for nothing. Raises ConfigError while somebody runs the
    box in the foreground, StorageError for a ledger that cannot be read."""
    made = ledger.load()
    if made is None:
        return None
    by_systemd = systemd.runs() and made.made(Thing(Kind.START, unit.NAME)) is not None
    if is_running(of_box(site.folder())) and not by_systemd:
        raise ConfigError("The box runs in the foreground.", "End that `hint box run` first.")
    return made


def undo(made: Ledger) -> Iterator[Undone]:
    """Undo thing by thing and yield what became of each. Raises StorageError when one cannot be
    undone; what is left then is written down still."""
    shelf.tidy()
    with suppress(ConfigError):  # settings that cannot be used are no reason to keep them
        found = site.read(site.folder() / "box.toml")
        if found and not systemd.runs():
            running.clear(found)  # what a box that was killed has left
    groups = {thing.name for thing in made.things if thing.kind is Kind.GROUP}
    settings = Thing(Kind.FOLDER, str(site.folder()))
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
        yield Undone(thing, stays)
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
        return f"Others put something there: {', '.join(others[:3])}."
    path.rmdir()
    return ""


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

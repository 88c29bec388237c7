"""What the administrator of a machine decided for everybody on it: the shared box.

`box.toml` in `/etc/hinterland` is there once `hint box setup` has run. Whoever has a house of their
own (`HINTERLAND_HOME`) has an engine of their own too, unless `HINTERLAND_SITE` names a folder.

A box that runs goes on with the settings it was started with, and keeps them beside its socket: while
`box.toml` has a mistake, its people's commands take them from there.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from pathlib import Path
from typing import Annotated

import msgspec

from hinterland import toml_text
from hinterland.errors import ConfigError
from hinterland.language import N_

FOLDER = Path("/etc/hinterland")
IN_FORCE = "box.json"
"""What a running box keeps beside its socket: the settings it was started with."""
_LARGEST = 64 * 1024  # bytes of these
_LONGEST_PATH = 107  # bytes of a socket's, unix(7)
_MEND = N_("Mend it as root, or ask who looks after this machine.")
_NO_CHARACTER = N_("{name} has something in it that is no letter of a name, {words}")
_NO_PATH = N_("socket has to be a whole path, as {usual} is, and {words} is none")
_TOO_LONG = N_("socket is {length} bytes long, and the system takes {most}")
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_PATIENCE = 1.0  # seconds for a box to take a call
_SOCKET = re.compile(rb"""^\s*socket\s*=\s*["']([^"'\n]+)""", re.MULTILINE)


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one person may take of the box; 0 is no limit."""

    at_once: Annotated[int, msgspec.Meta(ge=0)] = 8
    """Requests running or waiting."""
    tokens_a_day: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Tokens read and written, from midnight to midnight, local time."""
    context: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Tokens of prompt and answer together, where that is less than the engine's window."""
    answer: Annotated[int, msgspec.Meta(ge=0)] = 2000
    """Tokens of one answer, thinking included: a model that does not end one holds a slot."""


class Site(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`box.toml`."""

    group: str = "hinterland"
    """The system group whose members may use the box."""
    teachers: str = "hinterland-teachers"
    """The group whose members have a larger share: it is `teachers_weight` times that of others."""
    teachers_weight: Annotated[float, msgspec.Meta(ge=1, le=100)] = 4.0
    socket: str = "/run/hinterland/box.sock"
    own_engine: bool = False
    """Whether people may have an engine of their own while the box is stopped."""
    models: tuple[str, ...] = ()
    """The models that may be asked; empty allows all that are installed for the machine."""
    limits: Limits = Limits()


def folder() -> Path:
    """Return the folder of the site's settings."""
    return Path(os.environ.get("HINTERLAND_SITE") or FOLDER).absolute()


def find() -> Site | None:
    """Return the site's settings; None where there is no shared box, or not for this caller.

    Raises ConfigError when the file cannot be read or used, and no box runs that was started before.
    """
    if os.environ.get("HINTERLAND_HOME") and not os.environ.get("HINTERLAND_SITE"):
        return None
    path = folder() / "box.toml"
    try:
        return read(path)
    except ConfigError:
        running = _in_force(path)
        if running is None:
            raise
        return running


def keep_in_force(site: Site) -> None:
    """Keep the settings that a box was started with beside its socket, for the group that it is open
    to. Raises OSError."""
    socket = Path(site.socket)
    fresh = socket.with_name(f".{IN_FORCE}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as file:
        os.fchown(file.fileno(), -1, socket.stat().st_gid)
        os.fchmod(file.fileno(), 0o640)
        file.write(msgspec.json.encode(site))
    fresh.replace(socket.with_name(IN_FORCE))


def _in_force(path: Path) -> Site | None:
    """Return the settings that a box was started with whose file cannot be used now; None where none
    listens, or the caller may not ask it."""
    named: list[bytes] = []
    with contextlib.suppress(OSError):  # the usual socket is looked at then
        named = _SOCKET.findall(path.read_bytes())
    for place in dict.fromkeys([*(Path(os.fsdecode(each)) for each in named), Path(Site().socket)]):
        found = _kept_beside(place)
        if found is not None and _listens(found):
            return found
    return None


def _kept_beside(place: Path) -> Site | None:
    """Return what is kept beside a socket by the owner of its folder, where nobody else could put it."""
    if not place.is_absolute():
        return None  # it would be in whatever folder the caller is in
    # What is not there, not ours to read or not to be understood is nothing that is in force.
    with contextlib.suppress(OSError, ValueError, msgspec.MsgspecError):
        descriptor = os.open(
            place.with_name(IN_FORCE), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        )
        with open(descriptor, "rb") as file:
            about, above = os.fstat(file.fileno()), place.parent.stat()
            owners = {0} if above.st_mode & _OTHERS_WRITE else {0, above.st_uid}
            plain = stat.S_ISREG(about.st_mode) and not about.st_mode & _OTHERS_WRITE
            if plain and about.st_uid in owners:
                found = msgspec.json.decode(file.read(_LARGEST), type=Site)
                return found if Path(found.socket) == place else None
    return None


def _listens(site: Site) -> bool:
    """Whether somebody listens at the socket: what a box left that was killed is in force no more."""
    import socket

    with socket.socket(socket.AF_UNIX) as knocking:
        knocking.settimeout(_PATIENCE)
        with contextlib.suppress(OSError):  # nobody does, or not for the caller
            knocking.connect(site.socket)
            return True
    return False


def read(path: Path) -> Site | None:
    """Return the settings in `path`; None when there is no such file. Raises ConfigError."""
    try:
        text = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ConfigError(
            f"The file {path} cannot be read: {error.strerror}.",
            "Ask who looks after this machine.",
        ) from error
    try:
        found = msgspec.convert(toml_text.loads(text), Site)
    except ValueError as error:
        why, hint = _said(str(error).rstrip("."))
        raise ConfigError(f"The file {path} cannot be used: {why}.", hint) from error
    if why := _unfit(found):
        raise ConfigError(f"The file {path} cannot be used: {why}.", _MEND)
    return found


def _unfit(found: Site) -> str:
    """Return what is wrong with the words in it, "" where nothing is."""
    for name, words in (
        *(("group", found.group), ("teachers", found.teachers), ("socket", found.socket)),
        *(("models", each) for each in found.models),
    ):
        if not words.isprintable():
            return _NO_CHARACTER.format(name=name, words=repr(words))
    place = Path(found.socket)
    if not place.is_absolute() or ".." in place.parts or str(place) != found.socket:
        # Whoever asks would look for it in the folder that they happen to be in.
        return _NO_PATH.format(usual=Site().socket, words=repr(found.socket))
    if (length := len(os.fsencode(place))) > _LONGEST_PATH:
        return _TOO_LONG.format(length=length, most=_LONGEST_PATH)
    return ""


def _said(reason: str) -> tuple[str, str]:
    """Return what is wrong with a file and what to do, where msgspec gives that reason."""
    import difflib

    hint = _MEND
    why, _, place = reason.partition(" - at `$")
    section = place.strip("`.")
    unknown = re.fullmatch(r"Object contains unknown field `(.*)`", why)
    if unknown is None:
        return (f"{section}: {why}" if section else why), hint
    known = {
        **{name: name for name in Site.__struct_fields__},
        **{name: f"[limits] {name}" for name in Limits.__struct_fields__},
    }
    close = difflib.get_close_matches(unknown[1], known, n=1)
    name = f"[{section}] {unknown[1]}" if section else unknown[1]
    meant = f"Did you mean {known[close[0]]}? " if close else ""
    return f"{name} is no setting", meant + hint

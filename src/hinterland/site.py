"""What the administrator of a machine decided for everybody on it: the shared box.

`box.toml` in `/etc/hinterland` is there once `hint box setup` has run. Whoever has a house of their
own (`HINTERLAND_HOME`) has an engine of their own too, unless `HINTERLAND_SITE` names a folder.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated

import msgspec

from hinterland.errors import ConfigError

FOLDER = Path("/etc/hinterland")


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one person may take of the box; 0 is no limit."""

    at_once: Annotated[int, msgspec.Meta(ge=0)] = 8
    """Requests running or waiting."""
    tokens_a_day: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Tokens read and written, from midnight to midnight, local time."""
    context: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Tokens of prompt and answer together, where that is less than the engine's window."""


class Site(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`box.toml`."""

    group: str = "hinterland"
    """The system group whose members may use the box."""
    teachers: str = "hinterland-teachers"
    """The group whose members go first: their share is `teachers_weight` times that of others."""
    teachers_weight: Annotated[float, msgspec.Meta(ge=1, le=100)] = 4.0
    socket: str = "/run/hinterland/box.sock"
    own_engine: bool = False
    """Whether people may have an engine of their own while the box is stopped."""
    models: tuple[str, ...] = ()
    """The models that may be asked; empty allows all that are installed for the machine."""
    limits: Limits = Limits()


def folder() -> Path:
    """Return the folder of the site's settings."""
    return Path(os.environ.get("HINTERLAND_SITE") or FOLDER)


def find() -> Site | None:
    """Return the site's settings; None where there is no shared box, or not for this caller.

    Raises ConfigError when the file cannot be read or used.
    """
    if os.environ.get("HINTERLAND_HOME") and not os.environ.get("HINTERLAND_SITE"):
        return None
    return read(folder() / "box.toml")


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
        return msgspec.toml.decode(text, type=Site)
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
        why, hint = _said(str(error).rstrip("."))
        raise ConfigError(f"The file {path} cannot be used: {why}.", hint) from error


def _said(reason: str) -> tuple[str, str]:
    """Return what is wrong with a file and what to do, where msgspec gives that reason."""
    import difflib

    hint = "Mend it as root, or ask who looks after this machine."
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

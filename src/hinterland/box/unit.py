"""The systemd unit of the box: a template beside this file, filled in for this machine."""

from __future__ import annotations

import re
import sys
from importlib import resources
from pathlib import Path

from hinterland.box import accounts
from hinterland.errors import ConfigError
from hinterland.paths import BOX
from hinterland.site import IN_FORCE, Site

NAME = "hinterland-box.service"
FILE = Path("/etc/systemd/system") / NAME
USER = "hinterland"
"""The system user that the service runs as."""
RUN = Path("/run")
NOTICES = "notify.sock"
"""Beside the box's socket, of `hint box run`: where the service says that it listens."""
_PLAIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}")


def text(site: Site, python: str = sys.executable) -> str:
    """Return the unit that runs the box of `site` with the interpreter `python`; raises ConfigError."""
    template = resources.files("hinterland.box").joinpath(NAME).read_text("utf-8")
    for mark, value in (
        ("@PYTHON@", _word(python)),
        ("@USER@", USER),
        ("@GROUP@", site.group),
        ("@STATE@", str(BOX)),
        ("@RUNTIME@", socket_folder(site).name),
    ):
        template = template.replace(mark, value)
    return template


def socket_folder(site: Site) -> Path:
    """Return the folder of the box's socket, which is made anew at every start.

    Raises ConfigError when it is not a folder of its own in /run, or takes a name that is needed.
    """
    place = Path(site.socket)
    folder = place.parent
    if folder.parent != RUN:
        raise ConfigError(
            f"The socket {site.socket} does not lie in a folder of its own in {RUN}.",
            f"Give box.toml a socket such as {Site().socket}.",
        )
    if not _PLAIN.fullmatch(folder.name):
        raise ConfigError(
            f"The socket's folder cannot be called {folder.name!r}: up to 64 English letters, digits, "
            "-, _ and dots are possible, and no dot at first.",
            f"Give box.toml a socket such as {Site().socket}.",
        )
    if place.name in {IN_FORCE, NOTICES}:
        raise ConfigError(
            f"The socket cannot be called {place.name}: a file of the box beside it is.",
            f"Give box.toml a socket such as {Site().socket}.",
        )
    return folder


def check_folder(site: Site) -> Path:
    """Return the folder of the socket if it is the box's own, or not there; raises ConfigError."""
    folder = socket_folder(site)
    account = accounts.user(USER)
    if folder.exists() and (account is None or folder.stat().st_uid != account.pw_uid):
        raise ConfigError(
            f"The folder {folder} is there and is not the box's, which needs one of its own.",
            "Give box.toml another socket.",
        )
    return folder


def _word(path: str) -> str:
    """Return `path` as one word of a command line in a unit file."""
    for letter, meant in (("\\", "\\\\"), ('"', '\\"'), ("%", "%%"), ("$", "$$")):
        path = path.replace(letter, meant)
    return f'"{path}"'

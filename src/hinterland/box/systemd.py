"""systemd, where it is there: whether it runs the machine, and what it is told of the box."""

from __future__ import annotations

import shutil
from pathlib import Path

from hinterland.box import accounts, unit
from hinterland.errors import EngineError, StorageError

LINK = unit.FILE.parent / "multi-user.target.wants" / unit.NAME


def is_installed() -> bool:
    """Whether units are of use here; systemd need not run, as on the image of a card."""
    return unit.FILE.parent.is_dir() and shutil.which("systemctl") is not None


def runs() -> bool:
    """Whether systemd runs this machine (sd_booted(3))."""
    return Path("/run/systemd/system").is_dir()


def enable() -> None:
    """Have the box start with the machine; raises StorageError."""
    accounts.run("systemctl", "--quiet", "enable", unit.NAME)


def disable() -> None:
    """Stop the box and have it start no more; raises StorageError."""
    if runs():
        accounts.run("systemctl", "stop", unit.NAME)
    accounts.run("systemctl", "--quiet", "disable", unit.NAME)


def reload() -> None:
    """Have systemd read its units again, if it runs; raises StorageError."""
    if runs():
        accounts.run("systemctl", "daemon-reload")


def start(*, again: bool) -> None:
    """Start the box, or start it `again` because what it reads has changed; raises EngineError."""
    try:
        accounts.run("systemctl", "restart" if again else "start", unit.NAME)
    except StorageError as error:
        raise EngineError(
            "The box does not start.", f"`journalctl -u {unit.NAME}` has its last words."
        ) from error

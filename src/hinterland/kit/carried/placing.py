"""Where a kit is installed: for the whole machine by root, for one account by anybody else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hinterland.errors import InputError


@dataclass(frozen=True, slots=True)
class Places:
    program: Path
    """Releases, each with a Python environment of its own, and the receipt."""
    command: Path
    """What people type is found through this link."""
    data: Path
    """`models`, `lessons` and `packs` are in here, where every `hint` looks for them."""
    shared: bool
    """Whether everybody on the machine is to read it."""

    @property
    def receipt(self) -> Path:
        return self.program / "receipt.json"

    @property
    def current(self) -> Path:
        """A link to the release in use."""
        return self.program / "current"

    @property
    def outside(self) -> Path:
        """The folder around all that an installer makes for the program: the root, or the home."""
        return Path("/") if self.shared else self.program.parents[2]

    @property
    def mode(self) -> int:
        """Of folders; files have it without the bits to enter."""
        return 0o755 if self.shared else 0o700


def find(*, shared: bool, environment: Mapping[str, str] = os.environ) -> Places:
    """Return the places of the machine, or of this account; raises InputError where that has no
    home."""
    if shared:
        return Places(
            Path("/opt/hinterland"),
            Path("/usr/local/bin/hint"),
            Path("/usr/local/share/hinterland"),
            shared=True,
        )
    try:
        home = Path(environment.get("HOME") or "~").expanduser().absolute()
    except RuntimeError as error:
        raise InputError(
            "This account has no home to install in.", "Set HOME to a folder of yours."
        ) from error
    own = environment.get("HINTERLAND_HOME")
    base = Path(environment.get("XDG_DATA_HOME", ""))
    if not base.is_absolute():  # it does not count
        base = home / ".local/share"
    return Places(
        home / ".local/lib/hinterland",
        home / ".local/bin/hint",
        Path(own).expanduser().absolute() / "data" if own else base / "hinterland",
        shared=False,
    )

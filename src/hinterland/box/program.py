"""Whether the box's service can run the program that is installed here, and nobody else can change it.

The service answers everybody on the machine: a program in somebody's home would be readable to it at
that person's pleasure, and theirs to change.
"""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import hinterland
from hinterland.box import accounts
from hinterland.errors import ConfigError

_HIDDEN = ("/home", "/root", "/run/user", "/tmp", "/var/tmp")  # noqa: S108 - what the unit hides
_ELSEWHERE = (
    "Install it for the whole machine, in `python3 -m venv /opt/hinterland`, and run "
    "`/opt/hinterland/bin/hint box setup`; docs/box.md shows how."
)
_SYSTEMS = 1000
"""Groups below are the system's: Debian lets its group `staff` write in /usr/local."""


def check() -> None:
    """Return if the system user can run this program, and only root can change it; raises
    ConfigError."""
    for place in _places():
        for hidden in _HIDDEN:
            if place.is_relative_to(hidden):
                raise ConfigError(
                    f"Hinterland is installed in {hidden} ({place}), where the box's service sees "
                    "nothing.",
                    _ELSEWHERE,
                )
        for path in (*reversed(place.parents), place):
            _check_way(path)
    _try()


def _places() -> Iterator[Path]:
    """Yield where the interpreter and the packages lie, by name and by what links lead to."""
    here = Path(hinterland.__file__).parent
    # The service is started without what `python script` and `python -m` put in front.
    found = sys.path if sys.flags.safe_path else sys.path[1:]
    packages = [Path(each) for each in found if each and Path(each).is_dir()]
    for place in (Path(sys.executable), here, *packages):
        # A link's own folder counts too: whoever can change the link chooses the program.
        yield place.absolute()
        yield place.resolve()


def _check_way(path: Path) -> None:
    facts = path.stat()
    wanted = stat.S_IROTH | stat.S_IXOTH if not path.is_dir() else stat.S_IXOTH
    if facts.st_mode & wanted != wanted:
        raise ConfigError(
            f"Hinterland cannot be used by the box's service: others may not enter or run {path}.",
            _ELSEWHERE,
        )
    by_others = facts.st_mode & stat.S_IWOTH and not facts.st_mode & stat.S_ISVTX
    by_group = facts.st_mode & stat.S_IWGRP and facts.st_gid >= _SYSTEMS
    if facts.st_uid != 0 or by_others or by_group:
        raise ConfigError(
            f"Hinterland cannot be run for everybody from here: others than root may change {path}.",
            _ELSEWHERE,
        )


def _try() -> None:
    """Start the service's program as somebody who is nobody; raises ConfigError."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", "import hinterland.box.serve"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        cwd="/",
        env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"},
        user=accounts.NOBODY,
        group=accounts.NOBODY,
        extra_groups=[],
        check=False,
    )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise ConfigError(
            f"The box's service cannot run the program that is installed here: {reason}.",
            _ELSEWHERE,
        )

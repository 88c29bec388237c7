"""Which of a kit's sets of wheels this machine can use, and what is in its way where none is."""

from __future__ import annotations

import importlib.util
import os
import platform
import sys
from collections.abc import Sequence

from hinterland.errors import InputError
from hinterland.kit.carried.manifest import Manifest, Wheels

_OTHER_NAMES = {"amd64": "x86_64", "arm64": "aarch64"}


def fitting(manifest: Manifest) -> Wheels:
    """Return the wheels for this machine and this Python; raises InputError."""
    machine, python, glibc = this_machine()
    if sys.platform != "linux":
        raise InputError("Kits are for Linux.", "On other systems pip installs Hinterland.")
    if not glibc:
        raise InputError(
            "This system's C library is not glibc, and the kit has nothing for others.",
            "Debian, Ubuntu, Fedora and Raspberry Pi OS have glibc.",
        )
    same = [each for each in manifest.wheels if (each.machine, each.python) == (machine, python)]
    if not same:
        raise InputError(
            f"This machine is {machine} with Python {python}; the kit is for "
            f"{told(manifest.wheels)}.",
            "Make a kit with `hint kit create "
            f"--platform {machine} --python {python}`, or use another Python: "
            "PYTHON=/usr/bin/python3.12 sh install.sh.",
        )
    if _numbers(glibc) < _numbers(same[0].glibc):
        raise InputError(
            f"The kit needs glibc {same[0].glibc}; this system has {glibc}.",
            "A newer release of this system has it.",
        )
    if importlib.util.find_spec("venv") is None:
        raise InputError(
            "This Python lacks a part of its own library: venv.",
            "Debian's package python3 brings all of it.",
        )
    return same[0]


def this_machine() -> tuple[str, str, str]:
    """Return the machine, Python's version and glibc's, which is "" where it is another C library."""
    machine = platform.machine().lower()
    # A 64-bit kernel may run a 32-bit system, as on some Raspberry Pis.
    if sys.maxsize < 2**32:
        machine = f"{machine} (32 bits)"
    try:
        name, _, glibc = (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")
    except (ValueError, OSError):
        name, glibc = "", ""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return _OTHER_NAMES.get(machine, machine), python, glibc if name == "glibc" else ""


def told(sets: Sequence[Wheels]) -> str:
    """Return what sets of wheels are for, in a phrase."""
    machines = dict.fromkeys(each.machine for each in sets)
    return "; ".join(
        f"{machine} with Python "
        + ", ".join(each.python for each in sets if each.machine == machine)
        for machine in machines
    )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(each) for each in version.split(".") if each.isdigit())

"""What compiling llama.cpp needs on a box, and what to install where it lacks."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

from hinterland.errors import EngineError

_OLDEST_CMAKE = (3, 18)


def check() -> None:
    """Raise EngineError, with what to install, unless a compiler, CMake and make are here."""
    missing = []
    if not _any(os.environ.get("CC"), "cc", "gcc", "clang"):
        missing.append("a C compiler")
    if not _any(os.environ.get("CXX"), "c++", "g++", "clang++"):
        missing.append("a C++ compiler")
    if not _any(None, "make", "gmake", "ninja"):
        missing.append("make")
    if shutil.which("cmake") is None:
        missing.append("CMake")
    if missing:
        listed = " and ".join(filter(None, [", ".join(missing[:-1]), missing[-1]]))
        raise EngineError(f"Building needs what is not here: {listed}.", _how_to_install())
    told = subprocess.run(["cmake", "--version"], capture_output=True, text=True, check=False)  # noqa: S607 - that of PATH
    version = re.search(r"(\d+)\.(\d+)", told.stdout)
    if version is None or tuple(map(int, version.groups())) < _OLDEST_CMAKE:
        raise EngineError(
            f"Building needs CMake {_OLDEST_CMAKE[0]}.{_OLDEST_CMAKE[1]} or later; "
            f"this one is {version[0] if version else 'of an unknown version'}.",
            "`python -m pip install cmake` brings a new one.",
        )


def _any(given: str | None, *names: str) -> bool:
    wanted = [given.split()[0]] if given and given.split() else names
    return any(shutil.which(name) for name in wanted)


def _how_to_install() -> str:
    if sys.platform == "darwin":
        return "`xcode-select --install` brings the compiler, `brew install cmake` CMake."
    for program, line in (
        ("apt-get", "apt install build-essential cmake"),
        ("dnf", "dnf install gcc-c++ make cmake"),
        ("zypper", "zypper install gcc-c++ make cmake"),
        ("pacman", "pacman -S base-devel cmake"),
        ("apk", "apk add build-base cmake linux-headers"),
    ):
        if shutil.which(program):
            return f"Install them: `{line}`."
    return "Install a C++ compiler, make and CMake with this system's package manager."

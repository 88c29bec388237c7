"""Which llama-server runs the models: the bundled llama.cpp, or a program of this box."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import msgspec

from hinterland.errors import EngineError
from hinterland.paths import Paths

AUTO = "auto"
BUNDLED = "bundled"
NAME = "llama-server"

_HINT = (
    "Give the program's whole path or a name on PATH, or go back: "
    "`hint config set engine.server auto`."
)


class Wanted(msgspec.Struct, frozen=True):
    program: str = ""
    """Where it is; empty for the bundled llama.cpp."""
    fallback: bool = False
    """Whether the bundled llama.cpp may stand in for it."""
    note: str = ""
    """Why it is not the one that was wanted."""


def wanted(server: str, measured: str) -> Wanted:
    """Return the program that `engine.server` asks for; `measured` is what `bench --tune` kept.

    Raises EngineError when the setting names a program that is not here.
    """
    if server == BUNDLED or (server == AUTO and not measured):
        return Wanted()
    if server == AUTO:
        found = find(measured)
        if found is None:
            return Wanted(note=f"{measured}, measured as the fastest, is gone")
        return Wanted(found, fallback=True)
    found = find(server)
    if found is None:
        raise EngineError(
            f"engine.server is {server}, and there is no such program that can be run.", _HINT
        )
    return Wanted(found)


def find(server: str) -> str | None:
    """Return the whole path of a program given as a path or as a name on PATH; None without one."""
    name = os.path.expanduser(server)
    if os.sep in name and not os.path.isabs(name):
        return None  # relative to what? The service's folder is not the caller's.
    return shutil.which(name)


def available(paths: Paths) -> list[str]:
    """Return the llama-servers that are worth measuring: our own build, and one on PATH."""
    found = [find(str(built(paths))), find(NAME)]
    unique: dict[str, str] = {}
    for each in found:
        if each is not None:
            unique.setdefault(os.path.realpath(each), each)
    return list(unique.values())


def built(paths: Paths) -> Path:
    """Return where `hint engine build` puts its llama-server."""
    return paths.data / "engine" / "current" / NAME

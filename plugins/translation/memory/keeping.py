"""The folder of the memories: what there is, what is made one, and what has to go."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import msgspec

from hinterland import durable
from hinterland.plugins.translation.memory.keys import Keyed
from hinterland.plugins.translation.memory.shelf import ENDING, check_header, names_in

_UNSAFE = re.compile(r"[^A-Za-z0-9-]")


class Usage(msgspec.Struct, frozen=True):
    """One ledger in the folder."""

    name: str
    """Of its file."""
    keyed: Keyed
    """What its translations depend on; `model` is empty for those of people."""
    reviewed: bool
    translations: int
    size: int
    """Bytes."""
    used: float
    """When it was last written; seconds since 1970."""


def stem_of(keyed: Keyed) -> str:
    """Return what the names of the files begin with."""
    return f"{_pair(keyed.source, keyed.target)}.{keyed.hash}"


def reviewed_stem(source: str, target: str) -> str:
    """Return what the names of the files begin with that hold what people said."""
    return f"{_pair(source, target)}.reviewed"


def _pair(source: str, target: str) -> str:
    return f"{_UNSAFE.sub('-', source)}_{_UNSAFE.sub('-', target)}"


def tidy(folder: Path, stem: str) -> None:
    """Make one file of several that nobody holds."""


def usage(folder: Path) -> list[Usage]:
    """Return what is kept in the folder; raises StorageError."""
    found = []
    for name in names_in(folder):
        path = folder / name
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            header = check_header(path, file)
            facts = os.fstat(file)
            lines = path.read_bytes().count(b"\n")
        finally:
            os.close(file)
        if header is not None:
            reviewed = ".reviewed." in name
            found.append(
                Usage(name, header.keyed, reviewed, lines - 1, facts.st_size, facts.st_mtime)
            )
    return found


def forget(folder: Path, wanted: Callable[[Usage], bool]) -> list[Usage]:
    """Remove the ledgers that `wanted` says yes to, except those that a run holds; return them."""
    gone = []
    for each in usage(folder):
        if wanted(each):
            try:
                with durable.held(folder / each.name):
                    durable.remove_file(folder / each.name)
            except BlockingIOError:
                continue
            gone.append(each)
    return gone


__all__ = ["ENDING", "Usage", "forget", "reviewed_stem", "stem_of", "tidy", "usage"]

"""The folder of the memories: what there is in it, what is made one, and what has to go."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from pathlib import Path

import msgspec

from hinterland import durable
from hinterland.errors import StorageError
from hinterland.jobs import Table
from hinterland.plugins.translation.memory.files import (
    blocks,
    files_of,
    header_of,
    names_in,
    not_read,
    opened,
)
from hinterland.plugins.translation.memory.keys import Keyed, key_in

MOST_IN_FOLDER = 1_000_000_000
"""Bytes of what models did; beyond that, what was not used for longest goes."""
MOST_OF_A_KIND = 250_000_000
"""Bytes of what one model did with one prompt and term base; beyond that, the older half goes."""
_REVIEWED = "reviewed"
_UNSAFE = re.compile(r"[^A-Za-z0-9-]")


class Usage(msgspec.Struct, frozen=True):
    """One ledger in the folder."""

    name: str
    """Of its file."""
    keyed: Keyed
    """What its translations depend on; `model` is empty for those of people."""
    reviewed: bool
    """Whether it holds what people said."""
    translations: int
    size: int
    """Bytes."""
    used: float
    """When a run last used it; seconds since 1970."""


def stem_of(keyed: Keyed) -> str:
    """Return what the names of the files begin with that hold what a model did."""
    return f"{_pair(keyed.source, keyed.target)}.{keyed.hash}"


def reviewed_stem(source: str, target: str) -> str:
    """Return what the names of the files begin with that hold what people said."""
    return f"{_pair(source, target)}.{_REVIEWED}"


def _pair(source: str, target: str) -> str:
    return f"{_UNSAFE.sub('-', source)}_{_UNSAFE.sub('-', target)}"


def usage(folder: Path) -> list[Usage]:
    """Return what is kept in the folder; raises StorageError."""
    found = []
    for name in names_in(folder):
        path = folder / name
        if (file := opened(path)) is None:
            continue
        try:
            header = header_of(path, file)
            facts = os.fstat(file)
            lines = sum(len(some) for _at, some in blocks(file))
        except OSError as error:
            raise not_read(path, error) from error
        finally:
            os.close(file)
        if header is not None:
            reviewed = f".{_REVIEWED}." in name
            found.append(
                Usage(name, header.keyed, reviewed, lines - 1, facts.st_size, facts.st_mtime)
            )
    return found


def forget(folder: Path, wanted: Callable[[Usage], bool]) -> list[Usage]:
    """Remove the ledgers that `wanted` says yes to, except those that a run holds.

    Returns what is gone; raises StorageError.
    """
    return [each for each in usage(folder) if wanted(each) and _remove(folder / each.name)]


def _remove(path: Path) -> bool:
    try:
        with durable.held(path):
            durable.remove_file(path)
    except BlockingIOError:
        return False
    except OSError as error:
        raise StorageError(
            f"The translation memory {path} cannot be removed: {error.strerror or error}.",
            "Mend the permissions of its folder.",
        ) from error
    return True


def make_room(folder: Path, keep: Iterable[str]) -> None:
    """Remove what models did longest ago, until the folder is no larger than it may be.

    `keep` has the stems that stay. What people said stays always, and what a run holds.
    """
    facts = []
    for name in names_in(folder):
        with suppress(OSError):
            stat = os.stat(folder / name)
            facts.append((stat.st_mtime, stat.st_size, name))
    size = sum(each for _used, each, _name in facts)
    kept = tuple(f"{stem}." for stem in keep)
    for _used, bytes_there, name in sorted(facts):
        if size <= MOST_IN_FOLDER:
            return
        if f".{_REVIEWED}." not in name and not name.startswith(kept) and _remove(folder / name):
            size -= bytes_there


def tidy(folder: Path, stem: str, *, anew: bool = False) -> None:
    """Make one file of those of one kind that nobody holds, with the last line of each key.

    `anew` does so with a single file too. Raises StorageError where one is no ledger; what the disk
    has no room for, or may not be written, stays as it is.
    """
    with suppress(OSError), ExitStack() as stack:
        free = [path for path in files_of(folder, stem) if _is_held(path, stack)]
        size = sum(path.stat().st_size for path in free)
        if len(free) > 1 or (free and (anew or size > MOST_OF_A_KIND)):
            _write_as_one(free, skip=size // 2 if size > MOST_OF_A_KIND else 0)


def _is_held(path: Path, stack: ExitStack) -> bool:
    try:
        stack.enter_context(durable.held(path))
    except BlockingIOError:
        return False
    return True


def _write_as_one(paths: list[Path], skip: int) -> None:
    """Write the first of some files anew with what they all hold, but for so many bytes at the
    beginning of what is the oldest, and remove the others. Raises OSError and StorageError."""
    with ExitStack() as stack:
        files = []
        for path in paths:
            if (file := opened(path)) is not None:
                stack.callback(os.close, file)
                files.append(file)
        last = Table()
        for number, line in enumerate(_lines(files), start=1):
            last.set(key_in(line), number)
        with durable.replacing(paths[0]) as anew:
            for number, line in enumerate(_lines(files), start=1):
                if key := key_in(line):
                    skip -= len(line) + 1
                    if skip >= 0 or last.get(key) != number:
                        continue
                elif number > 1:
                    continue  # another file's header, or a damaged line
                anew.write(line + b"\n")
    for path in paths[1:]:
        path.unlink(missing_ok=True)


def _lines(files: Iterable[int]) -> Iterable[bytes]:
    for file in files:
        for _at, lines in blocks(file):
            yield from lines

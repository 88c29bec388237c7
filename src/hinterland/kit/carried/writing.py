"""Files that appear under their names when they are whole, and the room they need."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

_SPARE = 64_000_000
"""Bytes that are to be free afterwards: a full disk stops more than us."""


def put(target: Path, content: Iterable[bytes], mode: int = 0o644) -> Path:
    """Write a file with `mode`, whole or not at all, and return it; raises OSError and whatever
    `content` raises."""
    target.parent.mkdir(parents=True, exist_ok=True)
    passing = fresh(target)
    try:
        passing.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with open(os.open(passing, flags, 0o600), "wb") as file:
            file.writelines(content)
            file.flush()
            os.fsync(file.fileno())
        passing.chmod(mode)
        passing.replace(target)
    except BaseException:  # Ctrl-C too leaves nothing behind
        with suppress(OSError):  # what went wrong first is told
            passing.unlink(missing_ok=True)
        raise
    return target


def fresh(target: Path) -> Path:
    """Return the name that a file or a link has before it takes the place of `target`."""
    return target.with_name(f".{target.name}.new")


def incoming_and_outgoing(folder: Path) -> tuple[Path, Path]:
    """Return the names of a model's folder before it is whole, and while another takes its place:
    those that the store of models uses, which `hint doctor` knows."""
    return folder.with_name(f".incoming-{folder.name}"), folder.with_name(
        f".outgoing-{folder.name}"
    )


def room(*wanted: tuple[Path, int]) -> Iterator[tuple[Path, int]]:
    """Yield the places that lack room for so many bytes, with those; two on one disk count together."""
    by_disk: dict[int, tuple[Path, int]] = {}
    for place, count in wanted:
        there = next(each for each in (place, *place.parents) if each.exists())
        disk = there.stat().st_dev
        first, sum_so_far = by_disk.get(disk, (there, 0))
        by_disk[disk] = (first, sum_so_far + count)
    for place, count in by_disk.values():
        about = os.statvfs(place)
        if count + _SPARE > about.f_bavail * about.f_frsize:
            yield place, count + _SPARE

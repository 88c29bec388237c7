"""Ledger files from outside: their names, their first line, and the lines after it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from hinterland.errors import StorageError
from hinterland.plugins.translation.memory.keys import HEADING, SCHEMA, Header

ENDING = ".ledger"
MOST_FILES = 99
"""Files of one kind, and so runs at once that write translations of that kind."""
_READ_AT_ONCE = 4096  # bytes: most lines are shorter
_LONGEST_HEADER = 1 << 16  # bytes
_BLOCK = 1 << 18  # bytes


def path_of(folder: Path, stem: str, number: int) -> Path:
    """Return the path of a file of one kind."""
    return folder / f"{stem}.{number}{ENDING}"


def files_of(folder: Path, stem: str) -> list[Path]:
    """Return the files of one kind that there are, in their order; raises StorageError."""
    there = set(names_in(folder))
    paths = (path_of(folder, stem, number) for number in range(1, MOST_FILES + 1))
    return [path for path in paths if path.name in there]


def names_in(folder: Path) -> list[str]:
    """Return the names of the ledgers in a folder, none where there is no folder.

    Raises StorageError."""
    try:
        return sorted(
            name
            for name in os.listdir(folder)
            if name.endswith(ENDING) and not name.startswith(".")
        )
    except FileNotFoundError:
        return []
    except OSError as error:
        raise not_read(folder, error) from error


def opened(path: Path) -> int | None:
    """Return a ledger, opened for reading; None where it has just gone. Raises StorageError where
    it is none of ours or cannot be read."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise not_read(path, error) from error
    try:
        header_of(path, file)
    except BaseException:  # Ctrl-C too closes it
        os.close(file)
        raise
    return file


def header_of(path: Path, file: int) -> Header | None:
    """Return the header of a ledger, None where a kill or a power cut came before it was written.

    Raises StorageError where it is none of ours, or cannot be read."""
    try:
        first = line_at(file, 0, _LONGEST_HEADER)
    except OSError as error:
        raise not_read(path, error) from error
    begins = f'{{"hinterland":"{HEADING}"'.encode()
    if not first.endswith(b"\n"):
        if not first.strip(b"\0") or begins.startswith(first) or first.startswith(begins):
            return None
    else:
        with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
            header = msgspec.json.decode(first, type=Header)
            if header.hinterland == HEADING and header.schema == SCHEMA:
                return header
            if header.hinterland == HEADING:
                raise StorageError(
                    f"{path} is a translation memory of another version of Hinterland "
                    f"(schema {header.schema}, not {SCHEMA}).",
                    "Use the version that wrote it, or move it away to begin anew.",
                )
    raise StorageError(
        f"{path} is not a translation memory, or it is damaged.",
        "Move it away to begin anew.",
    )


def blocks(file: int) -> Iterator[tuple[int, list[bytes]]]:
    """Yield where some whole lines begin, and those lines without their ends. Raises OSError."""
    with open(file, "rb", closefd=False) as reader:
        reader.seek(0)
        at = 0
        while block := reader.read(_BLOCK):
            if not block.endswith(b"\n"):
                block += reader.readline()
            whole = block[: block.rfind(b"\n") + 1]
            if whole:
                yield at, whole[:-1].split(b"\n")
            at += len(block)


def line_at(file: int, start: int, most: int = 1 << 30) -> bytes:
    """Return the line that begins there, with its end if it has one within so many bytes.

    Raises OSError."""
    line = os.pread(file, _READ_AT_ONCE, start)
    while (end := line.find(b"\n")) < 0:
        more = os.pread(file, len(line), start + len(line)) if len(line) < most else b""
        if not more:
            return line
        line += more
    return line[: end + 1]


def not_read(path: Path, error: OSError) -> StorageError:
    """Return the error that says so."""
    return StorageError(
        f"The translation memory {path} cannot be read: {error.strerror or error}.",
        "Mend its permissions, or move it away to begin anew.",
    )

"""The ledger files of one kind: all of them are read, and this run writes one that nobody else does.

A run that ends lets go of its file for the next one. Two at once have two files, which become one
when neither is held.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import msgspec

from hinterland.errors import StorageError
from hinterland.jobs import Ledger, Table
from hinterland.plugins.translation.memory.keys import (
    HEADING,
    SCHEMA,
    Header,
    Keyed,
    Remembered,
    key_in,
    line_of,
    read_line,
)
from hinterland.plugins.translation.units import Parts

ENDING = ".ledger"
_MOST_FILES = 99
"""Runs at once that write translations of one kind."""
_READ_AT_ONCE = 4096  # bytes: most lines are shorter
_BLOCK = 1 << 18  # bytes
_FILE_BITS = 7
_ALL = 1 << 62


class Shelf:
    """What is remembered in the files `STEM.1.ledger`, `STEM.2.ledger` and so on of a folder.

    Raises StorageError where one is no ledger of ours or cannot be read. It may be opened in a
    thread; `add` and `close` belong to one loop.
    """

    def __init__(
        self,
        folder: Path,
        stem: str,
        keyed: Keyed,
        *,
        reviewed: bool = False,
        paused: Callable[[bool], None] = lambda full: None,
    ) -> None:
        self._folder = folder
        self._stem = stem
        self._keyed = keyed
        self._reviewed = reviewed
        self._paused = paused
        self._stack = ExitStack()
        self._table = Table()
        """Where the line of a key begins, plus one, and in its last bits in which file."""
        self._files: list[int] = []
        self._ledger: Ledger | None = None
        self._at = 0
        """Where the next line of the ledger will begin."""
        self._waiting: dict[str, tuple[int, Remembered]] = {}
        """What may not be in the file yet, and where it ends there."""
        self._headers = 0
        try:
            for path in files_of(folder, stem):
                self._read(path)
        except BaseException:
            self._stack.close()
            raise

    def __len__(self) -> int:
        return len(self._table)

    def find(self, key: str) -> Remembered | None:
        """Return what is remembered under a key; None for nothing."""
        found = self._table.get(key)
        if not found:
            return None
        if self._waiting and (waiting := self._waiting.get(key)) is not None:
            return waiting[1]
        try:
            line = _line_at(self._files[found & ((1 << _FILE_BITS) - 1)], (found >> _FILE_BITS) - 1)
        except OSError as error:
            raise _not_read(self._folder, error) from error
        read = read_line(line, reviewed=self._reviewed)
        return read[1] if read is not None and read[0] == key else None

    def hold(self) -> None:
        """Take a file to write into; raises StorageError. `add` does so too, if nobody did."""
        if self._ledger is not None:
            return
        for number in range(1, _MOST_FILES + 1):
            path = self._folder / f"{self._stem}.{number}{ENDING}"
            try:
                ledger = Ledger(path, self._paused)
            except StorageError as error:
                if isinstance(error.__cause__, BlockingIOError):
                    continue
                raise
            self._stack.push(ledger)
            os.fchmod(file := os.open(path, os.O_RDONLY | os.O_CLOEXEC), 0o600)
            self._stack.callback(os.close, file)
            self._own = len(self._files)
            self._files.append(file)
            self._at = ledger.size
            self._ledger = ledger
            return
        raise StorageError(
            f"{_MOST_FILES} runs are writing translations of one kind into {self._folder}.",
            "Wait for one of them to end.",
        )

    def add(self, key: str, parts: Parts, remembered: Remembered) -> None:
        """Remember something from now on; it is on the disk after `close`."""
        self.hold()
        ledger = self._ledger
        assert ledger is not None
        if not self._at:
            self._headers = 1
            header = msgspec.json.encode(Header(HEADING, SCHEMA, self._keyed))
            ledger.add(header)
            self._at = len(header) + 1
        line = line_of(key, parts, remembered)
        self._table.set(key, (self._at + 1) << _FILE_BITS | self._own)
        self._at += len(line) + 1
        if len(self._waiting) >= 256:
            size = ledger.size
            self._waiting = {k: each for k, each in self._waiting.items() if each[0] > size}
        self._waiting[key] = (self._at, remembered)
        ledger.add(line)

    @property
    def durable(self) -> int:
        """How many of those added are on the disk."""
        return max(self._ledger.durable - self._headers, 0) if self._ledger is not None else 0

    @property
    def full(self) -> bool:
        """Whether `room` has to be awaited before more is added."""
        return self._ledger is not None and self._ledger.full

    async def room(self) -> None:
        """Wait until the disk takes more; raises StorageError when it has failed."""
        if self._ledger is not None:
            await self._ledger.room()

    def give_up(self) -> None:
        """Drop what a full disk has not taken."""
        if self._ledger is not None:
            self._ledger.give_up()

    async def close(self) -> None:
        """Make durable what was added; raises StorageError when that fails."""
        if self._ledger is not None:
            await self._ledger.close()

    def let_go(self) -> None:
        """Close the files; what was not made durable is not waited for."""
        if self._ledger is not None and not self._ledger.size and not self._ledger.torn:
            with contextlib.suppress(OSError):
                self._ledger.path.unlink()
        self._stack.close()

    def _read(self, path: Path) -> None:
        try:
            file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError:
            return  # another run has made one of two
        except OSError as error:
            raise _not_read(path, error) from error
        self._stack.callback(os.close, file)
        number = len(self._files)
        self._files.append(file)
        try:
            check_header(path, file)
            for at, lines in _blocks(file):
                keys, places = [], []
                for line in lines:
                    if key := key_in(line):
                        keys.append(hash(key))
                        places.append((at + 1) << _FILE_BITS | number)
                    at += len(line) + 1
                self._table.exchange(keys, places)
        except OSError as error:
            raise _not_read(path, error) from error


def files_of(folder: Path, stem: str) -> list[Path]:
    """Return the files of one kind in their order; raises StorageError."""
    found = [
        (int(name[len(stem) + 1 : -len(ENDING)]), name)
        for name in names_in(folder)
        if name.startswith(f"{stem}.") and name[len(stem) + 1 : -len(ENDING)].isdecimal()
    ]
    return [folder / name for _number, name in sorted(found)]


def names_in(folder: Path) -> list[str]:
    """Return the names of the ledgers in a folder, none where there is no folder."""
    try:
        return sorted(name for name in os.listdir(folder) if name.endswith(ENDING))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise _not_read(folder, error) from error


def check_header(path: Path, file: int) -> Header | None:
    """Return the header of a ledger, None where it ends before it; raises StorageError, OSError."""
    first = _line_at(file, 0)
    if not first.endswith(b"\n"):
        if not first.strip(b"\0") or first.startswith(b'{"hinterland":"transl'):
            return None  # a power cut, or a kill, before it was written
    else:
        with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
            header = msgspec.json.decode(first, type=Header)
            if header.hinterland == HEADING and header.schema == SCHEMA:
                return header
            if header.hinterland == HEADING:
                raise StorageError(
                    f"{path} is a translation memory of another version ({header.schema}).",
                    "Use the Hinterland that wrote it, or move it away to begin anew.",
                )
    raise StorageError(
        f"{path} is not a translation memory, or it is damaged.", "Move it away to begin anew."
    )


def _blocks(file: int) -> Iterator[tuple[int, list[bytes]]]:
    """Yield where some whole lines begin, and those lines."""
    with open(file, "rb", closefd=False) as reader:
        reader.seek(0)
        at = 0
        while block := reader.read(_BLOCK):
            if not block.endswith(b"\n"):
                block += reader.readline()
            if not block.endswith(b"\n"):
                block = block[: block.rfind(b"\n") + 1]
            if block:
                yield at, block[:-1].split(b"\n")
            at += len(block)


def _line_at(file: int, start: int) -> bytes:
    line = os.pread(file, _READ_AT_ONCE, start)
    while (end := line.find(b"\n")) < 0:
        more = os.pread(file, len(line), start + len(line))
        if not more:
            return line
        line += more
    return line[: end + 1]


def _not_read(path: Path, error: OSError) -> StorageError:
    what = errno.errorcode.get(error.errno or 0, "")
    return StorageError(
        f"The translation memory {path} cannot be read: {error.strerror or what}.",
        "Mend its permissions, or move it away to begin anew.",
    )

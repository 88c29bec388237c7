"""The ledger files of one kind: all of them are read, and a run writes one that nobody else does.

A run that ends lets go of its file for the next one. Two at once have two files, which become one
when neither is held.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import msgspec

from hinterland import remedies
from hinterland.errors import StorageError
from hinterland.jobs import Ledger, Table
from hinterland.plugins.translation.memory.files import (
    MOST_FILES,
    blocks,
    files_of,
    line_at,
    not_read,
    opened,
    path_of,
)
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

_FILE_BITS = 8
_FILE_MASK = (1 << _FILE_BITS) - 1
_MOST_WAITING = 256
_MOST_WASTED = 1000  # lines


class Shelf:
    """What is remembered in the files `STEM.1.ledger`, `STEM.2.ledger` and so on of a folder.

    `holds` takes a file to write into at once; otherwise the first `add` does. Raises StorageError
    where a file is no ledger of ours, or cannot be read or written.
    """

    def __init__(
        self,
        folder: Path,
        stem: str,
        keyed: Keyed,
        *,
        holds: bool = True,
        paused: Callable[[bool], None] = lambda full: None,
    ) -> None:
        self._folder = folder
        self._stem = stem
        self._keyed = keyed
        self._paused = paused
        self._stack = ExitStack()
        self._table = Table()
        """Where the line of a key begins, plus one, and in its last bits in which file."""
        self._files: list[int] = []
        self._ledger: Ledger | None = None
        self._own = 0
        """Which of the files that is."""
        self._at = 0
        """Where its next line will begin."""
        self._headers = 0
        self._waiting: dict[str, tuple[int, Remembered]] = {}
        """What may not be in the file yet, and where it ends there."""
        self._lines = 0
        try:
            if holds:
                self._hold()
            for path in files_of(folder, stem):
                self._read(path)
        except BaseException:  # Ctrl-C too lets go
            self.let_go()
            raise

    def __len__(self) -> int:
        return len(self._table)

    @property
    def is_wasteful(self) -> bool:
        """Whether most of what was read has been replaced by later lines."""
        return self._lines > 2 * len(self._table) + _MOST_WASTED

    def find(self, key: str) -> Remembered | None:
        """Return what is remembered under a key; None for nothing. Raises StorageError."""
        found = self._table.get(key)
        if not found:
            return None
        if self._waiting and (waiting := self._waiting.get(key)) is not None:
            return waiting[1]
        try:
            line = line_at(self._files[found & _FILE_MASK], (found >> _FILE_BITS) - 1)
        except OSError as error:
            raise not_read(self._folder, error) from error
        read = read_line(line)
        return read[1] if read is not None and read[0] == key else None

    def add(self, key: str, parts: Parts, remembered: Remembered) -> None:
        """Remember something from now on. Raises StorageError where no file can be had."""
        try:
            line = line_of(key, parts, remembered)
        except UnicodeEncodeError:
            return  # half a surrogate pair: UTF-8 has no way to write that
        if self._ledger is None:
            self._hold()
        ledger = self._ledger
        assert ledger is not None
        if not self._at:
            header = msgspec.json.encode(Header(HEADING, SCHEMA, self._keyed))
            ledger.add(header)
            self._headers = 1
            self._at = len(header) + 1
        if len(self._waiting) >= _MOST_WAITING:
            written = ledger.size
            self._waiting = {
                name: each for name, each in self._waiting.items() if each[0] > written
            }
        self._table.set(key, (self._at + 1) << _FILE_BITS | self._own)
        self._at += len(line) + 1
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

    def _hold(self) -> None:
        for number in range(1, MOST_FILES + 1):
            path = path_of(self._folder, self._stem, number)
            try:
                ledger = self._stack.enter_context(Ledger(path, self._paused))
            except StorageError as error:
                if isinstance(error.__cause__, BlockingIOError):
                    continue
                raise StorageError(
                    error.message,
                    remedies.for_disk(
                        "Mend its permissions, free some space, or set HINTERLAND_HOME to another "
                        "folder."
                    ),
                ) from error
            file = opened(path)
            assert file is not None, "nobody removes a file that is held"
            self._stack.callback(os.close, file)
            os.utime(file)
            self._own = len(self._files)
            self._files.append(file)
            self._at = ledger.size
            self._ledger = ledger
            return
        raise StorageError(
            f"{MOST_FILES} runs are writing translations of one kind into {self._folder}.",
            "Wait for one of them to end.",
        )

    def _read(self, path: Path) -> None:
        if self._ledger is not None and path == self._ledger.path:
            number = self._own
        else:
            file = opened(path)
            if file is None:
                return  # another run has just made one file of two
            self._stack.callback(os.close, file)
            number = len(self._files)
            self._files.append(file)
        table = self._table
        try:
            for at, lines in blocks(self._files[number]):
                hashes, places = [], []
                for line in lines:
                    if key := key_in(line):
                        hashes.append(hash(key))
                        places.append((at + 1) << _FILE_BITS | number)
                    at += len(line) + 1
                self._lines += len(hashes)
                table.exchange(hashes, places)
        except OSError as error:
            raise not_read(path, error) from error

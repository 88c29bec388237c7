"""The append-only file of what a job has finished: one line each, on the disk before it is counted.

A line is written as soon as its work is done, so that an end by `kill -9` loses none, and is made
durable with its group, so that a power cut loses none that was counted. A torn last line of an old
ledger is cut off before one is written after it; until then a file that is none stays as it is.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from hinterland import durable
from hinterland.errors import InputError, StorageError

GROUP_LINES = 64
GROUP_SECONDS = 0.05
"""A group is made durable when it has so many lines, or its first is so old."""
MOST_UNSYNCED = 16_384
"""Lines that may wait for a slow disk before no more are taken."""
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_PAUSE = 2.0  # seconds between looks whether a full disk has space again
_COPIED = 1 << 20  # bytes at a time
_BLOCK = 1 << 17  # bytes of lines at a time


class Ledger:
    """One run's hold on a ledger file; nobody else writes it meanwhile.

    Raises InputError for a path that cannot be one, StorageError where another run holds it or it
    cannot be written. `paused` hears True when the disk is full, and False when it goes on.
    """

    def __init__(self, path: Path, paused: Callable[[bool], None] = lambda full: None) -> None:
        self.path = path
        self.durable = 0
        """Lines of this run that are on the disk."""
        self.written = 0
        """Lines of this run that are in the file."""
        self.torn = b""
        """What follows the last whole line, 1 MB of it at most; the first line written replaces it."""
        self._paused = paused
        self._added: list[bytes] = []
        """Lines that are not written yet."""
        self._held = False
        """Whether the disk is full."""
        self._looked_after = False
        """Whether somebody looks if it has space again."""
        self._trouble: StorageError | None = None
        self._room = asyncio.Event()
        self._room.set()
        self._wanted = asyncio.Event()
        self._urgent = asyncio.Event()
        self._syncing: asyncio.Task[None] | None = None
        self._stack = ExitStack()
        try:
            self._open()
        except BaseException:  # Ctrl-C too lets go of the lock
            self._stack.close()
            raise

    def _open(self) -> None:
        folder = self.path.parent
        if not folder.is_dir():
            raise InputError(f"There is no folder {folder}.", "Make it, or name another file.")
        with contextlib.suppress(OSError):  # it is not there yet, or opening it tells why
            if not stat.S_ISREG(os.stat(self.path).st_mode):
                raise InputError(f"{self.path} is not a file.", "Name a file for the results.")
        try:
            self._stack.enter_context(durable.held(self.path))
        except BlockingIOError as error:
            raise StorageError(
                f"Another run is writing {self.path}.", "Wait for it, or name another file."
            ) from error
        except OSError as error:
            raise _not_begun(self.path, error) from error
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
            self._file = os.open(self.path, flags, 0o600)
            self._stack.callback(lambda: os.close(self._file))
            self._size, self.torn = self._whole_lines()
            durable.sync_folder(folder)
        except OSError as error:
            raise _not_begun(self.path, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the file; what was not made durable is not waited for: see `close`."""
        self._stack.close()

    # Before the run

    def lines(self) -> Iterator[bytes]:
        """Yield the whole lines that are there, without their ends."""
        for block in self.blocks():
            yield from block[:-1].split(b"\n")

    def blocks(self) -> Iterator[bytes]:
        """Yield those lines with their ends, some at a time."""
        left = self._size
        with open(self._file, "rb", closefd=False) as file:
            file.seek(0)
            while left and (block := file.read(min(_BLOCK, left))):
                if not block.endswith(b"\n"):
                    block += file.readline()
                left -= len(block)
                yield block

    def cut_torn(self) -> None:
        """Cut off what follows the last whole line; adding a line does so too."""
        try:
            self._cut_torn()
        except OSError as error:
            raise _not_written(self.path, error) from error

    def keep_only(self, wanted: Callable[[bytes], bool]) -> None:
        """Write the file anew with the lines that `wanted` says yes to; all or nothing."""
        try:
            with durable.replacing(self.path) as anew:
                for line in self.lines():
                    if wanted(line):
                        anew.write(line + b"\n")
            self._reopen()
        except OSError as error:
            raise _not_written(self.path, error) from error

    def put_in_order(self, ids: Iterator[str], id_of: Callable[[bytes], str]) -> None:
        """Write the file anew with its lines in the order of `ids`; what is not among them comes
        last, as it stands. All or nothing."""
        from hinterland.jobs.table import Table

        starts, at = Table(), 0
        for line in self.lines():
            starts.set(id_of(line), at + 1)
            at += len(line) + 1
        try:
            with (
                durable.replacing(self.path) as anew,
                open(self._file, "rb", closefd=False) as old,
            ):
                for name in ids:
                    if start := starts.set(name, 0):
                        old.seek(start - 1)
                        anew.write(old.readline())
                for line in self.lines():
                    if starts.get(id_of(line)):
                        anew.write(line + b"\n")
            self._reopen()
        except OSError as error:
            raise _not_written(self.path, error) from error

    def _reopen(self) -> None:
        file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
        os.dup2(file, self._file, inheritable=False)
        os.close(file)
        self._size, self.torn = self._whole_lines()

    def _cut_torn(self) -> None:
        if self.torn:
            os.ftruncate(self._file, self._size)
            self.torn = b""

    def _whole_lines(self) -> tuple[int, bytes]:
        """Return the size of the whole lines, and the beginning of what follows them."""
        size = end = os.fstat(self._file).st_size
        while end:
            start = max(0, end - _COPIED)
            last = os.pread(self._file, end - start, start).rfind(b"\n")
            if last >= 0:
                end = start + last + 1
                break
            end = start
        return end, os.pread(self._file, min(size - end, _COPIED), end)

    @property
    def size(self) -> int:
        """Bytes in the file."""
        return self._size

    # In the run

    @property
    def full(self) -> bool:
        """Whether `room` has to be awaited before more work is begun."""
        return not self._room.is_set() or self._trouble is not None

    def add(self, line: bytes) -> None:
        """Write one line, without its end, as soon as the loop comes round; what a full disk does
        not take is held until it does."""
        added = self._added
        added.append(line)
        if len(added) == 1:
            asyncio.get_running_loop().call_soon(self._write_added)
        elif len(added) >= GROUP_LINES:
            self._write_added()

    async def room(self) -> None:
        """Wait until more may be added; raises StorageError when the disk has failed."""
        while not self._room.is_set():
            if self._held and not self._looked_after:
                await self._wait_for_space()
            else:
                await self._room.wait()
        if self._trouble is not None:
            raise self._trouble

    def give_up(self) -> None:
        """Drop what a full disk has not taken: it was not counted."""
        self._write_added()
        if self._held:
            self._added.clear()
            self._held = False
            self._room.set()

    async def close(self) -> None:
        """Make durable what was added; raises StorageError when that fails."""
        self._write_added()
        await self.room()
        while self.durable < self.written and self._trouble is None:
            self._urgent.set()
            await asyncio.sleep(0.001)
        if self._syncing is not None:
            self._syncing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._syncing
        if self._trouble is not None:
            raise self._trouble

    async def _wait_for_space(self) -> None:
        self._looked_after = True
        self._paused(True)
        try:
            while self._held:
                await asyncio.sleep(_PAUSE)
                self._held = False
                self._write_added()
            self._paused(False)
        finally:
            self._looked_after = False

    def _write_added(self) -> None:
        """Append what was added, or no part of a line of it when the disk is full."""
        if not self._added or self._held or self._trouble is not None:
            return
        whole = b"\n".join(self._added) + b"\n"
        try:
            self._cut_torn()
            done = os.write(self._file, whole)
            while done < len(whole):
                done += os.write(self._file, whole[done:])
        except OSError as error:
            os.ftruncate(self._file, self._size)
            self._room.clear()
            if error.errno in _FULL:
                self._held = True
            else:
                self._fail(error)
            return
        self._size += len(whole)
        self.written += len(self._added)
        self._added.clear()
        self._room.set()
        self._want_sync()

    def _want_sync(self) -> None:
        if self._syncing is None:
            self._syncing = asyncio.create_task(self._sync())
        self._wanted.set()
        waiting = self.written - self.durable
        if waiting >= GROUP_LINES:
            self._urgent.set()
            if waiting >= MOST_UNSYNCED:
                self._room.clear()

    async def _sync(self) -> None:
        while True:
            await self._wanted.wait()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._urgent.wait(), GROUP_SECONDS)
            self._wanted.clear()
            self._urgent.clear()
            written = self.written
            try:
                await asyncio.to_thread(os.fsync, self._file)
            except OSError as error:
                self._fail(error)
                return
            self.durable = written
            if not self._held:
                self._room.set()

    def _fail(self, error: OSError) -> None:
        self._trouble = _not_written(self.path, error)
        self._held = False
        self._room.set()


def _not_begun(path: Path, error: OSError) -> StorageError:
    return StorageError(
        f"The file {path} cannot be written: {error.strerror or error}.",
        "Name a file in a folder that you may write to.",
    )


def _not_written(path: Path, error: OSError) -> StorageError:
    return StorageError(
        f"The file {path} cannot be written: {error.strerror or error}.",
        "What was counted is safe; run the same command again to go on.",
    )

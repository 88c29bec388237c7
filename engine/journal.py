"""Journals: the answer being written, on disk while it streams, so that no crash loses it.

A journal is one line of JSON (the header) and then the server-sent events of the answer as they
went over the socket. The service holds a lock on the file for as long as it writes; a file that is
not locked is finished or was cut off, and history may adopt it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from hinterland.engine.events import EventParser
from hinterland.engine.protocol import Event, ImageNote, Sampling

SUFFIX = ".journal"
VERSION = 2
"""The newest form that is read. A journal of the rest of an answer is of form 2: who does not know
`Header.answer` would keep the rest in the place of the whole, and refuses it instead. Every other is
of form 1, which all can read."""


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What a turn is made of besides its answer."""

    version: int = 1
    conversation_id: str
    turn_id: str
    created: float
    """Seconds since the epoch."""
    prompt: str
    system: str | None = None
    model: str = ""
    sampling: Sampling = Sampling()
    images: tuple[ImageNote, ...] = ()
    parent: str | None = None
    """The turn that this one follows."""
    answer: str = ""
    """What the answer began with, where one that was cut off is gone on with."""


class Journal(msgspec.Struct, frozen=True):
    header: Header
    events: list[Event]
    live: bool
    """Whether the service is still writing it."""


class JournalWriter:
    """Appends to one journal; only the service does. `sync` may block: call it from a thread."""

    def __init__(self, folder: Path, header: Header) -> None:
        self.path = folder / f"{header.turn_id}{SUFFIX}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        self._file = os.open(self.path, flags, 0o600)
        self._unsynced = True
        self._size = 0
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX)
            if header.answer:
                header = msgspec.structs.replace(header, version=VERSION)
            self.write(msgspec.json.encode(header) + b"\n")
        except OSError:
            os.close(self._file)
            self.path.unlink(missing_ok=True)
            raise

    def write(self, events: bytes) -> None:
        """Append all of `events`, or raise OSError, as when the disk is full, and append nothing."""
        view = memoryview(events)
        try:
            while view:
                view = view[os.write(self._file, view) :]
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self._size)
            raise
        self._size += len(events)
        self._unsynced = True

    def sync(self) -> None:
        """Put what was written on the disk; does nothing when nothing is new."""
        if self._unsynced:
            self._unsynced = False
            os.fsync(self._file)

    def close(self) -> None:
        os.close(self._file)


def read(path: Path) -> Journal | None:
    """Return the journal in `path`; None when it is gone or its header was never finished."""
    try:
        with path.open("rb") as file:
            live = _is_locked(file.fileno())
            content = file.read()
    except FileNotFoundError:
        return None
    head, newline, body = content.partition(b"\n")
    try:
        header = msgspec.json.decode(head, type=Header)
    except msgspec.MsgspecError:
        return None
    if not newline:
        return None
    parser = EventParser()
    return Journal(header, [*parser.feed(body), *parser.close()], live)


def _is_locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(file, fcntl.LOCK_UN)
    return False


def paths(folder: Path) -> Iterator[Path]:
    """Yield the journals in `folder`, oldest turn first; none when there is no such folder."""
    try:
        names = sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return
    yield from (folder / name for name in names if name.endswith(SUFFIX))


def discard(folder: Path, turn_id: str) -> None:
    """Remove a turn's journal, if there is one."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        (folder / f"{turn_id}{SUFFIX}").unlink()

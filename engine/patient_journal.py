"""A journal that bears a full disk: what cannot be written waits, and whoever reads the answer is told
at once that it is not saved.

A service of one's own writes one, and so does a caller of a shared box.
"""

from __future__ import annotations

import errno
import logging
import time
from pathlib import Path

from hinterland.engine.journal import Header, JournalWriter
from hinterland.engine.protocol import Note
from hinterland.errors import HinterlandError
from hinterland.language import N_
from hinterland.paths import private_folder

log = logging.getLogger("hinterland.engine")

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_BROKEN = frozenset({errno.EIO, errno.EROFS})
_TRY_AGAIN = 1.0
"""Seconds between two attempts to write to a disk that took nothing."""

_IS_FULL = N_("The disk is full: this answer is not being saved.")
_IS_BROKEN = N_("The disk cannot be written to: this answer is not being saved.")
_SAVED_AGAIN = N_("The disk can be written to again: this answer is being saved.")


class PatientJournal:
    """The journal of one answer, in `folder`. It raises nothing: an answer is worth more.

    `sync` and `close` may block: call them from a thread where that matters. All but `sync` are
    called one after the other.
    """

    def __init__(self, folder: Path, header: Header) -> None:
        self._folder = folder
        self._header = header
        self._writer: JournalWriter | None = None
        self._waiting = b""
        """What could not be written yet."""
        self._failure: OSError | None = None
        """Why nothing can be written now."""
        self._lost = False
        """Whether something that was written is gone, or there can be no journal at all."""
        self._told = True
        """Whether it was last told that the answer is being saved."""
        self._tried_at = 0.0
        self._try_to_write()

    @property
    def saves(self) -> bool:
        """Whether all of the answer so far is written down."""
        return self._failure is None and self._writer is not None and not self._lost

    def write(self, events: bytes) -> None:
        """Write `events` down, or have them wait until the disk takes them."""
        if self._lost:
            return
        self._waiting += events
        if self._failure is None or time.monotonic() - self._tried_at > _TRY_AGAIN:
            self._try_to_write()

    def news(self) -> Note | None:
        """Return what there is to tell of the disk since this was asked last."""
        if self._told == (self._failure is None):
            return None
        self._told = self._failure is None
        if self._failure is None:
            return Note(_SAVED_AGAIN, saved=True)
        return Note(_IS_FULL if self._failure.errno in _FULL else _IS_BROKEN, saved=False)

    def sync(self) -> None:
        """Put what was written on the disk."""
        writer = self._writer
        if writer is not None:
            try:
                writer.sync()
            except OSError as error:  # what the system has let go of is not written again
                self._lost = True
                self._fails(error)

    def close(self, *, synced: bool = False) -> None:
        """Let go of it: what is in it may be taken in, and is on the disk first where that is wished.
        One that never came to be is not begun now: its turn may have been kept, or removed, by now.
        """
        writer, self._writer = self._writer, None
        if writer is None:
            return
        try:
            if self._waiting and not self._lost:
                writer.write(self._waiting)
            if synced:
                writer.sync()
        except OSError as error:
            log.info("journal not whole: %s", error.strerror)
        writer.close()

    def _try_to_write(self) -> None:
        self._tried_at = time.monotonic()
        try:
            if self._writer is None:
                self._writer = JournalWriter(private_folder(self._folder), self._header)
            if self._waiting:
                self._writer.write(self._waiting)
        except OSError as error:
            self._fails(error)
        except HinterlandError as error:
            cause = error.__cause__
            self._fails(cause if isinstance(cause, OSError) else OSError(0, error.message))
        else:
            self._waiting = b""
            self._failure = None

    def _fails(self, error: OSError) -> None:
        if self._failure is None:
            log.info("no journal: %s", error.strerror)
        may_mend = error.errno in _FULL | _BROKEN
        if may_mend or self._writer is not None:
            self._failure = error
        if not may_mend:  # a folder that nobody may write to does not mend itself in an answer
            self._lost = True

"""Lines as they are typed, on a terminal of any kind or in a pipe, with or without a deadline.

Python's own reader cannot wait for a line with a deadline, which a count of breaths needs.
"""

from __future__ import annotations

import errno
import os
import select
import time

from hinterland.errors import InputError

_AT_ONCE = 4096  # bytes
_LONGEST = 20_000
"""Bytes of one line: more is no answer, and a stream without an end of line must not fill memory."""


class TypedLines:
    """Reads lines of UTF-8 from a file descriptor; a person or a script has written them."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._waiting = b""
        self._ended = False
        self._leaves_out = False
        """Whether what comes belongs to a line that was too long."""

    def line(self, deadline: float | None = None) -> str:
        """Return the next line without its end.

        Raises EOFError at the end, TimeoutError when `deadline` (of time.monotonic) has passed, and
        InputError for what is not UTF-8 and for a line that is too long, of which nothing is read.
        """
        while b"\n" not in self._waiting and not self._ended:
            if deadline is not None and not self._ready(deadline):
                raise TimeoutError
            self._read()
        line, newline, self._waiting = self._waiting.partition(b"\n")
        if not line and not newline:
            raise EOFError
        try:
            return line.decode().rstrip("\r")
        except UnicodeDecodeError as error:
            raise InputError("That was not UTF-8 text.", "Type it again.") from error

    def _ready(self, deadline: float) -> bool:
        left = deadline - time.monotonic()
        return left > 0 and bool(select.select([self._descriptor], [], [], left)[0])

    def _read(self) -> None:
        try:
            piece = os.read(self._descriptor, _AT_ONCE)
        except OSError as error:
            if error.errno != errno.EIO:  # the terminal has gone
                raise
            piece = b""
        self._ended = not piece
        if self._leaves_out:
            _rest, newline, piece = piece.partition(b"\n")
            self._leaves_out = not newline
        self._waiting += piece
        if len(self._waiting) > _LONGEST and b"\n" not in self._waiting:
            self._waiting, self._leaves_out = b"", True
            raise InputError("That line is too long.", "Say it in fewer words.")

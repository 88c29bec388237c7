"""How a long piece of work tells what it does: one line that is rewritten on a terminal, a line every
tenth elsewhere. It goes to standard error; standard output stays clean."""

from __future__ import annotations

import sys
import time
from typing import Protocol, Self, TextIO

from hinterland.text import clean_line


class Progress(Protocol):
    def note(self, sentence: str) -> None:
        """Tell one thing, for good."""

    def advance(self, what: str, done: int, total: int | None) -> None:
        """Tell that `done` of `total` bytes of `what` are there; `total` is None when not known."""


class Silent:
    """Tells nothing."""

    def note(self, sentence: str) -> None:
        pass

    def advance(self, what: str, done: int, total: int | None) -> None:
        pass


class LineProgress:
    """Tells on a stream. Use it as a context manager, so that its last line ends."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._terminal = self._stream.isatty()
        self._what = ""
        self._tenth = -1
        self._shown_at = float("-inf")
        self._open = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end_line()

    def note(self, sentence: str) -> None:
        self._end_line()
        self._write(clean_line(sentence, 600) + "\n")

    def advance(self, what: str, done: int, total: int | None) -> None:
        finished = total is not None and done >= total
        if what != self._what:
            self._what, self._tenth, self._shown_at = what, -1, float("-inf")
        now = time.monotonic()
        if self._terminal:
            if now - self._shown_at >= 0.1 or finished:
                self._shown_at = now
                self._write(f"\r{self._text(what, done, total)}\x1b[K")
                self._open = True
            return
        tenth = done * 10 // total if total else 0
        # A file that is read in a second needs no ten lines.
        if tenth > self._tenth and (finished or now - self._shown_at >= 1):
            self._tenth, self._shown_at = tenth, now
            self._write(self._text(what, done, total) + "\n")

    def _text(self, what: str, done: int, total: int | None) -> str:
        amount = size(done) if total is None else f"{size(done)} of {size(total)}"
        share = f" ({min(done, total) * 100 // total} %)" if total else ""
        return f"{clean_line(what, 60)}: {amount}{share}"

    def _end_line(self) -> None:
        if self._open:
            self._write("\n")
            self._open = False

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def size(count: int) -> str:
    """Return a number of bytes for people, in decimal units: 98362432 is "98 MB"."""
    if count < 1_000_000:
        return f"{count / 1000:.0f} kB" if count >= 1000 else f"{count} B"
    if count < 1_000_000_000:
        return f"{count / 1e6:.0f} MB"
    return f"{count / 1e9:.1f} GB"

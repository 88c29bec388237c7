"""Pastes from terminals that do not bracket them: lines that arrive at once are text, not prompts.

Typed keys come one by one, or a few at a time over a slow line; nobody types a line end and a good
part of the next line within one read. What does is taken for a paste, and so is a line end that
follows it closely: the last piece of a paste on a slow line.
"""

from __future__ import annotations

from collections.abc import Iterable
from time import monotonic

from textual import events
from textual._xterm_parser import BRACKETED_PASTE_END, BRACKETED_PASTE_START, XTermParser
from textual.message import Message

_TYPED_AHEAD = 8
"""Characters after a line end that a person may have typed while the line stood still."""
_BELONGS = 0.5
"""Seconds within which what follows a paste is still part of it."""


def is_burst(data: str) -> bool:
    """Return whether what was read at once is pasted lines: a line end with more after it than is
    typed ahead, or with another line."""
    _, end, rest = data.partition("\r")
    if not end or not _is_text(data):
        return False
    return len(rest) > _TYPED_AHEAD or any(rest.split("\r")[:-1])


def _is_text(data: str) -> bool:
    return data.replace("\r", "").replace("\n", "").replace("\t", "").isprintable()


class BurstParser(XTermParser):
    """Textual's parser of what a terminal sends, with those pastes found."""

    def __init__(self, debug: bool = False) -> None:
        super().__init__(debug)
        self._bracketed = False
        self._seen = ""
        self._pasted_at = -_BELONGS

    def feed(self, data: str) -> Iterable[Message]:
        """Yield the events in what was read."""
        outside = not self._bracketed and "\x1b" not in self._seen[-1:] + data
        self._watch(data)
        if outside and data:
            close = monotonic() - self._pasted_at < _BELONGS
            if is_burst(data) or (close and "\r" in data and _is_text(data)):
                self._pasted_at = monotonic()
                yield events.Paste(data)
                return
        yield from super().feed(data)

    def _watch(self, data: str) -> None:
        """Take note of where a bracketed paste begins and ends; the marks may come in pieces."""
        seen = self._seen + data
        begun = seen.rfind(BRACKETED_PASTE_START)
        ended = seen.rfind(BRACKETED_PASTE_END)
        if begun != ended:
            self._bracketed = begun > ended
        self._seen = seen[-len(BRACKETED_PASTE_START) + 1 :]

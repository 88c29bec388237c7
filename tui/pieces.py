"""An answer cut into pieces that can be rendered one by one while the rest is still being written.

A piece is a run of whole top-level Markdown blocks, or (part of) a fenced code block. What is cut
off is final; only the piece still open is rendered again when text arrives. Where the cuts fall
depends on the text alone, not on how it was fed. Pieces are bounded, so that no answer, however it
is built, makes one rendering long.
"""

from __future__ import annotations

import re
from typing import NamedTuple

LONGEST = 4_000
"""Characters after which a piece is cut at the next line, and a line inside itself."""
MOST_CODE_LINES = 60
"""Lines of a fenced block rendered at once."""

_FENCE = re.compile(r"(`{3,})([^`]*)$|(~{3,})(.*)$")
_LIST_ITEM = re.compile(r"([-+*]|\d{1,9}[.)])(\s|$)")


class Piece(NamedTuple):
    text: str
    """Markdown, or the inside of a fenced block."""
    language: str | None = None
    """What the fence says its code is, perhaps nothing; None when this is not fenced code."""
    continued: bool = False
    """Whether it goes on where the piece before it was cut, with no space between them."""


class _Fence(NamedTuple):
    marker: str
    language: str
    nested: bool


class Splitter:
    """Feed it an answer as it comes; take the pieces that can no longer change."""

    def __init__(self) -> None:
        self._partial = ""
        self._lines: list[str] = []
        self._chars = 0
        self._blank = False
        self._list: str | None = None
        self._fence: _Fence | None = None
        self._continued = False

    def feed(self, text: str) -> list[Piece]:
        """Take in more of the answer and return the pieces it completes."""
        *lines, self._partial = (self._partial + text).split("\n")
        done: list[Piece] = []
        for line in lines:
            self._line(self._shorten(line, done), done)
        self._partial = self._shorten(self._partial, done)
        return done

    def open(self) -> Piece | None:
        """Return the piece still being written, as far as it goes."""
        # Back ticks that have just arrived are likely half of a fence.
        begun = self._partial.strip("`~ \t")
        return self._piece([*self._lines, self._partial] if begun else self._lines)

    def close(self) -> list[Piece]:
        """Return what is left when the answer is over."""
        done: list[Piece] = []
        if self._partial:
            self._line(self._partial, done)
            self._partial = ""
        self._cut(done)
        return done

    def _shorten(self, line: str, done: list[Piece]) -> str:
        """Cut a line that is longer than a piece may be, and return what is left of it."""
        while len(line) > LONGEST:
            at = line.rfind(" ", 1, LONGEST) + 1 or LONGEST
            self._line(line[:at], done)
            self._cut(done, continued=True)
            line = line[at:]
        return line

    def _line(self, line: str, done: list[Piece]) -> None:
        if self._fence is not None:
            self._line_of_code(line, self._fence, done)
            return
        if not line.strip():
            self._blank = bool(self._lines)
            if self._lines:
                self._append(line)
            return
        if self._may_begin_here(line):
            self._cut(done)
        if line[0] not in " \t" and (self._blank or not self._list):
            self._list = _list_kind(line)
        self._blank = False
        if opening := _FENCE.match(line.lstrip()):
            nested = line[0] in " \t"
            if not nested:
                self._cut(done)
            marker, language = opening[1] or opening[3], opening[2] or opening[4] or ""
            self._fence = _Fence(marker, language.strip().partition(" ")[0], nested)
            if not nested:
                return
        self._append(line)
        if self._chars > LONGEST:
            self._cut(done, continued=True)

    def _line_of_code(self, line: str, fence: _Fence, done: list[Piece]) -> None:
        closes = line.strip()
        ends = closes.startswith(fence.marker) and not closes.strip(fence.marker[0])
        if fence.nested:
            self._append(line)
            if ends:
                self._fence = None
            elif self._chars > LONGEST:  # a fence that never closes must not hold up the rest
                self._fence = None
                self._cut(done, continued=True)
        elif ends:
            self._cut(done)
            self._fence = None
        else:
            self._append(line)
            if len(self._lines) >= MOST_CODE_LINES or self._chars > LONGEST:
                self._cut(done, continued=True)

    def _may_begin_here(self, line: str) -> bool:
        """Whether `line`, after a blank one, begins a block of its own at the top level."""
        if not self._blank or line[0] in " \t":
            return False
        same_list = self._list and self._list == _list_kind(line)
        return not same_list or self._chars > LONGEST // 2

    def _append(self, line: str) -> None:
        self._lines.append(line)
        self._chars += len(line) + 1

    def _cut(self, done: list[Piece], *, continued: bool = False) -> None:
        if piece := self._piece(self._lines):
            done.append(piece)
        self._continued = continued
        self._lines, self._chars, self._blank, self._list = [], 0, False, None

    def _piece(self, lines: list[str]) -> Piece | None:
        if self._fence is not None and not self._fence.nested:
            return Piece("\n".join(lines), self._fence.language, self._continued) if lines else None
        text = "\n".join(lines).rstrip()
        return Piece(text, None, self._continued) if text.strip() else None


def _list_kind(line: str) -> str | None:
    """Return the marker that makes `line` an item; items with another begin another list."""
    item = _LIST_ITEM.match(line)
    return item[1][-1] if item else None


def split(text: str) -> list[Piece]:
    """Return all the pieces of a finished answer."""
    splitter = Splitter()
    return [*splitter.feed(text), *splitter.close()]

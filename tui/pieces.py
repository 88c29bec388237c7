"""An answer cut into pieces that can be rendered one by one while the rest is still being written.

A piece is a run of whole top-level Markdown blocks, or (part of) a fenced code block. What is cut
off is final; only the piece still open is rendered again when text arrives. Where the cuts fall
depends on the text alone, not on how it was fed. Pieces are bounded, so that no answer, however it
is built, makes one rendering long.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

LONGEST = 4_000
"""Characters after which a piece is cut at the next line, and a line inside itself."""
MOST_CODE_LINES = 60
"""Lines of a fenced block rendered at once."""

_FENCE = re.compile(r"(`{3,})([^`]*)$|(~{3,})(.*)$")
_LIST_ITEM = re.compile(r"([-+*]|\d{1,9}[.)])(\s|$)")
_MATHS = {"$$": "$$", "\\[": "\\]"}
"""What opens a block of mathematics, and what closes it."""
_UNDECIDED = re.compile(r"[`~*_#>+=\-\s]*|\s*\d{1,9}[.)]?\s*")
"""The start of a line that may yet become another block: a fence, a rule, a heading, an item."""
_JOINERS = "\u200d\ufe0e\ufe0f"
_BLOCK_MARKS = frozenset("#>-+*_=|~`$\\0123456789 ")
_LONGEST_CLUSTER = 64
"""Code points within which one character as people see it is looked for."""
_SLICE = 16_000
"""Characters of a finished answer that are cut up at a time."""


class Piece(NamedTuple):
    text: str
    """Markdown, or the inside of a fenced block."""
    language: str | None = None
    """What the fence says its code is, perhaps nothing; None when this is not fenced code."""
    continued: bool = False
    """Whether it goes on where the piece before it was cut, with no space between them."""
    open: bool = False
    """Whether it is still being written."""


class _Fence(NamedTuple):
    marker: str
    """What closes it."""
    language: str
    nested: bool
    """Whether it belongs to the piece it stands in: it is indented, or mathematics."""
    indent: str = ""
    shift: str = ""
    """What its lines lack of the indentation of the fence."""


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
            self._line(self._shorten(line, done) if len(line) > LONGEST else line, done)
        self._partial = self._shorten(self._partial, done)
        return done

    def open(self) -> Piece | None:
        """Return the piece still being written, as far as it goes."""
        lines = self._lines
        if self._fence is not None:
            # Back ticks that have just arrived are likely half of a fence.
            begun = self._partial.strip("`~ \t")
            return self._still_open([*lines, self._partial] if begun else lines)
        # A row of a table is shown when it is whole, and the first when it is known to be one.
        partial = "" if self._partial.startswith("|") else self._partial
        if partial and not _UNDECIDED.fullmatch(partial):
            lines = [*lines, partial]
        elif _is_row(lines[-1:]) and not _is_row(lines[-2:-1]):
            lines = lines[:-1]
        return self._still_open(lines)

    def _still_open(self, lines: list[str]) -> Piece | None:
        piece = self._piece(lines)
        return piece._replace(open=True) if piece else None

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
            at = line.rfind(" ", 1, LONGEST) + 1
            while at and line[at] in _BLOCK_MARKS:  # within a line it begins no block
                at = line.rfind(" ", LONGEST - _LONGEST_CLUSTER, at - 1) + 1
            at = at or _between_characters(line, LONGEST)
            self._line(line[:at], done)
            self._cut(done, continued=True)
            line = line[at:]
        return line

    def _line(self, line: str, done: list[Piece]) -> None:
        if self._fence is not None:
            self._line_of_code(line, self._fence, done)
            return
        begin = line.lstrip()
        if not begin:
            self._blank = bool(self._lines)
            if self._lines:
                self._append(line)
            return
        if self._blank and self._may_begin_here(line):
            self._cut(done)
        if line[0] not in " \t" and (self._blank or not self._list):
            self._list = _list_kind(line)
        self._blank = False
        if begin[0] in "`~$\\" and self._opens(line, begin, done):
            return
        self._append(line)
        if self._chars > LONGEST:
            self._cut(done, continued=True)

    def _opens(self, line: str, begin: str, done: list[Piece]) -> bool:
        """Take note of a fence or of mathematics that begins; return whether the line is used up."""
        indent = line[: len(line) - len(begin)]
        if opening := _FENCE.match(begin):
            if not indent:
                self._cut(done)
            marker, language = opening[1] or opening[3], opening[2] or opening[4] or ""
            language = language.strip().partition(" ")[0]
            self._fence = _Fence(marker, language, bool(indent), indent)
            return not indent
        closing = _MATHS.get(begin[:2])
        if closing and closing not in begin[2:]:
            self._fence = _Fence(closing, "", nested=True, indent=indent)
        return False

    def _line_of_code(self, line: str, fence: _Fence, done: list[Piece]) -> None:
        closes = line.strip()
        if fence.marker in _MATHS.values():
            self._append(line)
            if closes.endswith(fence.marker) or self._chars > LONGEST:
                self._fence = None
                self._blank = False
            return
        ends = closes.startswith(fence.marker) and not closes.strip(fence.marker[0])
        if fence.nested:
            # Code that a model did not indent as the list around it asks for would end the list.
            if closes and not ends and not line.startswith(fence.indent):
                self._fence = fence = fence._replace(shift=fence.indent)
            shifted = fence.shift + line if closes else line
            self._append(fence.indent + closes if ends else shifted)
            if ends:
                self._fence = None
            elif self._chars > LONGEST:
                self._cut(done, continued=True)
                self._fence = fence._replace(nested=False)
        elif ends:
            self._cut(done)
            self._fence = None
        else:
            self._append(line)
            if len(self._lines) >= MOST_CODE_LINES or self._chars > LONGEST:
                self._cut(done, continued=True)

    def _may_begin_here(self, line: str) -> bool:
        """Whether `line`, after a blank one, begins a block of its own at the top level."""
        if line[0] in " \t":
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
        if not lines:
            return None
        if self._fence is not None and not self._fence.nested:
            return Piece("\n".join(lines), self._fence.language, self._continued)
        text = "\n".join(lines).rstrip()
        return Piece(text, None, self._continued) if text.strip() else None


def _list_kind(line: str) -> str | None:
    """Return the marker that makes `line` an item; items with another begin another list."""
    if line[0] not in "-+*0123456789":
        return None
    item = _LIST_ITEM.match(line)
    return item[1][-1] if item else None


def _is_row(lines: list[str]) -> bool:
    return bool(lines) and lines[0].startswith("|")


def _between_characters(line: str, at: int) -> int:
    """Return where to cut a line near `at` without parting marks, joined emoji or flags."""
    cut = at
    while at - cut < _LONGEST_CLUSTER and (
        _joins(line[cut]) or line[cut - 1] == "\u200d" or line[cut] in _BLOCK_MARKS
    ):
        cut -= 1
    first = cut
    while first > 0 and _is_half_a_flag(line[first - 1]):
        first -= 1
    if _is_half_a_flag(line[cut]) and (cut - first) % 2:
        cut -= 1
    return cut if at - cut < _LONGEST_CLUSTER else at


def _joins(character: str) -> bool:
    """Whether a code point is shown with the one before it."""
    return (
        character in _JOINERS
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or "\U000e0020" <= character <= "\U000e007f"
        or unicodedata.category(character)[0] == "M"
    )


def _is_half_a_flag(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def split_on(text: str) -> Iterator[Piece]:
    """Yield the pieces of a finished answer, each as soon as it is found."""
    splitter = Splitter()
    for start in range(0, len(text), _SLICE):
        yield from splitter.feed(text[start : start + _SLICE])
    yield from splitter.close()


def split(text: str) -> list[Piece]:
    """Return all the pieces of a finished answer."""
    return [*split_on(text)]

"""Text as people see it: what looks like one character is moved over, drawn and deleted as one.

A cluster is a character with its combining marks, an emoji with what it is joined to, or a flag.
"""

from __future__ import annotations

import re
from functools import lru_cache

from rich.cells import cell_len, split_graphemes

TAB = 4
"""Cells between tab stops."""

_FAR = 256
"""Characters looked at to either side of a place for the bounds of its cluster."""
_JOINER = "\N{ZERO WIDTH JOINER}"
_CHUNK = re.compile(r"\S+\s*|\s+")

Span = tuple[int, int, int]
"""Where a cluster begins, where it ends, and its cells."""


def clusters(text: str) -> list[Span]:
    """Return the clusters of `text`, without a gap."""
    spans: list[Span] = []
    half = False  # whether the last cluster is the first letter of a flag
    for start, end, cells in split_graphemes(text)[0]:
        letter = "\U0001f1e6" <= text[start] <= "\U0001f1ff"
        if half and letter:
            first, _, before = spans.pop()
            spans.append((first, end, before + cells))
            half = False
        else:
            spans.append((start, end, cells))
            half = letter and end == start + 1
    return spans


def cluster_at(line: str, column: int) -> tuple[int, int]:
    """Return the bounds of the cluster that holds the character at `column`; at the end of the line
    both are its length."""
    if column >= len(line):
        return len(line), len(line)
    if line[column].isascii() and (column + 1 == len(line) or line[column + 1].isascii()):
        return column, column + 1
    first = column
    while first > 0 and column - first < _FAR and not _begins(line, first):
        first -= 1
    for start, end, _ in clusters(line[first : column + _FAR]):
        if end > column - first:
            return first + start, first + end
    return column, column + 1


def before(line: str, column: int) -> int:
    """Return where the cluster in front of `column` begins."""
    return cluster_at(line, column - 1)[0] if column > 0 else 0


def after(line: str, column: int) -> int:
    """Return where the cluster at `column` ends."""
    return cluster_at(line, column)[1]


def column_at(text: str, cells: int) -> int:
    """Return the column of the cluster that lies `cells` from the left, or the end of `text`."""
    used = 0
    for start, _, width in clusters(text):
        used += TAB - used % TAB if text[start] == "\t" else width
        if used > cells:
            return start
    return len(text)


def spread(text: str, used: int = 0) -> str:
    """Return `text` with its tabs as blanks; it stands `used` cells from the left."""
    if "\t" not in text:
        return text
    *pieces, last = text.split("\t")
    blanks = ""
    for piece in pieces:
        blanks += piece
        blanks += " " * (TAB - (used + cell_len(blanks)) % TAB)
    return blanks + last


def width_of(text: str) -> int:
    """Return the cells that `text` takes at the left of a row."""
    return cell_len(spread(text))


@lru_cache(8192)
def cuts(line: str, width: int) -> tuple[int, ...]:
    """Return the columns at which `line` is cut into rows of at most `width` cells: between words,
    and inside those that are wider than a row, which includes text without spaces."""
    if width <= 0:
        return ()
    if line.isascii() and "\t" not in line:
        return _cuts_by_index(line, width)
    found: list[int] = []
    used = 0
    for chunk in _CHUNK.finditer(line):
        text, start = chunk[0], chunk.start()
        if "\t" not in text:
            cells = cell_len(text)
            if used + cells <= width:
                used += cells
                continue
            if cells <= width and not _unspaced(text):
                found.append(start)
                used = cells
                continue
        for first, _, cells in clusters(text):
            cells = TAB - used % TAB if text[first] == "\t" else cells
            if used + cells > width and start + first > (found[-1] if found else 0):
                found.append(start + first)
                used = min(cells, width)
            else:
                used += cells
    return tuple(found)


def _cuts_by_index(line: str, width: int) -> tuple[int, ...]:
    """Return what `cuts` does for text of which each character takes a cell."""
    found = []
    start = 0
    while len(line) - start > width:
        start = line.rfind(" ", start, start + width) + 1 or start + width
        found.append(start)
    return tuple(found)


def _begins(line: str, column: int) -> bool:
    """Whether a cluster surely begins here."""
    return line[column].isascii() and line[column - 1] != _JOINER


def _unspaced(text: str) -> bool:
    """Whether a word is of a script that puts no space between words (Chinese, Japanese, Thai)."""
    return any("\u0e00" <= each <= "\u0eff" or "\u2e80" <= each <= "\u9fff" for each in text)

"""Plain text cut into lines of a terminal's width, by cells and without losing a character."""

from __future__ import annotations

import re

from rich.cells import cell_len, split_graphemes
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from hinterland.cells import is_single

TAB = 4
"""Cells between tab stops."""

_STEP = 4
"""Cells by which what goes on below its line is moved to the right, where it has no room for columns."""
_GAP = re.compile(r"(?<=\S) {2,}(?=\S)")


def wrap(text: str, width: int) -> list[str]:
    """Return the lines of clean `text`, none wider than `width` cells.

    A line is cut at a space, which is dropped, and inside a word only when the word is wider than
    the line. A character of two cells does not fit in a width of one and keeps a line to itself.
    """
    width = max(1, width)
    lines: list[str] = []
    for line in text.expandtabs(TAB).split("\n"):
        if len(line) <= width and is_single(line):
            lines.append(line)
        elif is_single(line):
            lines += _cut_by_index(line, width)
        else:
            lines += _cut_by_cells(line, width)
    return lines


def plain(text: str, width: int, style: Style | None = None) -> list[Strip]:
    """Return clean `text` as strips of at most `width` cells."""
    return [Strip([Segment(line, style)] if line else []) for line in wrap(text, width)]


def hanging(text: str, width: int) -> list[str]:
    """Return the lines of clean `text` like `wrap`, but what goes on stands below the beginning of its
    column, or a little to the right of its line where the columns before take more than half."""
    return [row for line in text.expandtabs(TAB).split("\n") for row in _hanging(line, width)]


def _hanging(line: str, width: int) -> list[str]:
    gaps = list(_GAP.finditer(line))
    if not gaps or width < 4 * _STEP:
        return wrap(line, width)
    begins = cell_len(line[: gaps[-1].end()])
    if begins > width // 2:
        line = _GAP.sub("  ", line)
        begins = len(line) - len(line.lstrip(" ")) + _STEP
    if cell_len(line) <= width:
        return [line]
    first, *_ = wrap(line, width)
    rest = line[len(first) :].lstrip(" ")
    return [first.rstrip(), *(" " * begins + each for each in wrap(rest, width - begins) if rest)]


def _cut_by_index(line: str, width: int) -> list[str]:
    lines = []
    start, end = 0, len(line)
    blank_until = end - len(line.lstrip(" "))
    while end - start > width:
        space = line.rfind(" ", start, start + width + 1)
        if space <= max(start, blank_until):
            lines.append(line[start : start + width])
            start += width
        else:
            lines.append(line[start:space])
            start = space + 1
    lines.append(line[start:])
    return lines


def _cut_by_cells(line: str, width: int) -> list[str]:
    lines = []
    spans, _ = split_graphemes(line)
    blank_until = len(line) - len(line.lstrip(" "))
    start = used = 0
    space = -1  # index of the last space on this line, and the cells up to it
    used_at_space = 0
    for first, last, cells in spans:
        if used + cells > width and first > start:
            if line[first:last] == " ":
                lines.append(line[start:first])
                start, used, space = last, 0, -1
                continue
            if space > max(start, blank_until):
                lines.append(line[start:space])
                start, used = space + 1, used - used_at_space - 1
            else:
                lines.append(line[start:first])
                start, used = first, 0
            space = -1
        if line[first:last] == " ":
            space, used_at_space = first, used
        used += cells
    lines.append(line[start:])
    return lines

"""Paragraphs in lines of so many columns: `textwrap` costs a tenth of the time a result may take, and
counts a Chinese character as one column."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TextIO

WIDEST, NARROWEST = 80, 40
_WIDE = "WF"
"""East Asian widths of two columns."""


def width_of(stream: TextIO) -> int:
    """Return the columns to write in: 40 to 80, and 80 where no terminal says."""
    try:
        columns = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        return WIDEST
    return fit(columns - 1) if columns else WIDEST


def fit(width: int) -> int:
    """Return a width within 40 and 80 columns."""
    return max(NARROWEST, min(width, WIDEST))


def wrapped(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    """Return a paragraph in lines of at most `width` columns; what has no blank and is longer than a
    line is broken only where it is in a script without blanks. `first` and `rest` begin the lines."""
    lines, line, begun = [], first, False
    for word, blank in _words(text):
        space = " " if begun and blank else ""
        if begun and columns(line) + len(space) + columns(word) > width:
            lines.append(line)
            line, space = rest, ""
        line, begun = line + space + word, True
    return [*lines, line] if begun else []


def columns(text: str) -> int:
    """Return how many columns a text takes."""
    if text.isascii():
        return len(text)
    from unicodedata import east_asian_width

    return sum(1 + (east_asian_width(each) in _WIDE) for each in text)


def _words(text: str) -> Iterator[tuple[str, bool]]:
    """Yield what may stand in one line each, and whether a blank goes before it."""
    for word in text.split():
        if word.isascii() or columns(word) == len(word):
            yield word, True
            continue
        piece, blank = "", True
        for each in word:
            # Nothing is broken off that a line may not begin with.
            if piece and columns(each) == 2 and each not in "，。；：、）”？！":
                yield piece, blank
                piece, blank = "", False
            piece += each
        yield piece, blank

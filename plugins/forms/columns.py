"""How wide a dialogue or a report is, and its paragraphs."""

from __future__ import annotations

import os
from typing import TextIO

from hinterland import cells

WIDEST, NARROWEST = 80, 40


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
    """Return a paragraph in lines of at most `width` cells, which begin with `first` and `rest`; a
    word that is longer stays whole, to be copied."""
    return cells.wrapped(text, width, first, rest, whole_words=True)

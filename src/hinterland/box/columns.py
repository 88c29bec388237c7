"""Columns of numbers that fit a terminal of any width: the first ones are worth most."""

from __future__ import annotations

from collections.abc import Sequence

from hinterland.cells import cells, padded

_GAP = "  "

Column = tuple[str, Sequence[str]]
"""A heading, and a cell for every row."""


def fitted(columns: Sequence[Column], width: int | None) -> tuple[list[str], int]:
    """Return the lines of a table that is at most `width` cells wide, its headings first, and how
    many columns had to be left out; the first column is always there."""
    rows: list[list[str]] = [[] for _row in range(len(columns[0][1]) + 1)]
    used = 0
    for place, (heading, below) in enumerate(columns):
        wide = max(cells(cell) for cell in (heading, *below))
        used += wide + (len(_GAP) if place else 0)
        if place and width is not None and used > width:
            return _joined(rows), len(columns) - place
        for row, cell in zip(rows, (heading, *below), strict=True):
            row.append(" " * (wide - cells(cell)) + cell if place else padded(cell, wide))
    return _joined(rows), 0


def _joined(rows: list[list[str]]) -> list[str]:
    return [_GAP.join(row).rstrip() for row in rows]

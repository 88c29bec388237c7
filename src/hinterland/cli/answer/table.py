"""A Markdown table as rows of a terminal, while its rows still come in."""

from __future__ import annotations

import re
from functools import partial

from hinterland.cli.answer.inline import BOLD, DIM, Cell, Row, cells, plain_cells, width_of, wrap

_DELIMITERS = re.compile(r"^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$")
_CELL = re.compile(r"(?<!\\)\|")
_BREAK = re.compile(r"<br ?/?>", re.IGNORECASE)
_LEAST = 6  # columns below which a cell is unreadable: the table is then shown as records


def split(line: str) -> list[str]:
    """Return the cells of a line."""
    inner = line.strip().removeprefix("|")
    inner = inner[:-1] if inner.endswith("|") and not inner.endswith("\\|") else inner
    return [_BREAK.sub(" ", part.replace("\\|", "|")).strip() for part in _CELL.split(inner)]


def begins(head: str, delimiters: str) -> bool:
    """Return whether the two lines begin a table."""
    if "|" not in delimiters and "|" not in head:
        return False
    return bool(_DELIMITERS.match(delimiters)) and len(split(head)) == len(split(delimiters))


class Table:
    """The lines of one table; its columns grow until `fixed`, then only rows are added."""

    def __init__(self, head: str, delimiters: str, *, unicode: bool) -> None:
        marks = split(delimiters)
        self._left = [not mark.endswith(":") or len(mark) == 1 for mark in marks]
        self._centre = [mark.startswith(":") and mark.endswith(":") for mark in marks]
        self._lines = [self._fitted(head)]
        self._cells = partial(cells, formulas=unicode)
        self._bar, self._cross, self._dash = (" │ ", "─┼─", "─") if unicode else (" | ", "-+-", "-")
        self._fixed: list[int] | None = None

    def add(self, line: str) -> None:
        """Take in one more line."""
        self._lines.append(self._fitted(line))

    def rows(self, width: int, growing: str | None = None, most: int = 0) -> list[Row]:
        """Return the table's rows, and those of a line that is still `growing`.

        A table of more than `most` rows keeps its columns from then on: its head leaves the screen.
        """
        widths = self._fixed if self._fixed is not None else self._widths(width)
        lines = self._lines + ([self._fitted(growing)] if growing is not None else [])
        found: list[Row] = []
        for number, line in enumerate(lines):
            final = number < len(self._lines)
            if not widths:
                found += self._record(number, line, width, final)
                continue
            found += self._grid(line, widths, 0 if number else BOLD, final)
            if not number:
                rule = self._cross.join(self._dash * size for size in widths)
                found.append(Row(((rule, DIM),)))
        if most and len(found) > most and self._fixed is None:
            self._fixed = self._roomier(widths, width)
            return self.rows(width, growing)
        return found

    def _roomier(self, widths: list[int], width: int) -> list[int]:
        """Return widths with room for longer cells than have been seen yet."""
        room = width - len(self._bar) * (len(widths) - 1) - sum(widths)
        share = room // len(widths) if widths else 0
        return [size + min(share, size // 2 + 4) for size in widths]

    def fix(self, width: int) -> int:
        """Keep the columns as they are from now on; return how many rows the complete lines take."""
        self._fixed = self._fixed if self._fixed is not None else self._widths(width)
        return len(self.rows(width))

    def _fitted(self, line: str) -> list[str]:
        row = split(line)[: len(self._left)]
        return row + [""] * (len(self._left) - len(row))

    def _widths(self, width: int) -> list[int]:
        """Return the columns' widths; none when there is no room for a grid."""
        natural = [
            max(1, *(width_of(self._cells(line[column], 0, final=True)) for line in self._lines))
            for column in range(len(self._left))
        ]
        room = width - len(self._bar) * (len(natural) - 1)
        if sum(min(size, _LEAST) for size in natural) > room:
            return []
        while sum(natural) > room:
            # The widest columns give way first, down to the next widest or as far as is needed.
            top = max(natural)
            widest = [column for column, size in enumerate(natural) if size == top]
            below = max((size for size in natural if size < top), default=_LEAST)
            excess = sum(natural) - room
            step = max(1, min(top - max(below, _LEAST), -(-excess // len(widest))))
            for column in widest:
                natural[column] -= min(step, max(0, sum(natural) - room))
        return natural

    def _grid(self, line: list[str], widths: list[int], style: int, final: bool) -> list[Row]:
        columns = [
            wrap(self._cells(text, style, final=final), ("", 0), ("", 0), size)
            for text, size in zip(line, widths, strict=True)
        ]
        found: list[Row] = []
        for height in range(max(map(len, columns))):
            runs: list[tuple[str, int]] = []
            for column, size in enumerate(widths):
                if column:
                    runs.append((self._bar, DIM))
                row = columns[column][height].runs if height < len(columns[column]) else ()
                runs += self._padded(row, size, column)
            while runs and not runs[-1][0].strip() and runs[-1][1] == 0:
                runs.pop()
            found.append(Row(tuple(runs)))
        return found

    def _padded(
        self, row: tuple[tuple[str, int], ...], size: int, column: int
    ) -> list[tuple[str, int]]:
        used = _used(row)
        if used and row[-1][0].endswith(" "):
            row = (*row[:-1], (row[-1][0].rstrip(" "), row[-1][1]))
            used = _used(row)
        room = max(0, size - used)
        before = room // 2 if self._centre[column] else 0 if self._left[column] else room
        padding = [(" " * before, 0)] if before else []
        return [*padding, *row, *([(" " * (room - before), 0)] if room - before else [])]

    def _record(self, number: int, line: list[str], width: int, final: bool) -> list[Row]:
        """Return one line as `name: value`, a column a row."""
        if not number:
            return []
        found: list[Row] = [Row(())] if number > 1 else []
        for name, value in zip(self._lines[0], line, strict=True):
            if value or final:
                label: list[Cell] = self._cells(f"{name}: ", BOLD, final=True)
                found += wrap(label + self._cells(value, 0, final=final), ("", 0), ("  ", 0), width)
        return found


def _used(row: tuple[tuple[str, int], ...]) -> int:
    return width_of(cell for text, _ in row for cell in plain_cells(text))

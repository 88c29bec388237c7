"""Tables in answers: how wide their columns are, what is shown of one that is too wide, and cells that
hold the sign which parts cells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.text import Text

from hinterland.tui import latex

_BETWEEN = 2
"""Cells between two columns, and at both sides of all together."""
_WHOLE_WORD = 14
"""Cells up to which a word is not cut to fit its column."""
_RULE = re.compile(r" {0,3}\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*")
"""The line below a table's headings."""
_BAR = re.compile(r"(?<!\\)\|")
_CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)")


def widths(header: Sequence[Text], rows: Sequence[Sequence[Text]], room: int) -> list[int] | None:
    """Return how wide each column is within `room` cells; None where words would have to be cut."""
    columns = [[heading, *(row[at] for row in rows)] for at, heading in enumerate(header)]
    room -= _BETWEEN * len(columns)
    whole = [max(cell.cell_len for cell in column) for column in columns]
    if sum(whole) <= room:
        return [max(1, cells) for cells in whole]
    found = [max(1, min(_WHOLE_WORD, max(map(_longest_word, column)))) for column in columns]
    if sum(found) > room:
        return None
    for _ in range(room - sum(found)):  # a cell more for the column that would be highest
        at = max(range(len(found)), key=lambda each: whole[each] / found[each])
        found[at] += 1
    return found


def _longest_word(cell: Text) -> int:
    return max(map(cell_len, cell.plain.split()), default=0)


def records(header: Sequence[Text], rows: Iterable[Sequence[Text]]) -> Iterable[Text]:
    """Yield the lines of a table that is too wide: a line for each cell, under its heading."""
    for row in rows:
        for heading, cell in zip(header, row, strict=False):
            yield Text.assemble(heading, ": ", cell)
        yield Text("")


def with_whole_cells(text: str) -> str:
    """Return Markdown with bars marked as no ends of cells in those rows of tables that would have too
    many cells: the bars in formulas and in code, and those that remain. Markdown would drop the rest."""
    if "|" not in text or "```" in text or "~~~" in text:
        return text
    lines = text.split("\n")
    columns = 0
    for at, line in enumerate(lines):
        if at and "-" in line and "|" in lines[at - 1] and _RULE.fullmatch(line):
            columns = len(_inner(line)) + 1
            lines[at - 1] = _in_cells(lines[at - 1], columns, keep_rest=False)
        elif "|" not in line:
            columns = 0
        elif columns:
            lines[at] = _in_cells(line, columns, keep_rest=True)
    return "\n".join(lines)


def _inner(line: str) -> list[int]:
    """Return where the bars between the cells of a row stand."""
    start, end = len(line) - len(line.lstrip()), len(line.rstrip()) - 1
    return [at for found in _BAR.finditer(line) if (at := found.start()) not in (start, end)]


def _in_cells(line: str, columns: int, *, keep_rest: bool) -> str:
    bars = _inner(line)
    if len(bars) < columns:
        return line
    within: set[int] = set()
    at = 0
    while at < len(line):
        formula = latex.inline(line, at)
        code = _CODE.match(line, at) if formula is None and line[at] == "`" else None
        end = formula.end if formula is not None else code.end() if code is not None else 0
        if end:
            within |= {bar for bar in bars if at <= bar < end}
        at = end or at + 1 + (line[at] == "\\")
    if keep_rest:
        within |= set([bar for bar in bars if bar not in within][columns - 1 :])
    return "".join("\\|" if at in within else each for at, each in enumerate(line))

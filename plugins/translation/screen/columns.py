"""Rows of a sheet as lines of a terminal: side by side where there is room, else one below the other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import zip_longest

from rich.cells import cell_len, chop_cells, set_cell_size

from hinterland.language import _
from hinterland.plugins.translation.screen import marks
from hinterland.plugins.translation.screen.sheet import Row, State
from hinterland.sentences import translated
from hinterland.text import clean, clean_line

SIDE_BY_SIDE = 70
"""Cells from which there is room for two columns."""
_BETWEEN = " │ "
_MARK = 2  # cells
_INDENT = "→ "
_LONGEST = 20_000
"""Characters of a row that are drawn; the rest is translated and saved all the same."""

# A break is allowed after a space, and around each character of a script that has none.
_WORD = re.compile(
    r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]|[^\s\u2e80-\u9fff]+|\s+"
)


@lru_cache(512)
def lines(row: Row, width: int, *, current: bool) -> tuple[str, ...]:
    """Return the lines of a row, none wider than `width`; the current one has a mark."""
    mark = "> " if current else "! " if row.state is State.UNSURE else "  "
    source, target = _drawn(marks.shown(row.source, row.source)), "\n".join(_target(row))
    if width >= SIDE_BY_SIDE:
        room = (width - _MARK - len(_BETWEEN)) // 2
        pairs = zip_longest(wrap(source, room), wrap(target, room), fillvalue="")
        found = [f"{set_cell_size(left, room)}{_BETWEEN}{right}" for left, right in pairs]
    else:
        room = max(1, width - _MARK - len(_INDENT))
        found = wrap(source, max(1, width - _MARK))
        below = wrap(target, room) if target else []
        found += [f"{_INDENT if not at else '  '}{each}" for at, each in enumerate(below)]
    return tuple(f"{'  ' if at else mark}{each}".rstrip() for at, each in enumerate(found))


def _target(row: Row) -> Iterator[str]:
    if row.state is State.WAITING:
        yield "…"
    elif row.target is not None:
        yield _drawn(marks.shown(row.target, row.source))
    if row.state is State.UNSURE:
        why = " ".join(clean_line(translated(each), 300) for each in row.reasons)
        if row.target is None:
            yield _("[not translated: {why}]").format(why=why)
        else:
            yield _("[unsure: {why}]").format(why=why)
    elif row.state is State.BY_HAND:
        yield _("[by hand]")


def _drawn(text: str) -> str:
    shown = clean(text[:_LONGEST]).replace("\t", " ")
    return f"{shown}…" if len(text) > _LONGEST else shown


def wrap(text: str, width: int) -> list[str]:
    """Return the lines of clean text, none wider than `width` cells."""
    found: list[str] = []
    for line in text.split("\n"):
        found += _wrapped(line, width)
    return found


def _wrapped(line: str, width: int) -> Iterator[str]:
    if cell_len(line) <= width:
        yield line
        return
    begun, used = "", 0
    for word in _WORD.findall(line):
        cells = cell_len(word)
        if used + cells > width and word.isspace():
            continue  # the space at which a line is cut
        if used + cells > width:
            if begun.strip():
                yield begun.rstrip()
            begun, used = "", 0
            if cells > width:
                *whole, word = chop_cells(word, width)
                yield from whole
                cells = cell_len(word)
        if word.isspace() and not begun:
            continue
        begun += word
        used += cells
    if begun.strip():
        yield begun.rstrip()

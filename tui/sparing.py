"""The screen for a slow line: what the terminal shows is remembered, and only what differs is sent.

Textual paints whole rows again, and the whole view when it scrolls. Here a row is written from its
first cell that changed to its last, and a view that moved is moved by the terminal itself, through
a scrolling region, as a VT100 can.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from rich.cells import get_character_cell_size
from rich.color import ColorSystem
from rich.console import COLOR_SYSTEMS, Console
from rich.style import Style
from textual._compositor import CompositorUpdate
from textual.screen import Screen
from textual.strip import Strip

Cell = tuple[str, str]
"""A character, and the codes of how it looks; the second half of a wide one is empty."""
Row = tuple[Cell, ...]
"""What is in a row of the screen; a single cell where terminals disagree about the width of what
is in it, so that it is written as a whole."""

_BLANK = (" ", "")
_WORTH_MOVING = 3
"""Rows that have to stay the same for moving the view to be fewer bytes than writing it."""
_EMOJI = 0x1F000
"""From here on characters may join with others, which terminals show in different widths."""
_ERASURE = 3
"""Bytes that erase the rest of a row: more blanks than these are erased."""


class Sparing:
    """Knows what the terminal shows."""

    def __init__(self) -> None:
        self._rows: list[Row] = []
        self._width = 0

    def forget(self) -> None:
        """Write everything the next time: something else has written to the terminal."""
        self._rows = []

    def update(self, strips: Sequence[Strip], width: int, console: Console) -> str:
        """Return what to send so that the terminal shows these strips, each `width` cells wide."""
        system = COLOR_SYSTEMS[console.color_system or "truecolor"]
        rows = [_cells(strip, system) for strip in strips]
        if len(rows) != len(self._rows) or width != self._width:
            self._rows, self._width = [()] * len(rows), width
        out = self._move(rows, width)
        for y, (shown, row) in enumerate(zip(self._rows, rows, strict=True)):
            if row != shown:
                out += _changes(y, shown, row, strips[y], console)
        self._rows = rows
        return out

    def _move(self, rows: list[Row], width: int) -> str:
        """Let the terminal move a part of what it shows to where it is wanted, if there is one."""
        gain, first, up, same = max(_shifts(self._rows, rows), default=(0, 0, 0, 0))
        if gain < _WORTH_MOVING:
            return ""
        top, bottom = min(first, first + up), max(first, first + up) + same - 1
        moved = self._rows[top : bottom + 1]
        empty: list[Row] = [(_BLANK,) * width] * abs(up)
        if up > 0:
            self._rows[top : bottom + 1] = moved[up:] + empty
            return f"\x1b[m\x1b[{top + 1};{bottom + 1}r\x1b[{bottom + 1};1H" + "\n" * up + "\x1b[r"
        self._rows[top : bottom + 1] = empty + moved[:up]
        return f"\x1b[m\x1b[{top + 1};{bottom + 1}r\x1b[{top + 1};1H" + "\x1bM" * -up + "\x1b[r"


class SparingUpdate(CompositorUpdate):
    """A frame that sends what changed; it is compared with the screen when it is sent."""

    def __init__(self, sparing: Sparing, screen: Screen[object]) -> None:
        self._sparing = sparing
        self._screen = screen

    def render_segments(self, console: Console) -> str:
        # There is no public way to what a screen shows.
        strips = self._screen._compositor.render_strips()  # noqa: SLF001 - no public way
        return self._sparing.update(strips, self._screen.size.width, console)


def _shifts(old: list[Row], new: list[Row]) -> list[tuple[int, int, int, int]]:
    """Return (gain, first, up, rows) for runs of `new` that stand `up` rows further down in `old`;
    the gain is how many of them are not where they should be already."""
    places: dict[Row, list[int]] = {}
    for y, row in enumerate(old):
        if any(cell != _BLANK for cell in row):
            places.setdefault(row, []).append(y)
    ups = {at - y for y, row in enumerate(new) if row != old[y] for at in places.get(row, ())}
    found = []
    for up in ups - {0}:
        run: list[int] = []
        for y in (*range(max(0, -up), min(len(new), len(old) - up)), -1):
            if y >= 0 and new[y] == old[y + up]:
                run.append(y)
            elif run:
                found.append((sum(new[at] != old[at] for at in run), run[0], up, len(run)))
                run = []
    return found


def _cells(strip: Strip, system: ColorSystem) -> Row:
    cells: list[Cell] = []
    for text, style, _ in strip:
        look = _look(style, system) if style is not None else ""
        if text.isascii():
            cells += [(character, look) for character in text]
            continue
        for character in text:
            width = get_character_cell_size(character)
            if width == 0 or ord(character) >= _EMOJI:
                return (
                    (strip.text, repr([_look(style, system) for _, style, _ in strip if style])),
                )
            cells.append((character, look))
            cells += [("", look)] * (width - 1)
    return tuple(cells)


@lru_cache(1024)
def _look(style: Style, system: ColorSystem) -> str:
    """Return the codes of a style; none for the terminal's own colours."""
    own = style.without_color + Style(
        color=None if style.color is None or style.color.is_default else style.color,
        bgcolor=None if style.bgcolor is None or style.bgcolor.is_default else style.bgcolor,
    )
    return Strip.render_ansi(own, system)


def _changes(y: int, shown: Row, row: Row, strip: Strip, console: Console) -> str:
    """Return what makes a row that shows `shown` show `row`, which is what `strip` draws."""
    if len(row) == 1:
        return f"{_to(0, y)}\x1b[m\x1b[K{strip.render(console)}"
    start, end, filled = 0, len(row), len(row)
    while filled and row[filled - 1] == _BLANK:
        filled -= 1
    if len(shown) == len(row):
        while row[start] == shown[start]:
            start += 1
        while row[end - 1] == shown[end - 1]:
            end -= 1
    while start and not row[start][0]:
        start -= 1
    while end < len(row) and not row[end][0]:
        end += 1
    if end > max(start, filled) + _ERASURE:
        return f"{_to(start, y)}{_written(row[start:filled])}\x1b[K"
    return _to(start, y) + _written(row[start:end])


def _to(x: int, y: int) -> str:
    return f"\x1b[{y + 1};{x + 1}H"


def _written(cells: Sequence[Cell]) -> str:
    out, at = "", 0
    while at < len(cells):
        look, begin = cells[at][1], at
        while at < len(cells) and cells[at][1] == look:
            at += 1
        text = "".join(character for character, _ in cells[begin:at])
        out += f"\x1b[{look}m{text}\x1b[m" if look else text
    return out

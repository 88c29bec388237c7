"""The rows of a sheet as a view that scrolls: lines are made when a row changes, and drawn when seen."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from hinterland.plugins.translation.screen import columns
from hinterland.plugins.translation.screen.sheet import Sheet

_BOLD = Style(bold=True)


class SideBySide(ScrollView, can_focus=False):
    """Shows a sheet, with a row that is gone to."""

    def __init__(self) -> None:
        super().__init__(id="translation-rows")
        self.sheet: Sheet | None = None
        self.at = 0
        """The row that was gone to."""
        self._heights: list[int] = []
        self._tops = [0]
        self._width = 0

    def show(self, sheet: Sheet | None) -> None:
        """Show another sheet, from its top."""
        self.sheet, self.at = sheet, 0
        self._measure()
        self.scroll_to(y=0, animate=False)

    def change(self, changed: Iterable[int]) -> None:
        """Draw rows that have changed; the row that was gone to stays where it is."""
        if self.sheet is None or not self._width:
            return
        offset = self._tops[self.at] - self.scroll_offset.y
        seen = 0 <= offset < self.size.height
        for at in changed:
            self._heights[at] = self._height(at)
        self._stack()
        if seen and self._tops[self.at] - self.scroll_offset.y != offset:
            self.scroll_to(y=self._tops[self.at] - offset, animate=False)
        self.refresh()

    def go(self, at: int) -> None:
        """Go to a row."""
        if self.sheet is None or not self.sheet.rows:
            return
        before, self.at = self.at, min(max(at, 0), len(self.sheet.rows) - 1)
        self.change({before, self.at})
        self.see()

    def see(self) -> None:
        """Have the row that was gone to within the view."""
        if self._width and self._heights:
            height = min(self._heights[self.at], self.size.height)
            region = Region(0, self._tops[self.at], self.size.width, max(1, height))
            self.scroll_to_region(region, animate=False, force=True)

    def page(self, down: int) -> None:
        """Go a page on or back."""
        if self.sheet is None or not self._heights:
            return
        there = self._tops[self.at] + down * max(1, self.size.height - 1)
        found = bisect_right(self._tops, max(0, there)) - 1
        self.go(found if found != self.at else self.at + down)

    def on_resize(self) -> None:
        if self.size.width != self._width:
            self._measure()
        self.call_after_refresh(self.see)

    def render_line(self, y: int) -> Strip:
        """Draw a line."""
        there = y + self.scroll_offset.y
        if self.sheet is None or there >= self._tops[-1] or not self._width:
            return Strip.blank(self.size.width)
        at = bisect_right(self._tops, there) - 1
        found = self._lines(at)
        within = there - self._tops[at]
        text = found[within] if within < len(found) else ""
        style = _BOLD if at == self.at else None
        strip = Strip([Segment(text, style)] if text else [])
        return strip.adjust_cell_length(self.size.width)

    def _lines(self, at: int) -> tuple[str, ...]:
        assert self.sheet is not None
        return columns.lines(self.sheet.rows[at], self._width, current=at == self.at)

    def _height(self, at: int) -> int:
        return len(self._lines(at)) + 1  # and an empty one between rows

    def _measure(self) -> None:
        self._width = self.size.width
        count = len(self.sheet.rows) if self.sheet is not None and self._width else 0
        self._heights = [self._height(at) for at in range(count)]
        self._stack()
        self.refresh()

    def _stack(self) -> None:
        self._tops = list(accumulate(self._heights, initial=0))
        self.virtual_size = Size(self.size.width, self._tops[-1])

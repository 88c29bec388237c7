"""A list of a few lines in which one is gone to with keys that another widget takes."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from hinterland.completion import Completion
from hinterland.text import clean_line

_REVERSE, _DIM = Style(reverse=True), Style(dim=True)
_LEAST_HELP = 12
"""Cells below which help is not begun."""


class PickList(Widget):
    """Shows names with their help, as many as it has rows, around the one that is gone to."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(id=id)
        self.rows: Sequence[Completion] = ()
        self.at: int | None = None
        """The one that was gone to."""

    @property
    def current(self) -> Completion | None:
        """The one that was gone to, if one was."""
        return self.rows[self.at] if self.at is not None else None

    def show(self, rows: Sequence[Completion], at: int | None = None) -> None:
        """Show other rows."""
        self.rows, self.at = rows, at if rows else None
        self.refresh(layout=True)

    def move(self, down: int, *, around: bool = True) -> None:
        """Go so many rows down, from the last to the first if `around`."""
        if not self.rows:
            return
        last = len(self.rows) - 1
        if self.at is None:
            self.at = 0 if down > 0 else last
        elif around:
            self.at = (self.at + down) % len(self.rows)
        else:
            self.at = min(max(self.at + down, 0), last)
        self.refresh()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return a row for each."""
        del container, viewport, width
        return len(self.rows)

    def render_line(self, y: int) -> Strip:
        """Draw a row."""
        height, width = self.size.height, self.size.width
        top = min(max((self.at or 0) - height // 2, 0), max(len(self.rows) - height, 0))
        if top + y >= len(self.rows):
            return Strip.blank(width)
        row = self.rows[top + y]
        column = min(max(Text(clean_line(each.shown)).cell_len for each in self.rows), width // 2)
        shown = Text(clean_line(row.shown))
        if row.says and width - column - 2 >= _LEAST_HELP:
            shown.truncate(max(column, width - 2 - Text(row.says).cell_len), overflow="ellipsis")
            shown.pad_right(max(0, column - shown.cell_len))
            shown.append("  ")
            shown.append(clean_line(row.says), _DIM)
        shown.truncate(width, overflow="ellipsis", pad=True)
        strip = Strip(
            [Segment(each.text, each.style) for each in shown.render(self.app.console) if each.text]
        )
        if top + y == self.at:
            strip = strip.apply_style(_REVERSE)
        return strip

"""How the entries of a transcript are drawn: in which styles, as Markdown or as written, and in haste
where drawing all that is in view would take too long."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter
from types import ModuleType

from rich.console import Console
from textual.strip import Strip

from hinterland.tui.entries import Manner, Palette
from hinterland.tui.layout import Layout
from hinterland.tui.pieces import Piece
from hinterland.tui.shaping import Shaping
from hinterland.tui.wrap import plain

NO_HASTE = float("inf")


class Drawing:
    """Draws the entries of a layout."""

    def __init__(
        self, layout: Layout, palette: Callable[[], Palette], console: Callable[[], Console]
    ) -> None:
        self._layout = layout
        self._palette = palette
        self._console = console
        self.markdown: ModuleType | None = None
        """What draws Markdown; None while answers are shown as they were written."""
        self.shaping = Shaping.AUTO
        """Whether text that runs from right to left is put in the order it is seen."""
        self.until = NO_HASTE
        """When the rest is drawn in haste, as plain text, and properly later."""

    def manner(self, *, in_haste: bool = False) -> Manner:
        """Return how entries are drawn now."""
        render = _as_written if in_haste else self.render_piece
        layout = self._layout
        return Manner(layout.width, self._palette(), render, self._shape, layout.unfolded)

    def render_piece(self, piece: Piece, width: int) -> list[Strip]:
        """Return a piece of an answer as strips of at most so many cells."""
        if self.markdown is None:
            strips = _as_written(piece, width)
        else:
            strips = self.markdown.render(piece, width, self._console())
        return self.shaping.shape(strips, width, code=piece.language is not None)

    def _shape(self, strips: list[Strip], width: int, gutter: int) -> list[Strip]:
        return self.shaping.shape(strips, width, gutter)

    def draw(self, index: int) -> None:
        """Draw an entry that is not drawn yet."""
        entry = self._layout.entries[index]
        if entry.strips is None or (entry.rough and self.until == NO_HASTE):
            in_haste = perf_counter() > self.until
            entry.draw(self.manner(in_haste=in_haste))
            entry.rough = in_haste
            self._layout.changed(self._layout.tops[index])

    def draw_last(self) -> None:
        """Draw the last entry again, of which only the end may have changed."""
        last, top = self._layout.entries[-1], self._layout.tops[-1]
        before = last.strips or []
        last.draw(self.manner())
        self._layout.changed(top + _alike(before, last.strips or []))

    def draw_up(self, index: int, rows: int) -> None:
        """Draw the entries before `index` until they fill so many rows."""
        while index > 0 and rows > 0:
            index -= 1
            self.draw(index)
            rows -= self._layout.entries[index].height

    def draw_down(self, index: int, rows: int) -> bool:
        """Draw entries from `index` on; return whether there were enough to fill so many rows."""
        while index < len(self._layout.entries) and rows > 0:
            self.draw(index)
            rows -= self._layout.entries[index].height
            index += 1
        return rows <= 0


def _as_written(piece: Piece, width: int) -> list[Strip]:
    return plain(piece.text, width)


def _alike(before: Sequence[Strip], after: Sequence[Strip]) -> int:
    """Return how many strips both begin with."""
    rows = 0
    for old, new in zip(before, after, strict=False):
        if old != new:
            break
        rows += 1
    return rows

"""What the tutor has said and the pupil has answered, as a view that scrolls: drawn when it is said.

Textual's own Markdown would make a widget of every paragraph.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol, cast

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from hinterland.text import clean

_GUTTER = 2  # cells
_MOST = 400
"""Sayings that are kept to be scrolled back to; the oldest go first."""


class Look(StrEnum):
    """How a saying is marked: in its first two cells, so that no verdict hangs on a colour."""

    PLAIN = "  "
    TITLE = "  T"
    PASSAGE = "  P"
    EXERCISE = "> "
    RIGHT = "✓ "
    WRONG = "✗ "
    HINT = "? "
    ANSWER = "= "
    NOTE = "· "
    PUPIL = "  M"
    """What the pupil wrote."""
    TABLE = "  B"
    """Lines that are to stay as they are."""

    @property
    def mark(self) -> str:
        """What stands before its first line."""
        return self.value[:_GUTTER]


_STYLES = {
    Look.TITLE: Style(bold=True, underline=True),
    Look.RIGHT: Style(color="green"),
    Look.WRONG: Style(color="yellow"),
    Look.HINT: Style(color="cyan"),
    Look.PUPIL: Style(color="cyan", bold=True),
}
"""Of the terminal's own sixteen colours."""
_AS_WRITTEN = frozenset({Look.TITLE, Look.PUPIL, Look.TABLE})
"""Of which no character is Markdown."""


class Draws(Protocol):
    """An app that draws Markdown."""

    def drawn(self, text: str, width: int, *, markdown: bool = True) -> list[Strip]:
        """Return clean text as lines of at most so many cells."""


class Sayings(ScrollView, can_focus=False):
    """Shows sayings one below the other, and begins to show where something new was said."""

    def __init__(self, name: str) -> None:
        super().__init__(id=name)
        self._said: list[tuple[Look, str]] = []
        self._strips: list[list[Strip]] = []
        self._lines: list[Strip] = []
        self._width = 0
        self._new = 0
        """The first saying since `mark_new`."""

    def clear(self) -> None:
        """Show nothing."""
        self._said, self._strips, self._new = [], [], 0
        self._stack()
        self.scroll_to(y=0, animate=False)

    def mark_new(self) -> None:
        """Have what is said from now on be what is new."""
        self._new = len(self._said)

    def add(self, sayings: Sequence[tuple[Look, str]]) -> None:
        """Say more."""
        if not sayings:
            return
        self._said += [(look, clean(text)) for look, text in sayings]
        over = max(0, len(self._said) - _MOST)
        self._said, self._strips = self._said[over:], self._strips[over:]
        self._new = max(0, self._new - over)
        if self._width:
            self._strips += [self._drawn(*each) for each in self._said[len(self._strips) :]]
        self._stack()
        self.see_new()

    def extend(self, text: str) -> None:
        """Go on with what was said last."""
        look, before = self._said[-1]
        self._said[-1] = (look, before + clean(text))
        if self._width:
            self._strips[-1] = self._drawn(*self._said[-1])
        self._stack()
        self.see_new()

    def see_new(self) -> None:
        """Show what is new; where there is no room for all of it, from the exercise in it on, or from
        its beginning where there is none."""
        self.call_after_refresh(self._see)

    def see_last(self, look: Look) -> bool:
        """Show the last saying of a look from its beginning; return whether there is one."""
        for at in range(len(self._said) - 1, -1, -1):
            if self._said[at][0] is look:
                self.scroll_to(y=self._top(at), animate=False)
                return True
        return False

    @property
    def text(self) -> str:
        """All that was said."""
        return "\n\n".join(text for _look, text in self._said)

    @property
    def more_above(self) -> bool:
        """Whether there is more above what is seen."""
        return self.scroll_offset.y > 0

    @property
    def more_below(self) -> bool:
        """Whether there is more below what is seen."""
        return self.max_scroll_y > self.scroll_offset.y

    def page(self, down: int) -> None:
        """Scroll a page on or back."""
        self.scroll_relative(y=down * max(1, self.size.height - 1), animate=False)

    def on_resize(self) -> None:
        width = self.size.width
        if width != self._width:
            self._width = width
            self._strips = [self._drawn(*each) for each in self._said] if width else []
            self._stack()
        self.see_new()

    def render_line(self, y: int) -> Strip:
        """Draw a line."""
        there = y + self.scroll_offset.y
        line = self._lines[there] if there < len(self._lines) else Strip.blank(0)
        return line.adjust_cell_length(self.size.width)

    def _see(self) -> None:
        new = range(self._new, len(self._said))
        first = next((at for at in reversed(new) if self._said[at][0] is Look.EXERCISE), self._new)
        everything = len(self._lines) - self._top(self._new) <= self.size.height
        top = self._top(self._new if everything else first)
        self.scroll_to(y=min(top, self.max_scroll_y), animate=False)

    def _top(self, at: int) -> int:
        return sum(len(strips) + 1 for strips in self._strips[:at])

    def _stack(self) -> None:
        self._lines = []
        for strips in self._strips:
            self._lines += [*strips, Strip.blank(0)]
        self.virtual_size = Size(self.size.width, max(0, len(self._lines) - 1))
        self.refresh()

    def _drawn(self, look: Look, text: str) -> list[Strip]:
        width = max(1, self._width - _GUTTER)
        strips = cast("Draws", self.app).drawn(text, width, markdown=look not in _AS_WRITTEN)
        style = _STYLES.get(look)
        found = []
        for at, strip in enumerate(strips or [Strip.blank(0)]):
            segments = [Segment("  " if at else look.mark, style), *strip]
            found.append(Strip(segments).apply_style(style) if style else Strip(segments))
        return found

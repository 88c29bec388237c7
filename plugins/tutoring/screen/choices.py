"""A list to choose from: pupils, lessons, languages. What is typed leaves those in which it stands."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from hinterland.text import clean_line

_BOLD = Style(bold=True)
_LONGEST = 200  # characters of a name


class Choices(ScrollView, can_focus=False):
    """Shows names, a line each, and which of them was gone to."""

    def __init__(self, name: str) -> None:
        super().__init__(id=name)
        self._names: list[str] = []
        self._shown: list[int] = []
        self._at = 0
        self._numbered = False
        self._sought = ""

    def offer(self, names: Sequence[str], *, at: int = 0, numbered: bool = False) -> None:
        """Offer other names, and go to one of them."""
        self._names = [clean_line(each, _LONGEST) for each in names]
        self._numbered = numbered
        self._seek("")
        self.go_to(at)

    def seek(self, typed: str) -> None:
        """Leave the names in which all words stand that are typed, or that has this number."""
        if typed != self._sought:
            self._seek(typed)

    def _seek(self, typed: str) -> None:
        self._sought = typed
        words = _plain(typed).split()
        everything = range(len(self._names))
        self._shown = [
            each for each in everything if all(word in _plain(self._names[each]) for word in words)
        ]
        if self._numbered and typed.strip().isdecimal() and 0 < int(typed) <= len(self._names):
            self._shown = [int(typed) - 1]
        self._at = 0
        self.virtual_size = Size(self.size.width, len(self._shown))
        self.scroll_to(y=0, animate=False)
        self.refresh()

    @property
    def chosen(self) -> int | None:
        """Which name was gone to; None where none is left."""
        return self._shown[self._at] if self._shown else None

    @property
    def count(self) -> int:
        """How many names are left."""
        return len(self._shown)

    def go_to(self, name: int) -> None:
        """Go to a name."""
        if name in self._shown:
            self._at = self._shown.index(name)
            self._see()

    def move(self, down: int) -> None:
        """Go so many names on or back."""
        if self._shown:
            self._at = min(max(self._at + down, 0), len(self._shown) - 1)
            self._see()

    def page(self, down: int) -> None:
        """Go a page on or back."""
        self.move(down * max(1, self.size.height - 1))

    def on_resize(self) -> None:
        self.virtual_size = Size(self.size.width, len(self._shown))
        self.call_after_refresh(self._see)

    def render_line(self, y: int) -> Strip:
        """Draw a name."""
        there = y + self.scroll_offset.y
        if there >= len(self._shown):
            return Strip.blank(self.size.width)
        here = there == self._at
        number = f"{self._shown[there] + 1}. " if self._numbered else ""
        text = f"{'> ' if here else '  '}{number}{self._names[self._shown[there]]}"
        text = set_cell_size(text, self.size.width)
        return Strip([Segment(text, _BOLD if here else None)])

    def _see(self) -> None:
        self.scroll_to_region(Region(0, self._at, self.size.width, 1), animate=False, force=True)
        self.refresh()


def _plain(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in parts if not unicodedata.combining(each))

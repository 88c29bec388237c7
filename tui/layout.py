"""Where the entries of a transcript lie: one below the other, each as high as it is or is thought to
be, and from which row on it has to be painted again."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate

from hinterland.tui.entries import Entry, Kind


class Layout:
    """Entries and their rows."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.tops: list[int] = []
        """The first row of each entry."""
        self.width = 0
        """Cells it was laid out for; 0 before the first time."""
        self.unfolded = False
        """Whether reasoning is shown whole."""
        self.changed_from: int | None = None
        """The first row to paint again; None for none."""

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self.tops[-1] + self.entries[-1].height if self.tops else 0

    @property
    def kinds(self) -> Iterable[Kind]:
        """The kind of each entry."""
        return (entry.kind for entry in self.entries)

    def at(self, row: float) -> int:
        """Return the number of the entry that a row is of; -1 where there is none."""
        return bisect_right(self.tops, row) - 1

    def clear(self) -> None:
        """Have no entries."""
        self.entries, self.tops = [], []

    def lay_out(self) -> None:
        """Find out where the entries lie, now that their heights may have changed."""
        heights = [entry.height for entry in self.entries]
        self.tops = [0, *accumulate(heights[:-1])] if heights else []

    def start_over(self, width: int) -> None:
        """Lay everything out for another width, with heights that are estimates."""
        self.width = width
        for entry in self.entries:
            self.forget(entry)
        self.changed_from = 0
        self.lay_out()

    def forget(self, entry: Entry) -> None:
        """Go back to an estimate of an entry's height."""
        entry.forget(self.width, unfold=self.unfolded)

    def forget_some(self, which: Iterable[bool]) -> None:
        """Have entries drawn anew, those for which `which` says so."""
        for entry, forgotten in zip(self.entries, which, strict=True):
            if forgotten:
                self.forget(entry)
        self.changed_from = 0

    def append(self, entries: Iterable[Entry]) -> None:
        """Put entries below the others."""
        for entry in entries:
            self.forget(entry)
            self.tops.append(self.rows)
            self.entries.append(entry)

    def drop_last(self) -> None:
        """Take the last entry away."""
        self.entries.pop()
        self.changed(self.tops.pop())

    def is_live(self, kind: Kind) -> bool:
        """Whether the last entry is of that kind and still being written."""
        return bool(self.entries) and self.entries[-1].live and self.entries[-1].kind is kind

    def changed(self, row: int) -> None:
        """Take note that everything from a row on has to be painted again."""
        if self.changed_from is None or row < self.changed_from:
            self.changed_from = row

    def text(self, index: int) -> str:
        """Return what an entry says."""
        entry = self.entries[index]
        return "".join(piece.text for piece in entry.pieces) or entry.text

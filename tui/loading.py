"""Turns that become the entries of a transcript, of long ones a little at a time: the screen listens
meanwhile, and what is to be shown below them waits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from time import perf_counter

from hinterland.tui.entries import Entry, turn_entries
from hinterland.tui.layout import Layout
from hinterland.turns import Turn, stood_for

_READING_FOR = 0.04
"""Seconds of cutting up long answers at a time."""


class Loading:
    """Fills a layout."""

    def __init__(
        self,
        layout: Layout,
        later: Callable[[Callable[[], None]], object],
        done: Callable[[], None],
    ) -> None:
        """`later` calls something when the screen has listened; `done` is called at the end."""
        self._layout = layout
        self._later = later
        self._done = done
        self._entries: Iterator[Entry] | None = None
        self._waiting: list[Callable[[], None]] = []
        self.turns_at: dict[str, int] = {}
        """The first entry of each turn, by its id."""

    @property
    def goes_on(self) -> bool:
        """Whether not all is there yet."""
        return self._entries is not None

    def begin(self, turns: Iterable[Turn], marks: Mapping[str, str]) -> None:
        """Have the layout hold these turns and nothing else, in this call and later ones."""
        self._layout.clear()
        self.turns_at = {}
        self._waiting.clear()
        self._entries = self._entries_of(list(turns), marks)
        self._read_on()

    def must_wait(self, action: Callable[[], None]) -> bool:
        """Whether not all is there yet; then `action` is done after that."""
        if self.goes_on:
            self._waiting.append(action)
        return self.goes_on

    def _entries_of(self, turns: list[Turn], marks: Mapping[str, str]) -> Iterator[Entry]:
        counts = stood_for(turns)
        for turn in turns:
            self.turns_at[turn.id] = len(self._layout.entries)  # each is put there before the next
            yield from turn_entries(turn, counts.get(turn.id, 0), marks.get(turn.id, ""))

    def _read_on(self) -> None:
        until = perf_counter() + _READING_FOR
        if self._entries is None:
            return
        for entry in self._entries:
            self._layout.entries.append(entry)
            if perf_counter() > until:
                self._later(self._read_on)
                return
        self._entries = None
        self._done()
        waiting, self._waiting = self._waiting, []
        for action in waiting:
            action()

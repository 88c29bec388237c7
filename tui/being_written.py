"""The answer that is being written: finished pieces go into entries that stay, and only the last,
unfinished one is replaced as text arrives."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hinterland.text import clean
from hinterland.tui.entries import Entry, Kind, Manner, answer_entries, has_room, take_in
from hinterland.tui.layout import Layout
from hinterland.tui.pieces import Piece, Splitter

_MOST_AT_ONCE = 8
"""Finished pieces drawn as they come; of more, only those in view are drawn."""


class BeingWritten:
    """Puts what arrives at the end of a layout."""

    def __init__(self, layout: Layout, manner: Callable[[], Manner]) -> None:
        self._layout = layout
        self._manner = manner
        self.begin()

    def begin(self) -> None:
        """Have what comes be another answer's."""
        self._splitter = Splitter()
        self._group: Entry | None = None  # the last finished part

    def think(self, text: str) -> None:
        """Add to the reasoning."""
        layout = self._layout
        if not layout.is_live(Kind.REASONING):
            layout.append([Entry(Kind.REASONING, live=True)])
        last, top = layout.entries[-1], layout.tops[-1]
        if more := take_in(last, clean(text)):
            layout.forget(last)
            layout.changed(top)
            layout.append(more)

    def write(self, text: str) -> None:
        """Add to the answer."""
        self._end_reasoning()
        done = self._splitter.feed(clean(text))
        piece = self._splitter.open()
        if done or piece is None:
            self._commit(done)
        if piece is not None:
            if not self._layout.is_live(Kind.ANSWER):
                self._layout.append([_answer(piece, live=True)])
            self._layout.entries[-1].pieces = [piece]

    def finish(self) -> None:
        """Have the whole of it stay: it is over."""
        self._end_reasoning()
        self._commit(self._splitter.close())
        self.begin()

    def _commit(self, pieces: Sequence[Piece]) -> None:
        """Put finished pieces in the place of the unfinished one."""
        layout = self._layout
        if layout.is_live(Kind.ANSWER):
            layout.drop_last()
        if len(pieces) > _MOST_AT_ONCE:
            layout.append([*answer_entries(pieces)])
            self._group = layout.entries[-1]
            return
        for piece in pieces:
            group = self._group
            if group is not None and group is layout.entries[-1] and has_room(group, piece):
                layout.changed(layout.rows)
                group.add(piece, self._manner() if layout.width else None)
                if group.strips is None:
                    group.forget(layout.width)
            else:
                self._group = _answer(piece)
                layout.append([self._group])

    def _end_reasoning(self) -> None:
        layout = self._layout
        if layout.is_live(Kind.REASONING):
            entry = layout.entries[-1]
            entry.live = False
            entry.strips = None
            entry.text = entry.text.strip()
            layout.changed(layout.tops[-1])
            if not entry.text and not entry.continued:
                layout.drop_last()


def _answer(piece: Piece, *, live: bool = False) -> Entry:
    return Entry(Kind.ANSWER, pieces=[piece], continued=piece.continued, live=live)

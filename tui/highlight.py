"""What somebody looked for in a transcript: where it stands, and marked in lines drawn already."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.style import Style
from textual.strip import Strip

from hinterland.history.words import matches, places, searchable, terms
from hinterland.tui.layout import Layout

_FOUND = Style(bold=True, reverse=True)  # seen without colours too


class Sought:
    """Words, and the entries they are looked for in."""

    def __init__(self, words: str, within: range) -> None:
        self._terms = terms(words)
        self._within = within

    def entry(self, layout: Layout) -> int:
        """Return the number of the first entry that holds one of the words, or of the first one."""
        holding = (n for n in self._within if holds(layout.text(n), self._terms))
        return next(holding, self._within.start)

    def row(self, strips: Sequence[Strip]) -> int:
        """Return the number of the first line that holds one of the words; 0 where none does."""
        return next((n for n, each in enumerate(strips) if holds(each.text, self._terms)), 0)

    def marked(self, index: int, strip: Strip) -> Strip:
        """Return a line of an entry with the words marked, if they are looked for in that one."""
        return highlight(strip, self._terms) if index in self._within else strip


def holds(text: str, wanted: Sequence[str]) -> bool:
    """Return whether any of the terms stands in `text`."""
    searched = searchable(text)
    return any(matches(searched, [term]) for term in wanted)


def highlight(strip: Strip, wanted: Sequence[str]) -> Strip:
    """Return `strip` with every term that stands in it marked."""
    text = strip.text
    cuts = [0]
    for start, end in places(text, list(wanted)):
        first = cell_len(text[:start])
        if first >= cuts[-1]:
            cuts += [first, first + cell_len(text[start:end])]
    if len(cuts) == 1:
        return strip
    parts = strip.divide([*cuts[1:], strip.cell_length])
    marked = [part.apply_style(_FOUND) if n % 2 else part for n, part in enumerate(parts)]
    return Strip.join(marked)

"""Marks the words that somebody looked for in a line that is drawn already."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.style import Style
from textual.strip import Strip

from hinterland.history.words import matches, places, searchable

_FOUND = Style(bold=True, reverse=True)  # seen without colours too


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

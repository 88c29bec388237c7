"""Text measured in the cells it takes on a terminal: a Chinese character takes two, a combining mark
none. Text of European letters and signs is measured without importing anything."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

_BLANKS = re.compile(r"[ \t\n\r\f\v]+")
"""Where a line may be broken; a space that does not break, as the French write before a colon, is none."""
_SINGLE = re.compile(
    r"[\x20-\x7e\xa0-\xac\xae-\u02ff\u0370-\u0482\u2010-\u2027\u202f\u2030-\u205e\u20ac\u2500-\u25fc]*+"
)
_NOT_FIRST = "，。；：、）》”’？！"


def is_single(text: str) -> bool:
    """Whether a text is of characters alone that are known to take one cell each: it can be cut by
    index, some thirty times faster. Of others it is not known here."""
    return _SINGLE.fullmatch(text) is not None


def cells(text: str) -> int:
    """Return how many cells a clean text takes."""
    if is_single(text):
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def padded(text: str, width: int) -> str:
    """Return a text with blanks behind it, so that it takes `width` cells."""
    return text + " " * (width - cells(text))


def shortened(text: str, width: int) -> str:
    """Return a text in at most `width` cells, with an ellipsis where something is left out."""
    if cells(text) <= width:
        return text
    from rich.cells import set_cell_size

    return set_cell_size(text, width - 1).rstrip() + "…"


def wrapped(
    text: str, width: int, first: str = "", rest: str = "", *, whole_words: bool = False
) -> list[str]:
    """Return a paragraph in lines of at most `width` cells, which begin with `first` and `rest`.

    A line is broken at blanks, in a script without them anywhere, but not before what ends a sentence,
    and in a word that is longer than a line, unless it is to stay whole, as an address to be copied.
    """
    room = sys.maxsize if whole_words else max(2, width - max(cells(first), cells(rest)))
    lines, line, begun = [], first, False
    for piece, blank in _pieces(text, room):
        space = " " if begun and blank else ""
        if begun and cells(line) + len(space) + cells(piece) > width:
            lines.append(line)
            line, space = rest, ""
        line, begun = line + space + piece, True
    return [*lines, line] if begun else []


def _pieces(text: str, room: int) -> Iterator[tuple[str, bool]]:
    """Yield what has to stand in one line each, at most `room` cells, and whether a blank goes before."""
    for word in filter(None, _BLANKS.split(text)):
        blank = True
        for part in _parts(word):
            for piece in _chopped(part, room):
                yield piece, blank
                blank = False


def _parts(word: str) -> Iterator[str]:
    if is_single(word):
        yield word
        return
    from rich.cells import split_graphemes

    begin = 0
    for start, end, wide in split_graphemes(word)[0]:
        if start > begin and wide > 1 and word[start:end] not in _NOT_FIRST:
            yield word[begin:start]
            begin = start
    yield word[begin:]


def _chopped(part: str, room: int) -> list[str]:
    if cells(part) <= room:
        return [part]
    from rich.cells import chop_cells

    return chop_cells(part, room)

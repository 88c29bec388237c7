"""Where the text of a Markdown block is cut into units."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hinterland.plugins.translation.formats.decoding import has_letters
from hinterland.plugins.translation.formats.markdown.inline import Piece, parts_of
from hinterland.plugins.translation.formats.wrapping import ends_sentence
from hinterland.plugins.translation.units import Kind, text_of

_OWN_LINE = re.compile(
    r"\s*(?::::.*|\{%.*%\}|\{\{.*\}\}|\[TOC\]|\[\[_?TOC_?\]\]|\[!\w+\][+-]?|\\\w+(?:\{.*\})?)\s*"
)
_PIPE = re.compile(r"(?<!\\)\|")

Run = tuple[int, int, list[str | Piece]]
"""Where in the text it begins and ends, and what it is of."""


def runs_of(text: str, pieces: list[str | Piece]) -> Iterator[Run]:
    """Yield what is read as one text in a block, without spaces at its ends.

    Lines are joined unless all of them end sentences: writers who set each sentence on its own
    line find it there again.
    """
    lines = [line.strip() for line in text.split("\n")]
    by_sentence = all(ends_sentence(line) for line in lines[:-1])
    begin, number, depth = 0, 0, 0
    run: list[str | Piece] = []
    for piece in pieces:
        if isinstance(piece, Piece):
            depth += (piece.kind is Kind.OPEN) - (piece.kind is Kind.CLOSE)
            if piece.is_space and depth == 0 and "\n" in piece.source:
                number = text.count("\n", 0, piece.begin)
                split = by_sentence and piece.is_break
                if split or any(map(_stands_alone, lines[number : number + 2])):
                    yield from _trimmed(text, begin, piece.begin, run)
                    begin, run = piece.end, []
                    continue
        run.append(piece)
    yield from _trimmed(text, begin, len(text), run)


def _stands_alone(line: str) -> bool:
    return not line or bool(_OWN_LINE.fullmatch(line))


def _trimmed(text: str, begin: int, end: int, run: list[str | Piece]) -> Iterator[Run]:
    own = text[begin:end]
    if _OWN_LINE.fullmatch(own) or not has_letters(text_of(parts_of(run))):
        return
    begin += len(own) - len(own.lstrip())
    end -= len(own) - len(own.rstrip())
    if pictures := _pictures(run):
        yield from pictures
        return
    if isinstance(run[0], str):
        run = [run[0].lstrip(), *run[1:]]
    if isinstance(run[-1], str):
        run = [*run[:-1], run[-1].rstrip()]
    yield begin, end, run


def _pictures(run: list[str | Piece]) -> list[Run]:
    """Return what the pictures of a row of badges say; nothing where there is text beside them."""
    found: list[Run] = []
    opened: list[Piece] = []
    inner: list[str | Piece] = []
    for piece in run:
        if isinstance(piece, Piece) and piece.is_image and piece.kind is Kind.OPEN:
            opened.append(piece)
            inner = [] if len(opened) == 1 else [*inner, piece]
        elif isinstance(piece, Piece) and piece.is_image:
            if len(opened) == 1 and has_letters(text_of(parts_of(inner))):
                found.append((opened[0].end, piece.begin, inner))
            opened.pop()
        elif opened:
            inner.append(piece)
        elif isinstance(piece, str) and has_letters(piece):
            return []
    return found


class CellFinder:
    """Finds the cells of a table, asked for in their order."""

    def __init__(self) -> None:
        self._number = -1
        self._at = 0

    def find(self, number: int, line: str, content: str) -> tuple[int, int] | None:
        """Return the columns of a line that a cell's text begins and ends at."""
        if number != self._number:
            self._number, self._at = number, 0
        line = line.rstrip()
        while content and self._at <= len(line):
            pipe = _PIPE.search(line, self._at)
            begin, end = self._at, pipe.start() if pipe else len(line)
            self._at = end + 1
            own = line[begin:end].rstrip()
            bare = own.replace("\\|", "|")
            if bare.strip() == content:
                return begin + len(own) - len(own.lstrip()), begin + len(own)
            if begin == 0 and bare.endswith(content):
                written = own.count("\\|") + len(content) if "|" in content else len(content)
                return begin + len(own) - written, begin + len(own)
        return None

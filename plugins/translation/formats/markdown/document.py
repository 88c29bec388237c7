"""A Markdown document: where in its bytes the text of each block is."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, BinaryIO

from markdown_it.token import Token

from hinterland.plugins.translation.formats.decoding import has_letters, text_start
from hinterland.plugins.translation.formats.document import Wishes
from hinterland.plugins.translation.formats.markdown.inline import parts_of, pieces_of
from hinterland.plugins.translation.formats.markdown.reading import top_blocks
from hinterland.plugins.translation.formats.markdown.runs import CellFinder, runs_of
from hinterland.plugins.translation.formats.markdown.writing import Place, written
from hinterland.plugins.translation.formats.spans import SpanWriter
from hinterland.plugins.translation.units import Parts, Unit, text_of

_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_FRONT = re.compile(r"(---|\+\+\+)[ \t]*\n(?:.*\n)*?(\1|\.\.\.)[ \t]*(?:\n|\Z)")
# What GitHub, site builders and books put at the ends of a block's text, or on lines of their own.
_LEAD = re.compile(r"(?:\[[ xX]\]\s+|\[!\w+\][+-]?[ \t]+(?=\S))")
_TRAIL = re.compile(r"\s*\{[#.:][^{}\n]*\}\s*\Z")
_END = "\n"
_PLACES = {
    ("heading_open", "#"): Place.HEADING,
    ("heading_open", "="): Place.UNDERLINED,
    ("heading_open", "-"): Place.UNDERLINED,
}
_HEADING = 80  # characters of a heading that a translator is told


def open_document(data: bytes, _form: str, _wishes: Wishes) -> Markdown:
    """Return a Markdown document; raises InputError where it is not UTF-8."""
    return Markdown(data)


class Markdown:
    """A Markdown document."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._begin = text_start(data)
        self._starts = array("Q", (found.start() for found in _LINE.finditer(data, self._begin)))
        text = re.sub(r"\r\n?", "\n", data[self._begin :].decode())
        front = _FRONT.match(text)
        self._front = text.count("\n", 0, front.end()) if front else 0
        self._text = text[front.end() :] if front else text
        self._env: dict[str, Any] = {}
        self._learnt = False
        self._places: dict[int, Place] = {}

    def units(self) -> Iterator[Unit]:
        """Yield what is read in each block."""
        self._learn()
        heading = ""
        for block in top_blocks(self._text, self._env):
            cells = CellFinder()
            for token, parent in _inlines(block):
                if parent.type in {"th_open", "td_open"}:
                    yield from self._cell(token, cells, heading)
                    continue
                yield from self._prose(token, parent, heading)
                if parent.type == "heading_open":
                    heading = text_of(parts_of(pieces_of(token.content, self._env)))[:_HEADING]

    def writer(self, out: BinaryIO) -> SpanWriter:
        """Return what writes the document with translations in the places of units."""
        return SpanWriter(self._data, out, self._encode)

    def _learn(self) -> None:
        """Read the document once for what its end says about its beginning: link definitions."""
        if not self._learnt:
            for _block in top_blocks(self._text, self._env):
                pass
        self._learnt = True

    def _line(self, number: int) -> str:
        """Return a line of the text, counted as the parser counts, with its line end."""
        number += self._front
        end = self._starts[number + 1] if number + 1 < len(self._starts) else len(self._data)
        return self._data[self._starts[number] : end].decode()

    def _byte(self, number: int, column: int) -> int:
        line = self._line(number)
        return self._starts[number + self._front] + len(line[:column].encode())

    def _prose(self, token: Token, parent: Token, heading: str) -> Iterator[Unit]:
        assert token.map
        text, first = token.content, token.map[0]
        if lead := _LEAD.match(text):
            text = " " * (lead.end()) + text[lead.end() :]
        if trail := _TRAIL.search(text):
            text = text[: trail.start()]
        place = _PLACES.get((parent.type, parent.markup[:1]), Place.PROSE)
        for begin, end, pieces in runs_of(text, pieces_of(text, self._env)):
            start, stop = self._at(token, first, begin), self._at(token, first, end)
            if start is None or stop is None:
                continue
            self._places[start] = place
            yield Unit(
                parts=parts_of(pieces),
                start=start,
                end=stop,
                note=f"line {first + text.count(_END, 0, begin) + self._front + 1}",
                context=heading,
            )

    def _at(self, token: Token, first: int, position: int) -> int | None:
        """Return the byte of a position in a block's text."""
        before = token.content.rfind(_END, 0, position) + 1
        number = first + token.content.count(_END, 0, position)
        after = token.content.find(_END, position)
        own = token.content[before : after if after >= 0 else None]
        line = self._line(number).rstrip()
        column = line.rfind(own.strip())
        if column < 0:
            return None
        return self._byte(number, column - len(own) + len(own.lstrip()) + position - before)

    def _cell(self, token: Token, cells: CellFinder, heading: str) -> Iterator[Unit]:
        assert token.map
        number = token.map[0]
        parts = parts_of(pieces_of(token.content, self._env))
        span = cells.find(number, self._line(number), token.content)
        if not span or not has_letters(text_of(parts)):
            return
        start, end = self._byte(number, span[0]), self._byte(number, span[1])
        self._places[start] = Place.CELL
        yield Unit(
            parts=parts,
            start=start,
            end=end,
            note=f"line {number + self._front + 1}",
            context=heading,
        )

    def _encode(self, unit: Unit, parts: Parts) -> bytes:
        old = self._data[unit.start : unit.end].decode()
        return written(old, unit.parts, parts, self._places[unit.start], self._env).encode()


def _inlines(block: list[Token]) -> Iterator[tuple[Token, Token]]:
    """Yield what holds text in a block, each with what it is the text of."""
    for parent, token in pairwise(block):
        if token.type == "inline":
            yield token, parent

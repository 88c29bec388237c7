"""Plain text: its units are paragraphs, the items of its lists and the cells of its columns.

The lines of wrapped prose are one text for the translator and are wrapped anew as wide as they
were; where lines are not wrapped, each is a unit. Indents, bullets, quoting marks and rulers stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from hinterland.plugins.translation.formats.decoding import (
    columns,
    has_letters,
    text_start,
    with_controls_coded,
)
from hinterland.plugins.translation.formats.document import Wishes
from hinterland.plugins.translation.formats.spans import SpanWriter
from hinterland.plugins.translation.formats.wrapping import (
    Wrapping,
    ends_sentence,
    glue,
    wrapped,
    wrapping_of,
)
from hinterland.plugins.translation.units import Code, Parts, Unit

_LINES = re.compile(rb"[^\r\n\f]*(?:\r\n|[\r\n\f]|\Z)")
_INDENT = re.compile(r"\s*(?:(?:>|#+(?=\s))[ \t]?)*\s*")
_RULER = re.compile(r"(\S)(?:\s*\1)*")
_MARKER = re.compile(r"(?:[-*+•‣◦▪●○·]|\(?\d{1,2}[.)]|\(?[A-Za-z]\))[ \t\u3000]+(?=\S)")
_ENDING = re.compile(r"\r\n|[\r\n]")
_BREAK = re.compile(r"[ \t]*[\r\n]+[ \t]*")
_NEAR = 4096  # bytes that a line end is looked for in
_GAP = re.compile(r"[ \u00a0]*\t\s*|[ \u00a0\u3000]{3,}")


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    """The byte its words begin at."""
    number: int
    indent: str
    marker: str
    text: str
    """Its words, without spaces at the ends; empty for a blank line."""
    last: bool
    """Whether a page or the document ends behind it."""

    @property
    def end(self) -> int:
        return self.start + len(self.text.encode())

    @property
    def is_prose(self) -> bool:
        return has_letters(self.text) and not _GAP.search(self.text)


def open_document(data: bytes, _form: str, _wishes: Wishes) -> Text:
    """Return a plain text; raises InputError where it is not UTF-8."""
    return Text(data)


class Text:
    """A plain text."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._begin = text_start(data)
        self._wrapping: Wrapping | None = None

    def units(self) -> Iterator[Unit]:
        """Yield paragraphs, items and cells."""
        gathered: list[_Line] = []
        for line in self._lines():
            if gathered and self._goes_on(gathered, line):
                gathered.append(line)
                continue
            if gathered:
                yield _paragraph(gathered)
            gathered = []
            if line.is_prose:
                gathered = [line]
            else:
                yield from _cells(line)
        if gathered:
            yield _paragraph(gathered)

    def writer(self, out: BinaryIO) -> SpanWriter:
        """Return what writes the text with translations in the places of units."""
        return SpanWriter(self._data, out, self._encode)

    @property
    def wrapping(self) -> Wrapping:
        """How its lines are wrapped."""
        if self._wrapping is None:
            self._wrapping = wrapping_of(self._pairs())
        return self._wrapping

    def _lines(self) -> Iterator[_Line]:
        for number, found in enumerate(_LINES.finditer(self._data, self._begin), 1):
            line = found[0].decode()
            end = line[-1:]
            line = line.rstrip()
            indent = _INDENT.match(line)
            marker = _MARKER.match(line, indent.end() if indent else 0)
            begin = marker.end() if marker else indent.end() if indent else 0
            start = found.start() + len(line[:begin].encode())
            yield _Line(
                start,
                number,
                indent[0] if indent else "",
                marker[0] if marker else "",
                line[begin:],
                last=end in {"\f", ""},
            )

    def _pairs(self) -> Iterator[tuple[str, str]]:
        before: _Line | None = None
        for line in self._lines():
            if before and before.is_prose and line.is_prose and not line.marker and not before.last:
                yield before.text, line.text
            before = line

    def _goes_on(self, gathered: list[_Line], line: _Line) -> bool:
        """Whether a line belongs to the lines before it."""
        first, before = gathered[0], gathered[-1]
        if before.last or not line.text or _GAP.search(line.text) or _RULER.fullmatch(line.text):
            return False
        if line.marker and (first.marker or not _is_counted_in_prose(before.text, line.marker)):
            return False
        if line.indent.split() != before.indent.split():
            return False
        deep = columns(line.indent.expandtabs())
        if before is first:
            if deep > columns((before.indent + before.marker).expandtabs()):
                return False
        elif line.indent != before.indent:
            return False
        return self.wrapping.joins(before.text, line.text)

    def _encode(self, unit: Unit, parts: Parts) -> bytes:
        pieces = [part.source if isinstance(part, Code) else part for part in parts]
        text = "".join(pieces)
        old = self._data[unit.start : unit.end].decode()
        if ending := _ENDING.search(old):
            margin = _INDENT.match(old, ending.end())
            indent = margin[0] if margin else ""
            width = max(self.wrapping.width, *(columns(line.strip()) for line in old.splitlines()))
        elif self.wrapping.width and ends_sentence(old) and not self._is_cell(unit):
            ending = _ENDING.search(self._data[: self._begin + _NEAR].decode(errors="ignore"))
            indent = self._hanging(unit.start)
            width = max(self.wrapping.width, columns(old))
        else:
            return " ".join(_BREAK.split(text.strip("\r\n"))).encode()
        new = self._apart(text, width, self._below(unit.end))
        return ((ending[0] if ending else "\n") + indent).join(new).encode()

    def _apart(self, text: str, width: int, below: str) -> list[str]:
        """Return the lines of a text, the last of which does not look as if it went on below."""
        first = wrapped(text, width, may_begin=_begins_no_item)
        if not below:
            return first
        for narrower in range(width, width * 3 // 4, -2):
            lines = wrapped(text, narrower, may_begin=_begins_no_item)
            if not self.wrapping.joins(lines[-1], below):
                return lines
        return first

    def _below(self, at: int) -> str:
        """Return the words of the next line; nothing where a unit cannot go on to."""
        following = self._data[at : at + _NEAR].decode(errors="ignore").splitlines()[1:2]
        text = following[0].strip() if following else ""
        indent = _INDENT.match(text)
        return "" if _MARKER.match(text) or not indent else text[indent.end() :]

    def _before(self, at: int) -> str:
        """Return what stands before a unit on its line."""
        begin = max(self._data.rfind(end, 0, at) for end in (b"\n", b"\r", b"\f")) + 1
        return self._data[max(begin, self._begin) : at].decode()

    def _is_cell(self, unit: Unit) -> bool:
        after = self._data[unit.end : unit.end + _NEAR].decode(errors="ignore").splitlines()
        return bool(after and after[0].strip()) or has_letters(self._before(unit.start))

    def _hanging(self, at: int) -> str:
        """Return the indent of a second line below the one line of a unit."""
        before = self._before(at)
        margin = _INDENT.match(before)
        indent = margin[0] if margin else ""
        return indent + " " * columns(before[len(indent) :])


def _begins_no_item(piece: str) -> bool:
    return not _MARKER.match(f"{piece.strip()} x") and not piece.startswith(">")


def _is_counted_in_prose(before: str, marker: str) -> bool:
    """Whether (2) and its like at the start of a line only counts things within a sentence."""
    return (marker[0].isalnum() or marker[0] == "(") and before[-1].isalpha()


def _paragraph(lines: list[_Line]) -> Unit:
    text = lines[0].text
    for line in lines[1:]:
        words = line.marker + line.text
        text += glue(text, words) + words
    return Unit(
        parts=with_controls_coded(text),
        start=lines[0].start,
        end=lines[-1].end,
        note=f"line {lines[0].number}",
    )


def _cells(line: _Line) -> Iterator[Unit]:
    at, start = 0, line.start
    for gap in [*_GAP.finditer(line.text), None]:
        cell = line.text[at : gap.start() if gap else None]
        end = start + len(cell.encode())
        if has_letters(cell):
            parts = with_controls_coded(cell)
            yield Unit(parts=parts, start=start, end=end, note=f"line {line.number}")
        if gap:
            start = end + len(gap[0].encode())
            at = gap.end()

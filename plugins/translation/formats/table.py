"""Tables of commas, semicolons or tabs: the cells of the columns somebody named are units.

The table is scanned here and not by the standard library's reader, which does not say where a
cell is nor how it was quoted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from hinterland.errors import InputError
from hinterland.plugins.translation.formats.decoding import (
    has_letters,
    text_start,
    with_controls_coded,
)
from hinterland.plugins.translation.formats.document import Wishes
from hinterland.plugins.translation.formats.spans import SpanWriter
from hinterland.plugins.translation.units import Code, Parts, Unit
from hinterland.text import clean_line

_SEPARATORS = (b",", b";", b"\t", b"|")
_SAMPLE = 1 << 16  # bytes that the separator is told from
_NAMES = 40  # columns that an error names
_BREAKS = re.compile(r"([ \t]*(?:\r\n|\r|\n)\s*)")
_QUOTED = rb'[ ]*"(?:[^"]++|"")*+"[ ]*(?=%s|[\r\n]|\Z)'
_BARE = rb"[^%s\r\n]*"
_HINT_FOR_SEPARATED = "Cells that hold the separator are put in double quotes."


@dataclass(frozen=True, slots=True)
class _Cell:
    start: int
    end: int
    """Its bytes, quotes included."""
    is_quoted: bool
    column: int
    line: int


def open_document(data: bytes, _form: str, wishes: Wishes) -> Table:
    """Return a table; raises InputError where it is broken, or the columns are not named well."""
    table = Table(data)
    table.choose(wishes.columns)
    return table


class Table:
    """A table with a header."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._begin = text_start(data)
        if preface := re.compile(rb"sep=(.)(?:\r\n|[\r\n])").match(data, self._begin):
            self._begin = preface.end()
            self._separator = preface[1]
        else:
            self._separator = _separator_of(data[self._begin : self._begin + _SAMPLE])
        self._chosen: dict[int, str] = {}

    def choose(self, wanted: tuple[str, ...]) -> None:
        """Take columns by name or by number from 1, and check that all of the table is one."""
        names = [self._text(cell).strip() for cell in next(self._rows(), [])]
        if not names:
            raise InputError("The table is empty.", "Its first row is its header.")
        shown = ", ".join(clean_line(name, 60) or "(no name)" for name in names[:_NAMES])
        hint = f"The columns are: {shown}{', …' * (len(names) > _NAMES)}."
        if not wanted:
            raise InputError("Say which columns to translate, with --columns.", hint)
        for name in wanted:
            number = _found(name.strip(), names)
            if number is None:
                raise InputError(f"There is no column {clean_line(name)}.", hint)
            self._chosen[number] = names[number]
        for row in self._rows():
            if len(row) > len(names) and any(cell.end > cell.start for cell in row[len(names) :]):
                raise InputError(
                    f"Line {row[0].line} has {len(row)} cells, and the header {len(names)}.",
                    _HINT_FOR_SEPARATED,
                )

    def units(self) -> Iterator[Unit]:
        """Yield the cells of the chosen columns, without their header."""
        rows = self._rows()
        next(rows, None)
        for row in rows:
            for cell in row:
                name = self._chosen.get(cell.column)
                if name is not None and has_letters(text := self._text(cell)):
                    yield Unit(
                        parts=_parts(text.strip()),
                        start=cell.start,
                        end=cell.end,
                        context=name,
                        note=f"line {cell.line}",
                    )

    def writer(self, out: BinaryIO) -> SpanWriter:
        """Return what writes the table with translations in the cells."""
        return SpanWriter(self._data, out, self._encode)

    def _rows(self) -> Iterator[list[_Cell]]:
        """Yield the rows that are not empty; raises InputError where quotes are broken."""
        row: list[_Cell] = []
        for cell, is_last in _scanned(self._data, self._begin, self._separator):
            row.append(cell)
            if is_last:
                if len(row) > 1 or row[0].end > row[0].start:
                    yield row
                row = []

    def _text(self, cell: _Cell) -> str:
        text = self._data[cell.start : cell.end].decode()
        return text.strip(" ")[1:-1].replace('""', '"') if cell.is_quoted else text

    def _encode(self, unit: Unit, parts: Parts) -> bytes:
        new = "".join(
            part.source if isinstance(part, Code) else _BREAKS.sub(" ", part) for part in parts
        )
        old = self._data[unit.start : unit.end].decode()
        quoted = re.fullmatch(r'( *)"((?s:.*))"( *)', old) if _is_quoted(old) else None
        inner = quoted[2] if quoted else old
        lead, trail = inner[: -len(inner.lstrip()) or None], inner[len(inner.rstrip()) :]
        new = lead + new + trail
        if quoted:
            return f'{quoted[1]}"{_doubled(new)}"{quoted[3]}'.encode()
        separator = self._separator.decode()
        if separator == "\t":
            new = new.replace("\t", " ")
        needs = separator in new or new.startswith('"') or ('"' in new and '"' not in old)
        if separator == "\t" and not new.startswith('"'):
            needs = False
        return (f'"{_doubled(new)}"' if needs else new).encode()


def _doubled(text: str) -> str:
    return text.replace('"', '""')


def _is_quoted(old: str) -> bool:
    return bool(re.fullmatch(r' *"(?:[^"]++|"")*+" *', old))


def _parts(text: str) -> Parts:
    parts: list[str | Code] = []
    for at, piece in enumerate(_BREAKS.split(text)):
        if at % 2:
            parts.append(Code(piece, is_space=True))
        else:
            parts.extend(with_controls_coded(piece))
    return tuple(parts)


def _found(wanted: str, names: list[str]) -> int | None:
    """Return the place of a column by its name, or by its number from 1."""
    for alike in (names, [name.casefold() for name in names]):
        word = wanted if alike is names else wanted.casefold()
        if alike.count(word) > 1:
            raise InputError(
                f"More than one column is called {clean_line(wanted)}.",
                f"Give its number, from 1 to {len(names)}.",
            )
        if word in alike:
            return alike.index(word)
    if wanted.isdecimal() and 1 <= int(wanted) <= len(names):
        return int(wanted) - 1
    return None


def _scanned(data: bytes, at: int, separator: bytes) -> Iterator[tuple[_Cell, bool]]:
    """Yield each cell, and whether it is the last of its row."""
    escaped = re.escape(separator)
    quoted, bare = re.compile(_QUOTED % escaped), re.compile(_BARE % escaped)
    column, line = 0, 1
    while True:
        found = quoted.match(data, at)
        is_quoted = found is not None
        if found is None:
            found = bare.match(data, at)
            assert found
            if separator != b"\t" and found[0].lstrip(b" ").startswith(b'"'):
                raise InputError(
                    f"Line {line}: the quotes of a cell do not match.",
                    'A quote inside of a quoted cell is written twice: "".',
                )
        end = found.end()
        is_last = data[end : end + len(separator)] != separator
        yield _Cell(at, end, is_quoted, column, line), is_last
        line += len(re.findall(rb"\r\n|\r|\n", found[0])) if is_quoted else 0
        if not is_last:
            at, column = end + len(separator), column + 1
            continue
        at, column, line = end + (2 if data[end : end + 2] == b"\r\n" else 1), 0, line + 1
        if at >= len(data):
            return


def _separator_of(sample: bytes) -> bytes:
    """Return what parts the cells: what parts most rows like the header, into most cells."""
    sample = sample[: sample.rfind(b"\n") + 1] or sample
    best, most = b",", (0.0, 1)
    for separator in _SEPARATORS:
        counts = _counts(sample, separator)
        score = (sum(count == counts[0] for count in counts) / len(counts), counts[0])
        if counts[0] > 1 and score > most:
            best, most = separator, score
    return best


def _counts(sample: bytes, separator: bytes) -> list[int]:
    counts = [0]
    try:
        for _cell, is_last in _scanned(sample, 0, separator):
            counts[-1] += 1
            if is_last:
                counts.append(0)
    except InputError:  # cut in a quoted cell, or not the separator
        pass
    return counts[:-1] or counts

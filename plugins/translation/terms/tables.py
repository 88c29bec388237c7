"""Term bases as tables: the first line names the languages of the columns."""

from __future__ import annotations

import codecs
import csv
import io
import re

from hinterland.plugins.translation.terms.base import Term
from hinterland.plugins.translation.terms.codes import closest

_SEPARATORS = ",;\t|"
_CODE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
_NOTES = ("note", "notes", "comment", "comments", "definition")
_SOURCE, _TARGET = "source", "target"
_LONGEST_TERM = 500  # characters; more is a text, and a table of something else


def terms_in(data: bytes, source: str, target: str) -> list[Term]:
    """Return the terms of a table that has a column for each of two languages.

    A row that has no word in one of them is left out. Raises ValueError with what is wrong.
    """
    text = _decoded(data)
    header_line = text.lstrip("\n").partition("\n")[0]
    separator = max(_SEPARATORS, key=header_line.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    terms: list[Term] = []
    places: tuple[int, int, int] | None = None
    try:
        for row in rows:
            cells = [cell.strip() for cell in row]
            if not any(cells):
                continue
            if places is None:
                places = _places(cells, source, target)
                continue
            cells += [""] * (max(places) + 1 - len(cells))
            one, other, note = (cells[place] if place >= 0 else "" for place in places)
            if max(len(one), len(other)) > _LONGEST_TERM:
                raise ValueError(
                    f"line {rows.line_num}: a term is longer than {_LONGEST_TERM} characters"
                )
            if one and other:
                terms.append(Term(" ".join(one.split()), " ".join(other.split()), note=note))
    except csv.Error as error:
        raise ValueError(f"line {rows.line_num}: {error}") from error
    if places is None:
        raise ValueError("it is empty")
    return terms


def _places(header: list[str], source: str, target: str) -> tuple[int, int, int]:
    """Return where the columns of two languages and of notes are, -1 for no notes."""
    names = [name.lower() for name in header]
    note = next((names.index(each) for each in _NOTES if each in names), -1)
    if _SOURCE in names and _TARGET in names:
        return names.index(_SOURCE), names.index(_TARGET), note
    codes = [name for name in header if _CODE.fullmatch(name) and name.lower() not in _NOTES]
    one, other = closest(source, codes), closest(target, codes)
    if one is None or other is None or one == other:
        missing = " and ".join(
            code for code, found in ((source, one), (target, other)) if not found
        )
        raise ValueError(
            f"its first line has no column for {missing or target}, but {', '.join(header)}"
        )
    return header.index(one), header.index(other), note


def _decoded(data: bytes) -> str:
    encoding = "utf-8-sig"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ValueError(f"line {line}: it is not UTF-8; save it as that") from error
    if "\0" in text:
        raise ValueError("it is not a text")
    return text.replace("\r\n", "\n").replace("\r", "\n")

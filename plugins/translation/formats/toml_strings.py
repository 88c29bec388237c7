"""The texts in TOML: values that are for people, in all four kinds of strings; keys never are.

tomllib says whether the file is right; what it read has no places, so they are found anew.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import BinaryIO

from hinterland import toml_text
from hinterland.errors import InputError
from hinterland.plugins.translation.formats.decoding import line_of, text_start
from hinterland.plugins.translation.formats.document import Wishes
from hinterland.plugins.translation.formats.run_on import may_begin
from hinterland.plugins.translation.formats.spans import SpanWriter
from hinterland.plugins.translation.formats.string_values import Token, is_wanted, name_of, texts
from hinterland.plugins.translation.formats.wrapping import wrapped
from hinterland.plugins.translation.units import Code, Parts, Unit
from hinterland.text import clean_line

_EMPTY = re.compile(rb"(?:[ \t\r\n]+|#[^\n]*)*")
_BLANK = re.compile(rb"[ \t]*")
_STRING = re.compile(
    rb'"""(?:[^"\\]|\\.|"(?!"")|"(?="{3}))*"""'
    rb"|'''(?:[^']|'(?!'')|'(?='{3}))*'''"
    rb'|"(?:[^"\\\r\n]|\\.)*"'
    rb"|'[^'\r\n]*'",
    re.DOTALL,
)
_BARE = re.compile(rb"[^\s=.\[\],}#\"']+")
_SCALAR = re.compile(rb"[^\s,\]}#][^,\]}#\r\n]*")
_TOKEN = re.compile(
    rb"\\[ \t]*\r?\n[ \t\r\n]*|\\(?:u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)"
    rb"|\r?\n|[^\\\r\n]+|."
)
_LITERAL_TOKEN = re.compile(rb"\r?\n|[^\r\n]+|.")
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b"}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")

Place = tuple[tuple[str, ...], int, int]
"""The keys of a value that is a string, and where it is with its quotes."""


def open_document(data: bytes, form: str, wishes: Wishes) -> TomlStrings:
    """Return the strings of a TOML file; raises InputError, with the line, where it is broken."""
    return TomlStrings(data, wishes)


class TomlStrings:
    """A TOML document."""

    def __init__(self, data: bytes, wishes: Wishes) -> None:
        self._data = data
        self._keys = wishes.keys
        self._begin = text_start(data)
        try:
            toml_text.loads(data[self._begin :].decode().replace("\r\n", "\n"))
        except tomllib.TOMLDecodeError as error:
            raise InputError(f"The TOML is broken: {clean_line(str(error))}.") from error

    def units(self) -> Iterator[Unit]:
        """Yield the values that are texts, line by line where they have several."""
        for path, start, end in _Reader(self._data, self._begin).strings():
            if not is_wanted(path, _value(self._data[start:end]), self._keys):
                continue
            name = name_of(path)
            mark = _delimiter(self._data, start)
            inner = start + len(mark), end - len(mark)
            tokens = _tokens(self._data, *inner, is_literal=mark[:1] == b"'")
            for text in texts(tokens, is_wrapped=len(mark) == 3):
                place = (start, end) if mark == b"'" else (text.start, text.end)
                yield Unit(
                    parts=text.parts,
                    start=place[0],
                    end=place[1],
                    context=name,
                    note=name,
                    width=text.width,
                )

    def writer(self, out: BinaryIO) -> SpanWriter:
        """Return what writes the document with its texts translated."""
        return SpanWriter(self._data, out, _Encoder(self._data, self._begin).encoded)


class _Encoder:
    """Writes translations in the kind of string that they stand in, which it follows in order."""

    def __init__(self, data: bytes, begin: int) -> None:
        self._data = data
        self._strings = _Reader(data, begin).strings()
        self._start = self._end = 0

    def encoded(self, unit: Unit, parts: Parts) -> bytes:
        """Return a translation as it is written.

        A literal string on one line becomes a basic one where it has to; within one of several
        lines, which has no escapes, three quotes in a row become typographic ones.
        """
        while self._end < unit.end:
            _path, self._start, self._end = next(self._strings)
        mark = _delimiter(self._data, self._start)
        if mark == b"'":
            return _literal(self._data[unit.start + 1 : unit.end - 1].decode(), parts).encode()
        text = "".join(
            part.source if isinstance(part, Code) else _escaped(part, mark) for part in parts
        )
        if not unit.width:
            return text.encode()
        eol = "\r\n" if b"\r\n" in self._data[unit.start : unit.end] else "\n"
        return eol.join(wrapped(text, unit.width, may_begin=may_begin)).encode()


def _literal(old: str, parts: Parts) -> str:
    text = "".join(part.source if isinstance(part, Code) else part for part in parts)
    bare = old.strip(" \t")
    text = old.replace(bare, text.replace("\n", " "), 1) if bare else text
    if "'" in text or _CONTROL.search(text):
        return f'"{_escaped(text, b"")}"'
    return f"'{text}'"


def _escaped(text: str, mark: bytes) -> str:
    if mark == b"'''":
        return _CONTROL.sub(" ", text.replace("'''", "’’’"))
    if mark == b'"""':
        text = re.sub(r'"(?="|\Z)', r"\"", text.replace("\\", "\\\\"))
    else:
        text = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _delimiter(data: bytes, at: int) -> bytes:
    mark = data[at : at + 1]
    return mark * 3 if data.startswith(mark * 3, at) else mark


def _value(raw: bytes) -> str:
    """Return what a string that stands in a file means."""
    text = raw.decode().replace("\r\n", "\n")
    value: str = tomllib.loads(f"x = {text}")["x"]
    return value


def _tokens(data: bytes, start: int, end: int, *, is_literal: bool) -> Iterator[Token]:
    pattern = _LITERAL_TOKEN if is_literal else _TOKEN
    for found in pattern.finditer(data, start, end):
        raw = found[0].decode()
        value: str | Code = raw
        if raw[-1] == "\n" and raw[0] in "\r\n":
            value = "\n"
        elif raw[0] == "\\" and raw[1:].isspace():
            value = ""
        elif raw[0] == "\\" and not is_literal:
            value = _ESCAPES.get(raw[1], raw[1])
            if raw[1] in "uU":
                value = _value(f'"{raw}"'.encode())
            if _CONTROL.match(value):
                value = Code(raw, is_space=value.isspace())
        yield Token(found.start(), found.end(), value)


class _Reader:
    """Finds the strings of a file that is known to be right."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data = data
        self._at = at

    def strings(self) -> Iterator[Place]:
        """Yield the values that are strings, in their order."""
        data = self._data
        table: tuple[str, ...] = ()
        counts: dict[tuple[str, ...], int] = {}
        while self._skip(_EMPTY) < len(data):
            if data.startswith(b"[", self._at):
                brackets = 2 if data.startswith(b"[[", self._at) else 1
                self._at += brackets
                table = self._keys()
                self._at += brackets
                if brackets == 2:
                    number = counts.get(table, -1) + 1
                    counts[table] = number
                    table = (*table, str(number))
            else:
                yield from self._pair(table)

    def _pair(self, table: tuple[str, ...]) -> Iterator[Place]:
        keys = self._keys()
        self._at += 1  # the equals sign
        self._skip(_BLANK)
        yield from self._value((*table, *keys))

    def _value(self, path: tuple[str, ...]) -> Iterator[Place]:
        begun = self._data[self._at : self._at + 1]
        if begun in {b'"', b"'"}:
            start = self._at
            self._skip(_STRING)
            yield path, start, self._at
        elif begun == b"[":
            yield from self._list(path)
        elif begun == b"{":
            self._at += 1
            while not self._ends(b"}"):
                yield from self._pair(path)
        else:
            self._skip(_SCALAR)

    def _list(self, path: tuple[str, ...]) -> Iterator[Place]:
        self._at += 1
        number = 0
        while not self._ends(b"]"):
            yield from self._value((*path, str(number)))
            number += 1

    def _ends(self, closer: bytes) -> bool:
        """Skip a comma; whether a list or a table ends here, and then skip its end too."""
        self._skip(_EMPTY)
        if self._data.startswith(b",", self._at):
            self._at += 1
            self._skip(_EMPTY)
        if not self._data.startswith(closer, self._at):
            return False
        self._at += 1
        return True

    def _keys(self) -> tuple[str, ...]:
        keys = []
        while True:
            self._skip(_BLANK)
            start = self._at
            if self._data[start : start + 1] in {b'"', b"'"}:
                self._skip(_STRING)
                keys.append(_value(self._data[start : self._at]))
            else:
                self._skip(_BARE)
                keys.append(self._data[start : self._at].decode())
            self._skip(_BLANK)
            if not self._data.startswith(b".", self._at):
                return tuple(keys)
            self._at += 1

    def _skip(self, pattern: re.Pattern[bytes]) -> int:
        found = pattern.match(self._data, self._at)
        if found is None:
            raise InputError(f"The TOML is broken at line {line_of(self._data, self._at)}.")
        self._at = found.end()
        return self._at

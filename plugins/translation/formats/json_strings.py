"""The texts in JSON: values that are for people, whatever the file is about; keys are never.

Read by its tokens: the standard library's reader gives no places, folds keys that are there twice,
and gives up on deep nesting.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import BinaryIO

from hinterland.errors import InputError
from hinterland.plugins.translation.formats.decoding import line_of, text_start
from hinterland.plugins.translation.formats.document import Wishes
from hinterland.plugins.translation.formats.spans import SpanWriter
from hinterland.plugins.translation.formats.string_values import Token, is_wanted, name_of, texts
from hinterland.plugins.translation.units import Code, Parts, Unit

_SPACE = re.compile(rb"[ \t\r\n]*")
_PLAIN = rb'[^"\\\x00-\x1f]'
_ESCAPE = rb'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})'
_STRING = re.compile(rb'"' + _PLAIN + rb"*(?:" + _ESCAPE + _PLAIN + rb'*)*"')
_SCALAR = re.compile(rb"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null|NaN|-?Infinity")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_TOKEN = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|" + _ESCAPE + rb"|[^\\]+"
)


def open_document(data: bytes, form: str, wishes: Wishes) -> JsonStrings:
    """Return the strings of a JSON file; raises InputError, with the line, where it is broken."""
    return JsonStrings(data, wishes)


class JsonStrings:
    """A JSON document."""

    def __init__(self, data: bytes, wishes: Wishes) -> None:
        self._data = data
        self._keys = wishes.keys
        self._begin = text_start(data)
        for _path, _start, _end in _strings(data, self._begin):
            pass
        self._ascii = data.isascii() and re.search(rb"\\u(?!00[0-7])", data) is not None
        """Whether letters that are not ASCII are written as escapes."""

    def units(self) -> Iterator[Unit]:
        """Yield the values that are texts, line by line where they have several."""
        for path, start, end in _strings(self._data, self._begin):
            if path[-1:] == ("$schema",) or any(key.startswith("@") for key in path):
                continue  # what an ARB file says about its messages
            if not is_wanted(path, json.loads(self._data[start:end]), self._keys):
                continue
            name = name_of(path)
            for text in texts(_tokens(self._data, start + 1, end - 1)):
                yield Unit(
                    parts=text.parts,
                    start=text.start,
                    end=text.end,
                    context=name,
                    note=name or f"line {line_of(self._data, start)}",
                )

    def writer(self, out: BinaryIO) -> SpanWriter:
        """Return what writes the document with its texts translated."""
        return SpanWriter(self._data, out, self._encoded)

    def _encoded(self, unit: Unit, parts: Parts) -> bytes:
        text = "".join(
            part.source
            if isinstance(part, Code)
            else json.dumps(part, ensure_ascii=self._ascii)[1:-1]
            for part in parts
        )
        if b"\\/" in self._data[unit.start : unit.end]:
            text = text.replace("/", "\\/")
        return text.encode()


def _tokens(data: bytes, start: int, end: int) -> Iterator[Token]:
    for found in _TOKEN.finditer(data, start, end):
        raw = found[0].decode()
        value: str | Code = raw
        if raw.startswith("\\"):
            value = json.loads(f'"{raw}"')
            assert isinstance(value, str)
            if value == "\r" and data.startswith(b"\\n", found.end()):
                value = " "
            elif _CONTROL.match(value):
                value = Code(raw, is_space=value.isspace())
        yield Token(found.start(), found.end(), value)


def _strings(data: bytes, at: int) -> Iterator[tuple[tuple[str, ...], int, int]]:
    """Yield the values that are strings: their keys, and their places with the quotes.

    Raises InputError where it is not JSON.
    """
    path: list[str] = []  # of each list or object that is open, the key that it is at
    closers: list[bytes] = []
    counts: list[int] = []
    at = _after_space(data, at)
    while True:
        begun = data[at : at + 1]
        if begun in {b"{", b"["} and begun:
            closers.append(b"}" if begun == b"{" else b"]")
            counts.append(0)
            path.append("")
            at = _after_space(data, at + 1)
            if data[at : at + 1] != closers[-1]:
                at = _key(data, at, path, closers, counts)
                continue
        else:
            found = (_STRING if begun == b'"' else _SCALAR).match(data, at)
            if not found:
                raise _broken(data, at)
            if begun == b'"':
                yield tuple(path), at, found.end()
            at = _after_space(data, found.end())
        while closers and data[at : at + 1] == closers[-1]:
            closers.pop()
            counts.pop()
            path.pop()
            at = _after_space(data, at + 1)
        if not closers:
            break
        if data[at : at + 1] != b",":
            raise _broken(data, at)
        at = _key(data, _after_space(data, at + 1), path, closers, counts)
    if at != len(data):
        raise _broken(data, at)


def _key(data: bytes, at: int, path: list[str], closers: list[bytes], counts: list[int]) -> int:
    """Set the key of the next value; return where the value begins."""
    if closers[-1] == b"]":
        path[-1] = str(counts[-1])
        counts[-1] += 1
        return at
    found = _STRING.match(data, at)
    if not found:
        raise _broken(data, at)
    path[-1] = json.loads(found[0])
    at = _after_space(data, found.end())
    if data[at : at + 1] != b":":
        raise _broken(data, at)
    return _after_space(data, at + 1)


def _after_space(data: bytes, at: int) -> int:
    found = _SPACE.match(data, at)
    assert found
    return found.end()


def _broken(data: bytes, at: int) -> InputError:
    where = "ends too early" if at >= len(data) else "is broken"
    return InputError(
        f"The JSON {where} at line {line_of(data, at)}.",
        "Comments and trailing commas are not JSON; a JSON validator says more.",
    )

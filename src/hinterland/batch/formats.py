"""How rows and results are written: our own JSON lines, or the files of OpenAI's batches."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from hinterland.batch import openai
from hinterland.batch.results import Known, Result, one_a_line
from hinterland.batch.rows import Row, unusable
from hinterland.batch.sources import Lines

_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class Format(Protocol):
    """One way to write rows and results."""

    def ids(self, lines: Lines) -> list[str | int]:
        """Return the ids of lines of input: `line-` and its number for one that has none."""

    def row(self, data: bytes, line: int) -> tuple[Row, dict[str, Any] | None]:
        """Return the row in a line of input, and all its fields where a template wants them.

        Raises InputError.
        """

    def encode(self, result: Result) -> bytes:
        """Return a result as a line, without its end."""

    def known(self, block: bytes) -> list[Known]:
        """Return what lines of results, with their ends, are about; raises one of `NOT_A_RESULT`
        where one is none."""


class _Id(msgspec.Struct, frozen=True):
    id: str | int | None = None


class Own:
    """JSON lines, one row each: see docs/batch.md."""

    def __init__(self, *, fields: bool = False) -> None:
        self._fields = fields
        self._ids = msgspec.json.Decoder(_Id)
        self._rows = msgspec.json.Decoder(Row)
        self._known = msgspec.json.Decoder(Known)

    def ids(self, lines: Lines) -> list[str | int]:
        return _ids(self._ids, lines)

    def row(self, data: bytes, line: int) -> tuple[Row, dict[str, Any] | None]:
        try:
            if not self._fields:
                return self._rows.decode(data), None
            fields = msgspec.json.decode(data, type=dict[str, Any])
            known = {name: value for name, value in fields.items() if name in _NAMES}
            return msgspec.convert(known, Row), fields
        except _UNREADABLE as error:
            raise unusable(line, error) from error

    def encode(self, result: Result) -> bytes:
        return msgspec.json.encode(result)

    def known(self, block: bytes) -> list[Known]:
        return one_a_line(self._known, block)


class OpenAi:
    """OpenAI's batch files; a model given to the run takes the place of the lines'."""

    def __init__(self, model: str | None) -> None:
        self._model = model

    def ids(self, lines: Lines) -> list[str | int]:
        return _ids(openai.IDS, lines)

    def row(self, data: bytes, line: int) -> tuple[Row, dict[str, Any] | None]:
        return openai.row(data, line, self._model), None

    def encode(self, result: Result) -> bytes:
        return openai.encode(result)

    def known(self, block: bytes) -> list[Known]:
        return openai.known(block)


def _ids(decoder: msgspec.json.Decoder[Any], lines: Lines) -> list[str | int]:
    try:
        found = [each.id for each in map(decoder.decode, lines.data)]
    except _UNREADABLE:
        found = [_id(decoder, each) for each in lines.data]
    if None not in found:
        return found
    return [
        f"line-{number}" if each is None else each
        for number, each in zip(lines.numbers, found, strict=True)
    ]


def _id(decoder: msgspec.json.Decoder[Any], data: bytes) -> str | int | None:
    try:
        found: str | int | None = decoder.decode(data).id
    except _UNREADABLE:
        return None  # what is wrong with it is said when it is read
    return found


_NAMES = frozenset(Row.__struct_fields__)

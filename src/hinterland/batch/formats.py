"""How rows and results are written: our own JSON lines, or the files of OpenAI's batches."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from hinterland.batch import openai
from hinterland.batch.results import Known, Result
from hinterland.batch.rows import Row, unusable


class Format(Protocol):
    """One way to write rows and results."""

    def id(self, data: bytes) -> str | int | None:
        """Return the id in a line of input; None when it has none, or is none."""

    def row(self, data: bytes, line: int) -> tuple[Row, dict[str, Any] | None]:
        """Return the row in a line of input, and all its fields where a template wants them.

        Raises InputError.
        """

    def encode(self, result: Result) -> bytes:
        """Return a result as a line, without its end."""

    def known(self, line: bytes) -> Known:
        """Return what a line of results is about; raises msgspec.MsgspecError for what is none."""


class _Id(msgspec.Struct, frozen=True):
    id: str | int | None = None


class Own:
    """JSON lines, one row each: see docs/batch.md."""

    def __init__(self, *, fields: bool = False) -> None:
        self._fields = fields
        self._ids = msgspec.json.Decoder(_Id)
        self._rows = msgspec.json.Decoder(Row)
        self._known = msgspec.json.Decoder(Known)

    def id(self, data: bytes) -> str | int | None:
        try:
            return self._ids.decode(data).id
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None  # what is wrong with it is said when it is read

    def row(self, data: bytes, line: int) -> tuple[Row, dict[str, Any] | None]:
        try:
            if not self._fields:
                return self._rows.decode(data), None
            fields = msgspec.json.decode(data, type=dict[str, Any])
            known = {name: value for name, value in fields.items() if name in _NAMES}
            return msgspec.convert(known, Row), fields
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise unusable(line, error) from error

    def encode(self, result: Result) -> bytes:
        return msgspec.json.encode(result)

    def known(self, line: bytes) -> Known:
        return self._known.decode(line)


class OpenAi:
    """OpenAI's batch files; a model given to the run takes the place of the lines'."""

    def __init__(self, model: str | None) -> None:
        self._model = model

    def id(self, data: bytes) -> str | int | None:
        return openai.name_in(data)

    def row(self, data: bytes, line: int) -> tuple[Row, dict[str, Any] | None]:
        return openai.row(data, line, self._model), None

    def encode(self, result: Result) -> bytes:
        return openai.encode(result)

    def known(self, line: bytes) -> Known:
        return openai.known(line)


_NAMES = frozenset(Row.__struct_fields__)

"""Data files that people edit: read against a schema, with an error that names file and line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

from hinterland.errors import InputError
from hinterland.plugins.diagnosis.rules import parsed

T = TypeVar("T")
_PLACE = re.compile(
    r" - at `\$\.?(?P<table>[a-z_]+)?(?:\[(?P<index>\d+)\])?(?:\.(?P<key>[a-z_]+))?"
)


@dataclass(frozen=True, slots=True)
class Located(Generic[T]):
    """What a file says, and where it says it."""

    value: T
    path: Path
    text: str
    sha256: str

    def line(self, table: str, at: int = 0, key: str = "") -> int:
        """Return the line of a key of the `at`-th `[[table]]` (or `[table]`), counted from 1."""
        return _line(self.text, table, at, key)

    def error(self, table: str, at: int, problem: str, key: str = "") -> InputError:
        """Return the error that names the file, the line and what is wrong there."""
        return _error(self.path, self.line(table, at, key), problem)

    def error_at(self, words: str, problem: str) -> InputError:
        """Return the error at the first line with these words."""
        lines = enumerate(self.text.splitlines(), 1)
        return _error(self.path, next((at for at, line in lines if words in line), 1), problem)


def read(path: Path, kind: type[T]) -> Located[T]:
    """Return a file's content as `kind`; raises InputError, which names file and line."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror or error}.", "Is the name right?"
        ) from error
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise _error(path, data[: error.start].count(b"\n") + 1, "it is not UTF-8 text") from error
    sha256 = parsed.digest(data)
    known = parsed.recall(sha256, kind)
    if known is not None:
        return Located(known, path, text, sha256)
    raw = _parsed(path, text)
    try:
        value = msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        message = str(error)
        place = _PLACE.search(message)
        table, at, key = "", 0, ""
        if place:
            table, key = place["table"] or "", place["key"] or ""
            at = int(place["index"] or 0)
        problem = message.split(" - at `", maxsplit=1)[0]
        raise _error(path, _line(text, table, at, key), problem) from error
    parsed.remember(sha256, raw)
    return Located(value, path, text, sha256)


def _parsed(path: Path, text: str) -> dict[str, Any]:
    import tomllib

    from hinterland import toml_text

    try:
        return toml_text.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        problem = str(error).split(" (at ")[0]
        at = int(line[1]) if line else text.count("\n") + 1
        raise _error(path, at, f"this is not TOML: {problem}") from error


def _error(path: Path, line: int, problem: str) -> InputError:
    return InputError(f"{path}:{line}: {problem.rstrip('.')}.", "Mend that line and try again.")


def _line(text: str, table: str, at: int, key: str) -> int:
    lines = text.splitlines()
    header = re.compile(rf"\s*\[\[?\s*{re.escape(table)}\s*\]\]?")
    starts = [number for number, line in enumerate(lines, 1) if table and header.match(line)]
    if not starts:
        plain = re.compile(rf"\s*{re.escape(table)}\s*=") if table else None
        return next((n for n, line in enumerate(lines, 1) if plain and plain.match(line)), 1)
    start = starts[min(at, len(starts) - 1)]
    for number in range(start, len(lines)):
        if lines[number].lstrip().startswith("["):
            break
        if key and re.match(rf"\s*{re.escape(key)}\s*=", lines[number]):
            return number + 1
    return start

"""Where rows come from: JSON lines, a table of CSV, or a folder of texts.

All become lines of JSON with their numbers, some at a time; what cannot be read is an error in its
place.
"""

from __future__ import annotations

import codecs
import csv
import io
import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import compress
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec

from hinterland.batch.rows import Row
from hinterland.errors import InputError

MOST_BYTES = 32 << 20
"""Bytes of one row; a longer one is refused and not read into memory."""

Line = tuple[int, bytes | InputError]
"""Where a row stands, counted from 1, and its JSON or why it has none."""


class Lines(NamedTuple):
    """Lines that follow each other."""

    numbers: Sequence[int]
    data: list[bytes]
    """Their JSON, or what is wrong with them in words."""
    errors: Mapping[int, InputError] = MappingProxyType({})
    """What is wrong with them, by their places among these."""


_CSV_FIELDS = frozenset(Row.__struct_fields__) - {"prompt", "messages", "schema", "metadata"}
_NUMBERS = {"max_tokens": int, "top_k": int, "seed": int, "temperature": float, "top_p": float}
_BLOCK = 1 << 17
_MOST_AT_ONCE, _ENOUGH_BYTES = 1024, 1 << 20
"""Rows and bytes that are read before they are handed on."""
_LINES_LOOKED_AT = 20


def grouped(rows: Iterable[Line]) -> Iterator[Lines]:
    """Yield single lines some at a time."""
    some: list[Line] = []
    size = 0
    for line in rows:
        some.append(line)
        size += len(line[1]) if isinstance(line[1], bytes) else 0
        if len(some) == _MOST_AT_ONCE or size > _ENOUGH_BYTES:
            yield _together(some)
            some, size = [], 0
    if some:
        yield _together(some)


def json_lines(path: Path) -> Iterator[Lines]:
    """Yield the lines of a file that are not empty; raises InputError when it cannot be opened."""
    number = 1
    with _opened(path) as file:
        for data in _blocks(file):
            if data is None:
                yield from grouped([(number, _too_long(f"Line {number}"))])
                number += 1
                continue
            if number == 1 and data:
                data[0] = data[0].removeprefix(codecs.BOM_UTF8)
            numbers = range(number, number + len(data))
            number += len(data)
            if all(map(bytes.strip, data)):
                yield Lines(numbers, data)
            else:
                full = [bool(line.strip()) for line in data]
                yield Lines([*compress(numbers, full)], [*compress(data, full)])


def look_at(path: Path) -> None:
    """Raise InputError for a file that is none of JSON lines, as its first lines show: each of its
    lines would be an error of its own. One broken line among others is not looked for."""
    begins: list[bytes] = []
    with _opened(path) as file:
        while len(begins) < _LINES_LOOKED_AT and (line := file.readline(_BLOCK)):
            if line := line.removeprefix(b"\xef\xbb\xbf").strip():
                begins.append(line)
    if not begins:
        return
    if begins[0].startswith(b"[") or begins[0] == b"{":
        raise InputError(
            f"{path} is JSON, and not JSON lines: a row has to be one line.",
            "`jq -c '.[]'` writes each object of a list on a line of its own.",
        )
    if not any(line.startswith(b"{") for line in begins):
        raise InputError(
            f"{path} is not JSON lines: no line begins with a brace.",
            "A row is a JSON object with a prompt; a table of CSV is read with --prompt-column, and"
            " of a folder each file.",
        )


def csv_rows(path: Path, prompt_column: str, *, fields: bool = False) -> Iterator[Lines]:
    """Yield the rows of a table whose first line has the names of its columns.

    A column that is called like a field of a row is one, and the others are kept as metadata; with
    `fields` they are fields too, for a template, as is the prompt under its column's name. Raises
    InputError when it cannot be read at all.
    """
    return grouped(_csv_lines(path, prompt_column, fields=fields))


def texts(folder: Path) -> Iterator[Lines]:
    """Yield the text files of a folder and its folders by name, each as a prompt with its name for
    an id; hidden ones are left out."""
    return grouped(_texts(folder))


def _csv_lines(path: Path, prompt_column: str, *, fields: bool) -> Iterator[Line]:
    csv.field_size_limit(MOST_BYTES)
    with (
        _opened(path) as binary,
        # What is not UTF-8 becomes lone surrogates, which JSON then refuses, row by row.
        io.TextIOWrapper(binary, "utf-8-sig", errors="surrogateescape", newline="") as text,
    ):
        reader = csv.DictReader(text, restkey="", strict=True)
        try:
            names = reader.fieldnames or ()
        except csv.Error as error:
            raise InputError(
                f"{path} is not CSV: {error}.",
                "Without --prompt-column it is read as JSON lines.",
            ) from error
        if prompt_column not in names:
            columns = ", ".join(map(repr, names)) or "none"
            raise InputError(
                f"{path} has no column {prompt_column!r}.",
                f"--prompt-column names the one with the prompts; there are: {columns}.",
            )
        while True:
            number = reader.line_num + 1
            try:
                found = next(reader, None)
            except csv.Error as error:
                yield number, InputError(f"Line {number} is not CSV: {error}.", "Mend that line.")
                continue
            if found is None:
                return
            if any(found.get("") or ()):
                yield number, _too_wide(number)
                continue
            row = _csv_row(found, prompt_column, fields=fields)
            try:
                yield number, msgspec.json.encode(row)
            except UnicodeEncodeError:
                yield (
                    number,
                    InputError(f"Line {number} is not UTF-8 text.", "Save the file as UTF-8."),
                )


def _texts(folder: Path) -> Iterator[Line]:
    number = 0
    for path in _files(folder):
        number += 1
        name = os.fsencode(path.relative_to(folder)).decode("utf-8", "backslashreplace")
        try:
            found = path.stat()
            if not stat.S_ISREG(found.st_mode):
                yield number, InputError(f"{name} is not a file.", "Leave files of text there.")
                continue
            if found.st_size > MOST_BYTES:
                yield number, _too_long(name)
                continue
            text = path.read_bytes().decode("utf-8-sig")
            if "\0" in text:
                yield number, InputError(f"{name} is not a text.", "Leave files of text there.")
                continue
        except UnicodeDecodeError:
            yield number, InputError(f"{name} is not UTF-8 text.", "Save it as UTF-8.")
        except OSError as error:
            reason = error.strerror or "no reason given"
            yield number, InputError(f"{name} cannot be read: {reason}.", "Mend its permissions.")
        else:
            yield number, msgspec.json.encode({"id": name, "prompt": text})


def _together(some: list[Line]) -> Lines:
    return Lines(
        [number for number, _ in some],
        [row.message.encode() if isinstance(row, InputError) else row for _, row in some],
        {place: row for place, (_, row) in enumerate(some) if isinstance(row, InputError)},
    )


def _csv_row(found: dict[str, Any], prompt_column: str, *, fields: bool) -> dict[str, Any]:
    row: dict[str, Any] = {"prompt": found[prompt_column] or ""}
    rest = {}
    for name, value in found.items():
        if value in (None, "") or isinstance(value, list):
            continue
        if name in _CSV_FIELDS and name != prompt_column:
            row[name] = _number(name, value)
        elif name != prompt_column or fields:
            rest[name] = value
    if fields:
        return rest | row
    return row | {"metadata": rest} if rest else row


def _number(name: str, value: str) -> object:
    """Return a cell as the number its column holds, or as it is: then the row is refused."""
    try:
        return _NUMBERS[name](value) if name in _NUMBERS else value
    except ValueError:
        return value


def _files(folder: Path) -> Iterator[Path]:
    unread: list[OSError] = []
    for place, folders, names in os.walk(folder, onerror=unread.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith("."):
                yield Path(place, name)
    yield from (Path(error.filename) for error in unread)


def _blocks(file: io.BufferedReader) -> Iterator[list[bytes] | None]:
    """Yield lines without their ends as they come; None stands for one that is too long."""
    begun: list[bytes] = []  # the line whose end has not come
    size = 0
    while block := file.read1(_BLOCK):
        lines = block.split(b"\n")
        size += len(lines[0])
        begun = [*begun, lines[0]] if size <= MOST_BYTES else []
        if len(lines) == 1:
            continue
        last = lines.pop()
        if size <= MOST_BYTES:
            lines[0] = b"".join(begun)
        else:
            yield None
            del lines[0]
        yield lines
        begun, size = [last], len(last)
    if size:
        yield [b"".join(begun)] if size <= MOST_BYTES else None


def _opened(path: Path) -> io.BufferedReader:
    try:
        return path.open("rb")
    except OSError as error:
        raise InputError(
            f"The input {path} cannot be read: {error.strerror}.", "Check its name and permissions."
        ) from error


def _too_wide(number: int) -> InputError:
    return InputError(
        f"Line {number} has more cells than the table has columns.",
        "A text with a comma stands in quotes.",
    )


def _too_long(subject: str) -> InputError:
    return InputError(
        f"{subject} is longer than {MOST_BYTES >> 20} MB.",
        "Name its long text as a `file` instead.",
    )

"""Everything a pupil has finished, a line each: what cards, days and progress are made of.

The file is only ever added to, and a line is on the disk before the exercise counts. A last line that
was torn by a power cut was not counted: it is cut off before the next is written.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from hinterland import durable
from hinterland.errors import StorageError
from hinterland.plugins.tutoring.pupils.done import Card, Done

SCHEMA_VERSION = 1


class Head(msgspec.Struct, frozen=True, tag="log", tag_field="line"):
    """The first line."""

    schema: int


class Finished(msgspec.Struct, frozen=True, tag="done", tag_field="line"):
    """An exercise that was finished, and its card afterwards: one line, so that they cannot part."""

    done: Done
    card: Card


class Turned(msgspec.Struct, frozen=True, tag="clock", tag_field="line"):
    """The box's clock had been wrong: what was recorded after `to` was `late` seconds too late."""

    to: datetime
    late: float


Line = Head | Finished | Turned

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Line).decode


class Log:
    """The file of one pupil. Raises StorageError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        """Bytes of whole lines, as far as they were read or written."""

    def read(self, start: int = 0) -> list[Finished | Turned] | None:
        """Return the lines from the byte `start` on, and remember where they end; None where no line
        begins there, since the file is not the one that `start` was counted in."""
        try:
            with open(self.path, "rb") as file:
                file.seek(max(0, start - 1))
                data = file.read()
        except FileNotFoundError:
            data = b""
        except OSError as error:
            raise StorageError(
                f"The file {self.path} cannot be read: {error.strerror}.",
                "Mend its permissions, or put it back from a backup.",
            ) from error
        if start:
            if not data.startswith(b"\n"):
                return None
            data = data[1:]
        whole = data.rfind(b"\n") + 1
        self.size = start + whole
        return list(self._lines(data[:whole]))

    def _lines(self, data: bytes) -> Iterator[Finished | Turned]:
        for number, line in enumerate(data.split(b"\n")[:-1], 1):
            try:
                read = _decode(line)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                raise StorageError(
                    f"The file {self.path} is damaged in line {number}: {error}.",
                    "It was left as it is; put it back from a backup, or take the line out.",
                ) from error
            if not isinstance(read, Head):
                yield read
            elif read.schema > SCHEMA_VERSION:
                raise StorageError(
                    f"The file {self.path} was written by a newer Hinterland (schema "
                    f"{read.schema}, this one knows {SCHEMA_VERSION}).",
                    "Install that release or a later one to use it.",
                )

    def encoded(self, line: Finished | Turned) -> bytes:
        """Return what `add` is given: the line with its end, after a head where the file has none."""
        head = b"" if self.size else _encode(Head(SCHEMA_VERSION)) + b"\n"
        return head + _encode(line) + b"\n"

    def add(self, line: bytes) -> None:
        """Put `line` on the disk, or leave the file as it was and raise StorageError."""
        try:
            new = not self.path.exists()
            flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            file = os.open(self.path, flags, 0o600)
            try:
                self._add(file, line)
            finally:
                os.close(file)
            if new:
                durable.sync_folder(self.path.parent)
        except OSError as error:
            raise durable.not_written(self.path, error) from error
        self.size += len(line)

    def _add(self, file: int, line: bytes) -> None:
        try:
            os.ftruncate(file, self.size)  # whatever follows was torn
            done = 0
            while done < len(line):
                done += os.pwrite(file, line[done:], self.size + done)
            os.fsync(file)
        except OSError:
            os.ftruncate(file, self.size)
            raise

"""What every user of a shared box was given, day by day, in files that are only ever added to.

A file is a local day. A line is on its way to the disk before the next answer begins, so that a killed
service has forgotten nothing; a power cut takes a few seconds. There are numbers in it and no words.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from hinterland.engine.service.house import Served
from hinterland.errors import StorageError
from hinterland.paths import private_folder

log = logging.getLogger("hinterland.engine")

DAYS_KEPT = 100
"""Days of use whose files are kept: a term of school. They are counted and not dated: a clock that was
wrong for a day must not empty the folder."""
MOST_KEPT = 500_000_000
"""Bytes of all files together, the oldest of which go first; a class writes half a megabyte a day."""
_SUFFIX = ".jsonl"
_LATELY, _LATELY_BYTES = 200, 256 * 1024
"""Answers that are looked for, and bytes at the end of a file in which they are."""


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line: an answer that ended, or what has to be known of a user if nothing more is written."""

    uid: int
    at: float
    """Seconds since the epoch."""
    served: Served | None = None
    held: int = 0
    """Tokens that this user's unfinished answers had taken by then. Only a user's last line counts:
    whatever it holds when the service begins anew was lost to a kill."""
    lost: int = 0
    """Tokens of answers whose end a killed service did not see."""
    refused: int = 0
    """Requests that were turned away since the last such line."""
    left: int = 0
    """Requests that went before they had begun, since the last such line."""
    role: str = ""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Line)


def day_of(at: float) -> str:
    """Return the local day of a time, as `2026-11-22`."""
    return dt.datetime.fromtimestamp(at).astimezone().date().isoformat()


def file_of(folder: Path, day: str) -> Path:
    """Return the file of a day."""
    return folder / f"{day}{_SUFFIX}"


def days(folder: Path) -> list[str]:
    """Return the days that there are files of, the first one first."""
    return sorted(path.stem for path in folder.glob(f"*{_SUFFIX}"))


def read(path: Path) -> Iterator[Line]:
    """Yield the lines of a day's file, none if there is no such file; what a power cut tore is passed
    over. Raises StorageError."""
    try:
        with path.open("rb") as file:
            for line in file:
                found = decoded(line)
                if found is not None:
                    yield found
    except FileNotFoundError:
        return
    except OSError as error:
        raise StorageError(
            f"The file {path} cannot be read: {error.strerror}.", "Look at it as root."
        ) from error


def decoded(line: bytes) -> Line | None:
    """Return what a line says; None for a torn one."""
    try:
        return _decoder.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def beginning(uid: int) -> bytes:
    """Return what the lines of one user begin with, and nobody else's."""
    return b'{"uid":%d,' % uid


class Ledger:
    """The files of one service, which alone writes them. A disk that does not take a line costs that
    line: nobody goes without an answer for it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._day = ""
        self._file: int | None = None
        self._whole = True
        self._failing = False
        self._unsynced = False

    def today(self, now: float) -> list[Line]:
        """Return what is known of the day that `now` is in."""
        try:
            return list(read(file_of(self._folder, day_of(now))))
        except StorageError as error:
            log.error("%s", error.message)
            return []

    def lately(self, model: str) -> list[Served]:
        """Return the last answers of a model, in the order of their ends, as far as they stand at the
        end of the last two files."""
        found: list[Served] = []
        for day in days(self._folder)[-2:]:
            try:
                with file_of(self._folder, day).open("rb") as file:
                    file.seek(max(0, file.seek(0, os.SEEK_END) - _LATELY_BYTES))
                    lines = [decoded(line) for line in file]
            except OSError as error:
                log.error("usage of %s cannot be read: %s", day, error.strerror)
                continue
            served = [line.served for line in lines if line is not None]
            found += [each for each in served if each is not None and each.model == model]
        return found[-_LATELY:]

    def append(self, line: Line) -> None:
        """Write a line; it takes some ten microseconds and survives the end of this process."""
        try:
            file = self._open(day_of(line.at))
            text = (b"" if self._whole else b"\n") + _encoder.encode(line) + b"\n"
            self._whole = False
            self._unsynced = True
            self._whole = os.write(file, text) == len(text)
            self._failing = False
        except (OSError, StorageError) as error:
            if not self._failing:
                log.error("usage is not written: %s", error)
            self._failing = True

    def sync(self) -> None:
        """Bring what was written to the disk; may take a while."""
        if self._file is not None and self._unsynced:
            self._unsynced = False
            try:
                os.fsync(self._file)
            except OSError as error:
                log.error("usage is not synced: %s", error.strerror)

    def close(self) -> None:
        """Bring everything to the disk and close the file."""
        self.sync()
        if self._file is not None:
            os.close(self._file)
        self._file, self._day = None, ""

    def _open(self, day: str) -> int:
        if self._file is not None and day == self._day:
            return self._file
        self.close()
        path = file_of(private_folder(self._folder), day)
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        self._file, self._day = os.open(path, flags, 0o600), day
        size = os.fstat(self._file).st_size
        self._whole = not size or os.pread(self._file, 1, size - 1) == b"\n"
        self._forget(day)
        return self._file

    def _forget(self, day: str) -> None:
        kept = 0
        for place, each in enumerate(reversed(days(self._folder))):
            path = file_of(self._folder, each)
            kept += path.stat().st_size
            if each != day and (place >= DAYS_KEPT or kept > MOST_KEPT):
                path.unlink(missing_ok=True)

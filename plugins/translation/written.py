"""Which translations earlier runs wrote and nobody changed since: the same command may write these anew.

Kept are hashes alone: of a translation and where it is, its source, and what it was made by.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

import msgspec

from hinterland import durable
from hinterland.plugins.translation.formats.document import Wishes
from hinterland.plugins.translation.setting import CUTTING, Setting

_NAME = "written"
_MOST = 20_000
"""Translations that are known; of more the earlier half is forgotten."""
_LINE = 64 + 1  # bytes of a hash in hexadecimal digits


class Written:
    """The translations that were written by what `made_by` returns, in the `folder` of the memory;
    with None nothing is known, nor kept."""

    def __init__(self, folder: Path | None, made_by: bytes) -> None:
        self._file = folder / _NAME if folder is not None else None
        self._made_by = made_by

    def has(self, source: Path, place: Path) -> bool:
        """Whether what is at `place` is the translation of what is in the file `source` now, as it was
        written."""
        if not source.is_file():  # what a pipe says is known when it is read
            return False
        try:
            return self._knows(_digest(source), place)
        except OSError:
            return False

    def has_of(self, source: bytes, place: Path) -> bool:
        """Whether what is at `place` is the translation of `source`, as it was written."""
        try:
            return self._knows(hashlib.sha256(source).digest(), place)
        except OSError:
            return False

    def add(self, source: bytes, place: Path) -> None:
        """Note that what is at `place` is the translation of `source`. Where that cannot be noted, the
        next run will want --overwrite."""
        if self._file is None:
            return
        with suppress(OSError):
            if self._file.exists() and self._file.stat().st_size > _MOST * _LINE:
                _forget_half(self._file)
            line = self._mark(hashlib.sha256(source).digest(), place) + b"\n"
            flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            with open(os.open(self._file, flags, 0o600), "ab+", buffering=0) as file:
                size = os.fstat(file.fileno()).st_size
                # A power cut may have torn the last line.
                if size and os.pread(file.fileno(), 1, size - 1) != b"\n":
                    line = b"\n" + line
                file.write(line)
                os.fsync(file.fileno())

    def _knows(self, source: bytes, place: Path) -> bool:
        """Whether the translation of what has the digest `source` is known; raises OSError."""
        if self._file is None:
            return False
        return self._mark(source, place) in self._file.read_bytes().split(b"\n")

    def _mark(self, source: bytes, place: Path) -> bytes:
        """Return the line for what is at `place` now; raises OSError."""
        digest = hashlib.sha256(self._made_by + source + _digest(place))
        digest.update(os.fsencode(place.resolve()))
        return digest.hexdigest().encode()


def _digest(path: Path) -> bytes:
    """Return the hash of a file, of which no more than a piece is in memory; raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _forget_half(file: Path) -> None:
    with durable.held(file), durable.replacing(file) as anew:
        lines = file.read_bytes().splitlines(keepends=True)
        anew.writelines(lines[len(lines) // 2 :])


def made_by(found: Setting, wishes: Wishes, form: str | None) -> bytes:
    """Return what a translation depends on besides its source, and what people said of segments, which
    it is to have as soon as it can."""
    files = [hashlib.sha256(_terms(each)).hexdigest() for each in found.term_files]
    origin = found.origin.code if found.origin is not None else ""
    profile = f"{CUTTING} {found.chosen.profile.version} {found.temperature}"
    return msgspec.json.encode(
        (found.chosen.identity, profile, origin, files, form, msgspec.to_builtins(wishes))
    )


def _terms(path: Path) -> bytes:
    try:
        if path.is_file():
            return path.read_bytes()
    except OSError:
        pass  # who reads them tells it
    return os.urandom(32)  # what a pipe says is known once: no other run was made by it


def forget(folder: Path) -> None:
    """Forget all of it."""
    with suppress(OSError):
        (folder / _NAME).unlink(missing_ok=True)

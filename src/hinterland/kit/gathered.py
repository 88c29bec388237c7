"""A kit before it is written: what it will hold, still lying here and there on this machine."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from hinterland.errors import InputError, StorageError
from hinterland.kit.carried.manifest import File, Joined, Manifest
from hinterland.kit.carried.media import Window
from hinterland.models.progress import Progress

Content = tuple[str, Path | bytes]
"""A path in the kit, and what is there: a file or bytes."""

_BLOCK = 1 << 20
_LONG = 50_000_000
"""Bytes of a file that takes long enough to be told of."""


class Gathered:
    """Where a kit's files come from while it is made."""

    place = Path()
    manifest = b""
    signature = b""

    def __init__(self) -> None:
        self.files: list[File] = []
        self.joined: list[Joined] = []
        self._taken: set[str] = set()
        self._sources: dict[str, tuple[Path | bytes, int]] = {}

    def add(self, contents: Iterable[Content], most: int, progress: Progress) -> None:
        """Take files in, hashed, in parts of at most `most` bytes; raises InputError, StorageError."""
        for path, source in contents:
            try:
                self._add(path, source, most, progress)
            except OSError as error:
                raise StorageError(
                    f"{source if isinstance(source, Path) else path} cannot be read: "
                    f"{error.strerror}.",
                    "Mend its permissions.",
                ) from error

    def lay_out(self, manifest: Manifest) -> None:
        """Do nothing: each file is where it was."""

    def problems(self, manifest: Manifest) -> Iterator[str]:
        yield from ()

    def read(self, file: File) -> BinaryIO:
        source, start = self._sources[file.path]
        if isinstance(source, bytes):
            return io.BytesIO(source[start : start + file.bytes])
        opened = source.open("rb", buffering=0)
        opened.seek(start)
        return cast("BinaryIO", Window(opened, file.bytes))

    def _add(self, path: str, source: Path | bytes, most: int, progress: Progress) -> None:
        if path.lower() in self._taken:
            raise InputError(f"There would be two files {path} in the kit.", "Rename one of them.")
        self._taken.add(path.lower())
        total = len(source) if isinstance(source, bytes) else source.stat().st_size
        starts = range(0, max(total, 1), most)
        whole, parts = hashlib.sha256(), []
        for count, start in enumerate(starts, 1):
            name = path if len(starts) == 1 else f"{path}.part{count:02}"
            part = File(name, min(most, total - start), "")
            self._sources[name] = (source, start)
            digest, done = hashlib.sha256(), start
            with self.read(part) as file:
                while block := file.read(_BLOCK):
                    digest.update(block)
                    whole.update(block)
                    done += len(block)
                    if total > _LONG:
                        progress.advance(f"Reading {path}", done, total)
            parts.append(File(name, part.bytes, digest.hexdigest()))
        self.files += parts
        if len(parts) > 1:
            names = tuple(each.path for each in parts)
            self.joined.append(Joined(path, total, whole.hexdigest(), names))

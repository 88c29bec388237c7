"""A file that is already here: on the disk, a USB stick or a network folder."""

from __future__ import annotations

import hashlib
from pathlib import Path

from hinterland.errors import ModelError
from hinterland.models.catalog import Entry
from hinterland.models.hashing import BLOCK
from hinterland.models.progress import Progress
from hinterland.models.sources import Fetched


class FileSource:
    """Copies one file; hashes what it copies, so that a slow stick is read once."""

    name = "a file"

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()

    def holds(self, entry: Entry) -> bool:
        return True

    def available(self) -> bool:
        return self._path.is_file()

    def origin(self, entry: Entry) -> str:
        return f"the file {self._path}"

    def scratch(self, entry: Entry) -> int:
        return 0

    def fetch(self, entry: Entry, into: Path, progress: Progress) -> Fetched:
        try:
            source = self._path.open("rb", buffering=0)
        except OSError as error:
            raise ModelError(
                f"The file {self._path} cannot be read: {error.strerror}.",
                "Check its path and its permissions.",
            ) from error
        digest = hashlib.sha256()
        target = into / "copy.partial"
        buffer = memoryview(bytearray(BLOCK))
        done = 0
        with source, target.open("wb") as copy:
            total = self._path.stat().st_size
            while count := source.readinto(buffer):
                digest.update(buffer[:count])
                copy.write(buffer[:count])
                done += count
                progress.advance(f"Copying {entry.id}", done, total)
        return Fetched(target, digest.hexdigest())

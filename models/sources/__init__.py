"""Where models come from. A source brings the bytes into a folder of partial files; it never
installs them, and what it brings is trusted for its hash alone."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import msgspec

from hinterland.errors import ModelError
from hinterland.models.catalog import Entry
from hinterland.models.progress import Progress


class Fetched(msgspec.Struct, frozen=True):
    path: Path
    sha256: str


class WrongBytesError(ModelError):
    """What came is not the model: trying again from the same place would bring the same."""


class Source(Protocol):
    name: str
    """For people, as in "from …"."""

    def holds(self, entry: Entry) -> bool:
        """Return whether the catalogue says that this source has the model."""

    def available(self) -> bool:
        """Return within a few seconds whether the source answers from here."""

    def origin(self, entry: Entry) -> str:
        """Return where exactly the model lies there, for people and for its record."""

    def scratch(self, entry: Entry) -> int:
        """Return the bytes of disk that fetching takes besides the file itself."""

    def fetch(self, entry: Entry, into: Path, progress: Progress) -> Fetched:
        """Return the whole file, in the folder `into`, and its hash.

        Work that was cut off, even by a kill, is no obstacle, and what is dear to fetch again goes
        on where it was. Raises ModelError, WrongBytesError for content that cannot be the model,
        OSError when the disk fails.
        """

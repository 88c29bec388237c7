"""What was written and not sent: one file for each conversation, beside its file and as private."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from hinterland.durable import locked, remove_file, replace_file
from hinterland.errors import StorageError
from hinterland.paths import private_folder

NEW = "new"
"""The name of the draft of a conversation that has not begun."""
_ENDING = ".txt"
_ABANDONED_SECONDS = 24 * 3600


class Drafts:
    """The folder of drafts; each method may raise StorageError."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, name: str) -> str:
        """Return a draft; empty when there is none."""
        path = self._folder / (name + _ENDING)
        try:
            return path.read_bytes().decode("utf-8", "replace")
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise StorageError(
                f"The draft {path} cannot be read: {error.strerror}.", "Mend its permissions."
            ) from error

    def write(self, name: str, text: str) -> None:
        """Keep a draft, with mode 0600; an empty one is removed."""
        path = self._folder / (name + _ENDING)
        if not text.strip():
            if path.exists():
                with locked(path):
                    remove_file(path)
            return
        private_folder(self._folder)
        with locked(path):
            replace_file(path, text.encode("utf-8", "replace"))

    def sweep(self, known: Iterable[str]) -> None:
        """Remove old drafts of conversations that are gone."""
        names = {*known, NEW}
        with suppress(OSError):
            for file in os.listdir(self._folder):
                path = self._folder / file
                gone = file.endswith(_ENDING) and file.removesuffix(_ENDING) not in names
                if gone and time.time() - path.stat().st_mtime > _ABANDONED_SECONDS:
                    path.unlink()

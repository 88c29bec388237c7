"""Conversations that were deleted a moment ago and can still be brought back.

A deletion that may be undone moves the conversation's file to a folder of its own, under the number
of the process that did it: nothing lists, finds or continues it any more. That process removes it
for good when it ends, and whoever looks at the history next does where it was killed.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hinterland.durable import sync_folder
from hinterland.errors import StorageError
from hinterland.paths import private_folder

_NAME = re.compile(r"(\d+)\.([A-Za-z0-9_-]{1,64})\.json")


@dataclass(frozen=True)
class Deleted:
    """A conversation's file that waits to be removed."""

    path: Path
    process: int
    """Which process can bring it back."""
    conversation_id: str
    since: float
    """Seconds since the epoch."""

    @property
    def abandoned(self) -> bool:
        """Whether nobody can bring it back any more."""
        return self.process != os.getpid() and not _runs(self.process)


class DeletedFiles:
    """The folder of deleted conversations; nothing is written by looking."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def all(self) -> list[Deleted]:
        """Return what waits to be removed, the earliest first; raises StorageError."""
        found = []
        try:
            with os.scandir(self._folder) as entries:
                for entry in entries:
                    if named := _NAME.fullmatch(entry.name):
                        since = entry.stat().st_ctime
                        found.append(Deleted(Path(entry.path), int(named[1]), named[2], since))
        except FileNotFoundError:
            pass
        except OSError as error:
            raise _unusable(self._folder, error) from error
        return sorted(found, key=lambda each: (each.since, each.conversation_id))

    def mine(self) -> list[Deleted]:
        """Return those that this process can bring back, the earliest first; raises StorageError."""
        return [each for each in self.all() if each.process == os.getpid()]

    def take(self, path: Path, conversation_id: str) -> None:
        """Move a conversation's file here; raises StorageError. The caller holds its lock."""
        private_folder(self._folder)
        self._move(path, self._folder / f"{os.getpid()}.{conversation_id}.json")

    def give_back(self, deleted: Deleted, path: Path) -> None:
        """Move a file back to `path`; raises StorageError. The caller holds its lock."""
        self._move(deleted.path, path)
        self.tidy()

    def tidy(self) -> None:
        """Remove the folder when nothing is in it."""
        with suppress(OSError):  # something is in it
            self._folder.rmdir()

    def _move(self, old: Path, new: Path) -> None:
        try:
            os.rename(old, new)
            sync_folder(new.parent)
            sync_folder(old.parent)
        except OSError as error:
            raise _unusable(old, error) from error


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is somebody else's
        return True
    return True


def _unusable(path: Path, error: OSError) -> StorageError:
    return StorageError(
        f"The deleted conversations in {path} cannot be reached: {error.strerror}.",
        "Mend the permissions of that folder.",
    )

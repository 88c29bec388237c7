"""What was written and not sent: a file for each conversation that is open somewhere, beside the
conversations and as private.

A window holds a lock on its draft for as long as it lives, so that two windows never share one. What
is not locked was left by one that has ended: whoever opens that conversation next takes it up, and a
new chat what was written in another that never began.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

from hinterland.durable import locked, remove_file, replace_file, sync_folder
from hinterland.errors import StorageError
from hinterland.paths import private_folder

_ENDING = ".txt"

_held: dict[Path, int] = {}
"""The drafts of this process's conversations, with the files that hold their locks."""


class Drafts:
    """The folder of drafts; each method may raise StorageError."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def take_up(self, conversation_id: str) -> str:
        """Return what was written in a conversation and not sent, which is this process's from now
        on; empty when there is nothing, or where another process has it open."""
        latest_first = sorted(self._of(conversation_id), key=_changed, reverse=True)
        for path in sorted(latest_first, key=lambda path: path not in _held):
            text = self._take(path, path)
            if text is not None:
                return text
        return ""

    def take_up_left(self, conversation_id: str, belongs: Callable[[str], bool]) -> str:
        """Return what was written last in a conversation that never began, and have it be the draft
        of another that has not begun either; empty when there is nothing. `belongs` tells whether
        there is a conversation of an id."""
        path = self._folder / (conversation_id + _ENDING)
        for left in sorted(self._all(), key=_changed, reverse=True):
            if not belongs(_conversation_of(left)):
                text = self._take(left, path)
                if text is not None:
                    return text
        return ""

    def write(self, conversation_id: str, text: str) -> None:
        """Keep a draft of this process, with mode 0600; an empty one is removed."""
        mine = [path for path in self._of(conversation_id) if path in _held]
        if not text.strip():
            for path in mine:
                self._remove(path)
            return
        private_folder(self._folder)
        path = mine[0] if mine else self._free(conversation_id)
        with locked(path):
            replace_file(path, text.encode("utf-8", "replace"))
            _hold(path)

    def forget(self, conversation_id: str) -> None:
        """Remove every draft of a conversation."""
        for path in self._of(conversation_id):
            self._remove(path)

    def _remove(self, path: Path) -> None:
        with locked(path):
            remove_file(path)
            _let_go(path)

    def _take(self, path: Path, to: Path) -> str | None:
        """Have a draft be this process's, under the name of `to`; None where it is another's."""
        with locked(path):
            try:
                if path not in _held and not _hold(path):
                    return None
                text = path.read_bytes().decode("utf-8", "replace")
                if to != path:
                    os.rename(path, to)
                    sync_folder(self._folder)
                    _held[to] = _held.pop(path)
            except FileNotFoundError:
                _let_go(path)
                return None
            except OSError as error:
                raise _unreadable(path, error) from error
        return text

    def _free(self, conversation_id: str) -> Path:
        path, number = self._folder / (conversation_id + _ENDING), 1
        while path.exists():
            number += 1
            path = self._folder / f"{conversation_id}.{number}{_ENDING}"
        return path

    def _of(self, conversation_id: str) -> list[Path]:
        return [path for path in self._all() if _conversation_of(path) == conversation_id]

    def _all(self) -> list[Path]:
        try:
            names = sorted(os.listdir(self._folder))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _unreadable(self._folder, error) from error
        return [
            self._folder / name
            for name in names
            if name.endswith(_ENDING) and not name.startswith(".")
        ]


def _conversation_of(path: Path) -> str:
    return path.name.partition(".")[0]


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:  # taken up by another process
        return 0


def _hold(path: Path) -> bool:
    """Lock a draft for as long as this process lives; return False where another one has."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return False
    _let_go(path)
    _held[path] = file
    return True


def _unreadable(path: Path, error: OSError) -> StorageError:
    return StorageError(
        f"The draft {path} cannot be read: {error.strerror}.", "Mend its permissions."
    )


def _let_go(path: Path) -> None:
    if (file := _held.pop(path, None)) is not None:
        os.close(file)

"""Answers that outlived their reader: what the engine's journals hold, as turns."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from hinterland.engine import journal
from hinterland.errors import StorageError
from hinterland.turns import Seam, Turn

TORN_SECONDS = 24 * 3600
"""Age at which a journal without a readable header is removed: no service is just starting it."""


class Answer(msgspec.Struct, frozen=True):
    """A journalled answer."""

    path: Path
    conversation_id: str
    turn: Turn
    live: bool
    """Whether it is still being written."""


class Journals:
    """The journals in a folder; `warn` is told of those that cannot be read."""

    def __init__(self, folder: Path, warn: Callable[[StorageError], None]) -> None:
        self._folder = folder
        self._warn = warn

    def answers(self) -> Iterator[Answer]:
        """Yield the answer of every readable journal, oldest first; old torn ones are removed."""
        try:
            paths = list(journal.paths(self._folder))
        except OSError as error:
            self._warn(unusable(self._folder, error))
            return
        for path in paths:
            try:
                found = journal.read(path)
                if found is None:
                    _remove_torn(path)
                    continue
            except OSError as error:
                self._warn(unusable(path, error))
                continue
            if found.header.version > journal.VERSION:
                self._warn(
                    StorageError(
                        f"The journal {path} was written by a newer Hinterland.",
                        "Install that release or a later one to keep its answer.",
                    )
                )
                continue
            yield Answer(path, found.header.conversation_id, _turn(found), found.live)

    def discard(self, turn_id: str) -> None:
        """Remove a turn's journal, if there is one; what cannot be removed is warned of."""
        try:
            journal.discard(self._folder, turn_id)
        except OSError as error:
            self._warn(unusable(self._folder, error))


def unusable(path: Path, error: OSError) -> StorageError:
    """Return what to say about a journal that cannot be read or removed."""
    return StorageError(
        f"The journal {path} cannot be used: {error.strerror}.",
        "Mend its permissions; its answer is kept as soon as it can be read.",
    )


def _turn(found: journal.Journal) -> Turn:
    header = found.header
    turn = Turn(
        id=header.turn_id,
        created=header.created,
        prompt=header.prompt,
        system=header.system,
        model=header.model,
        sampling=header.sampling,
        images=header.images,
        parent=header.parent,
        answer=header.answer,
    )
    seam = Seam(header.answer)
    for event in found.events:
        turn.receive(seam.new(event))
    return turn


def _remove_torn(path: Path) -> None:
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            if time.time() - path.stat().st_mtime > TORN_SECONDS:
                path.unlink()
    except (BlockingIOError, FileNotFoundError):
        pass  # it is being written, or is gone

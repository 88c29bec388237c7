"""Every conversation in one zip: each as its own JSON export, and its images beside it."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from hinterland import images
from hinterland.durable import locked, replacing
from hinterland.errors import InputError, StorageError
from hinterland.history import export

if TYPE_CHECKING:
    from hinterland.history import History, Summary


def save_all(
    history: History, summaries: Iterable[Summary], path: Path, *, overwrite: bool
) -> tuple[int, list[str]]:
    """Put conversations into the zip `path`, whole or not at all; return how many, and the ids of
    those that cannot be read. Raises InputError for a path that is taken, StorageError."""
    path = path.resolve()
    if path.is_dir() or not path.parent.is_dir():
        raise InputError(f"{path} cannot be a file.", "Name a file in a folder that exists.")
    if path.exists() and not overwrite:
        raise InputError(
            f"The file {path} exists already.", "Use --force to replace it, or another name."
        )
    count, unreadable = 0, []
    try:
        with (
            locked(path),
            replacing(path) as file,
            zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        ):
            for summary in summaries:
                try:
                    record, writing = history.whole(summary.id)
                except StorageError:
                    unreadable.append(summary.id)
                    continue
                content = export.as_json(record, writing)
                archive.writestr(f"conversations/{record.id}.json", content)
                notes = {note.file: note for turn in record.turns for note in turn.images}
                for note in notes.values():
                    with suppress(StorageError):
                        _kind, data = images.parts(history.image(record.id, note))
                        archive.writestr(f"images/{record.id}/{note.file}", data)
                count += 1
    except OSError as error:
        raise StorageError(
            f"The file {path} cannot be written: {error.strerror or error}.",
            "Free some space, or name a file on another disk.",
        ) from error
    return count, unreadable

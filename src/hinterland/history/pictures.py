"""The images of conversations: one folder for each, beside their files and as private."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from hinterland import images
from hinterland.durable import locked, remove_file, replace_file, sync_folder
from hinterland.engine.protocol import ImageNote
from hinterland.errors import InputError, StorageError
from hinterland.images import Picture
from hinterland.paths import private_folder

ABANDONED_SECONDS = 24 * 3600
"""Age at which images without a conversation are removed: no first question is just on its way."""

_KINDS = {".jpg": "image/jpeg", ".png": "image/png"}


class Pictures:
    """The folders of images; each method may raise StorageError."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, conversation_id: str, picture: Picture) -> None:
        """Put an image on the disk, unless it is there."""
        path = private_folder(self._folder / conversation_id) / picture.file
        if path.exists():
            return
        _, content = images.parts(picture.url)
        with locked(path):
            replace_file(path, content)
        with suppress(OSError):  # the image is on the disk: only a power cut could take its folder
            sync_folder(self._folder)

    def take_in(self, conversation_id: str, note: ImageNote, content: bytes) -> ImageNote | None:
        """Put an image that was imported on the disk, encoded anew: it is somebody else's file.
        Return its note, None when it is no image."""
        try:
            picture = Picture(note.name, images.encoded_anew(content, note.name))
        except InputError:
            return None
        self.keep(conversation_id, picture)
        return ImageNote(note.name, picture.file)

    def read(self, conversation_id: str, note: ImageNote) -> str:
        """Return an image as a `data:` URL."""
        path = self._folder / conversation_id / note.file
        try:
            content = path.read_bytes()
        except OSError as error:
            raise StorageError(
                f"The image {note.name} of this conversation cannot be read: {error.strerror}.",
                "Begin a new conversation, or put the file back from a backup.",
            ) from error
        return images.data_url(_KINDS[path.suffix], content)

    def remove(self, conversation_id: str, notes: Iterable[ImageNote]) -> None:
        """Remove some images of a conversation, and its folder with the last."""
        folder = self._folder / conversation_id
        for note in notes:
            if (folder / note.file).exists():
                remove_file(folder / note.file)
        with suppress(OSError):  # others are in it
            folder.rmdir()

    def remove_all(self, conversation_id: str) -> None:
        """Remove every image of a conversation."""
        folder = self._folder / conversation_id
        try:
            shutil.rmtree(folder)
        except FileNotFoundError:
            return
        except OSError as error:
            raise StorageError(
                f"The images in {folder} cannot be removed: {error.strerror}.",
                "Mend its permissions.",
            ) from error
        with suppress(OSError):  # they are gone: only a power cut could bring them back
            sync_folder(self._folder)

    def sweep(self, known: Iterable[str]) -> None:
        """Remove what a question left whose sender was killed before it was asked."""
        with suppress(OSError):  # the next sweep tries again
            for name in set(os.listdir(self._folder)) - set(known):
                if time.time() - (self._folder / name).stat().st_mtime > ABANDONED_SECONDS:
                    shutil.rmtree(self._folder / name)

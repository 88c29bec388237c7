"""Our own exports: JSON of one conversation, as `hint history export` writes it."""

from __future__ import annotations

import dataclasses
import zipfile

import msgspec

from hinterland.errors import InputError
from hinterland.history import export
from hinterland.history.files import title_of
from hinterland.history.imported import Imported

_LARGEST_IMAGE = 64 << 20  # bytes


class _Kind(msgspec.Struct):
    format: str


def from_json(data: bytes) -> list[Imported] | None:
    """Return the conversation in `data`, None when it is of another kind; raises InputError."""
    try:
        if msgspec.json.decode(data, type=_Kind).format != "hinterland.conversation":
            return None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    found = export.from_json(data)
    turns = [*found.turns, *found.writing]
    prompts = [turn.prompt for turn in turns]
    return [
        Imported(
            id=checked_id(found.id),
            title=found.title,
            turns=turns,
            tags=found.tags,
            pinned=found.pinned,
            archived=found.archived,
            current=found.current,
            named=found.title not in map(title_of, prompts[:1]),
        )
    ]


def with_images(found: Imported, archive: zipfile.ZipFile) -> Imported:
    """Return the conversation with the images that stand beside it in a zip of ours."""
    images = {}
    for file in {note.file for turn in found.turns for note in turn.images}:
        try:
            member = archive.getinfo(f"images/{found.id}/{file}")
            if member.file_size <= _LARGEST_IMAGE:
                images[file] = archive.read(member)
        except (KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError):
            continue
    return dataclasses.replace(found, images=images) if images else found


def checked_id(name: str) -> str:
    """Return an id that came from a file; raises InputError for one that cannot name a file."""
    if (
        not name
        or len(name) > 64
        or not all(c.isascii() and (c.isalnum() or c in "-_") for c in name)
    ):
        raise InputError(f"{name!r} cannot be the id of a conversation.", "The file is damaged.")
    return name

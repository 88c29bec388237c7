"""Taking in a conversation that was imported, beside what is here of it already."""

from __future__ import annotations

from hinterland.history import headings
from hinterland.history.files import ConversationFiles
from hinterland.history.imported import Imported
from hinterland.history.merging import put
from hinterland.history.pictures import Pictures


def take_in(files: ConversationFiles, pictures: Pictures, found: Imported) -> int:
    """Keep a conversation and its images, and return how many turns are new. The heading of one that
    is here stays. Raises StorageError."""
    file = files.file(found.id)
    files.prepare()
    notes = {
        note.file: pictures.take_in(found.id, note, found.images[note.file])
        for turn in found.turns
        for note in turn.images
        if note.file in found.images
    }
    for turn in found.turns:  # an image that is not there could not be sent with the next prompt
        turn.images = tuple(kept for note in turn.images if (kept := notes.get(note.file)))
    with file.edit() as edit:
        begun = edit.content is not None
        known = {turn.id for turn in edit.content.turns.values()} if edit.content else set()
        if not begun:
            edit.insert("conversation", headings.of_import(found))
        for turn in found.turns:
            put(edit, turn, current=False)
    return sum(turn.id not in known for turn in found.turns)

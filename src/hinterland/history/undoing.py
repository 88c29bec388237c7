"""Deleting conversations so that it can be undone for a while."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from hinterland.durable import locked, remove_file
from hinterland.errors import InputError, StorageError
from hinterland.history.deleted import Deleted, DeletedFiles
from hinterland.history.files import SCHEMA_VERSION, Content, ConversationFiles
from hinterland.history.merging import put
from hinterland.store import DocumentFile


class Undoing:
    """What was deleted and may come back; `remove` removes a conversation for good."""

    def __init__(
        self,
        files: ConversationFiles,
        folder: Path,
        remove: Callable[[str], None],
        warn: Callable[[StorageError], None],
    ) -> None:
        self._files = files
        self._deleted = DeletedFiles(folder)
        self._remove = remove
        self._warn = warn

    def waiting(self) -> set[str]:
        """Return the ids of all that was deleted and is not removed yet; raises StorageError."""
        return {deleted.conversation_id for deleted in self._deleted.all()}

    def set_aside(self, conversation_id: str, *, running: bool) -> None:
        """Delete a conversation so that this process can bring it back; raises InputError while an
        answer is `running` in it, StorageError."""
        file = self._files.file(conversation_id)
        self._files.prepare()
        with locked(file.path):
            # What is kept of an answer later would be a conversation of its own.
            if running or not file.path.exists():
                raise InputError(
                    "An answer is still being written in this conversation.",
                    "Stop the answer, then delete it.",
                )
            self._deleted.take(file.path, conversation_id)

    def bring_back(self) -> str | None:
        """Bring back what this process deleted last, and return its id; None when there is nothing.
        Raises StorageError."""
        mine = self._deleted.mine()
        if not mine:
            return None
        deleted = mine[-1]
        file = self._files.file(deleted.conversation_id)
        self._files.prepare()
        with file.edit() as edit:
            if edit.content is None:
                self._deleted.give_back(deleted, file.path)
                return deleted.conversation_id
            # Somebody went on with it elsewhere: what they said stays too.
            content = DocumentFile(deleted.path, Content, SCHEMA_VERSION).read()
            for turn in content.turns.values() if content else ():
                put(edit, turn)
            for heading in content.conversation.values() if content else ():
                for number in edit.content.conversation:
                    edit.replace("conversation", int(number), heading)
            edit.commit()
            remove_file(deleted.path)
        self._deleted.tidy()
        return deleted.conversation_id

    def finish(self) -> None:
        """Remove for good what this process deleted, and what was left by others that ended; raises
        StorageError."""
        for deleted in self._deleted.all():
            if deleted.process == os.getpid() or deleted.abandoned:
                self._finish(deleted)
        self._deleted.tidy()

    def aside(self) -> set[str]:
        """Return the ids of deleted conversations that may come back; whoever can bring the others
        back has gone, so they go now."""
        try:
            deleted = self._deleted.all()
            if any(each.abandoned for each in deleted):
                for each in deleted:
                    if each.abandoned:
                        self._finish(each)
                self._deleted.tidy()
            known = self._files.scan() if deleted else {}
        except StorageError as error:
            self._warn(error)
            return set()
        return {each.conversation_id for each in deleted if each.conversation_id not in known}

    def _finish(self, deleted: Deleted) -> None:
        if deleted.conversation_id not in self._files.scan():  # else somebody went on with it
            self._remove(deleted.conversation_id)
        remove_file(deleted.path)

"""The list of conversations without reading every one: summaries, each with the stamp of its file.

Derived and never trusted over the files: a row whose stamp is not the file's is made again.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import msgspec

from hinterland.durable import remove_file
from hinterland.errors import StorageError
from hinterland.history.files import ConversationFiles, Record, Stamp
from hinterland.store import DocumentFile, Schema

SCHEMA_VERSION = 2
WORTH_WRITING = 16
"""Stale rows from which on the index is written again; reading so many files takes less time."""


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What a list shows of a conversation."""

    id: str
    title: str
    created: float
    updated: float
    model: str = ""
    """The model that answered last."""
    turns: int = 0
    incomplete: bool = False
    """Whether the last answer was cut off."""
    running: bool = False
    """Whether an answer is being written now."""
    pinned: bool = False
    archived: bool = False
    tags: tuple[str, ...] = ()


class Row(msgspec.Struct, frozen=True):
    stamp: Stamp
    summary: Summary


class Content(msgspec.Struct):
    schema: dict[str, Schema]
    conversations: dict[str, Row]


Rows = dict[str, Row]


class SummaryIndex:
    """`index.json`, kept true to the conversation files."""

    def __init__(self, path: Path, files: ConversationFiles) -> None:
        self._file = DocumentFile(path, Content, SCHEMA_VERSION)
        self._files = files

    def summaries(self) -> dict[str, Summary]:
        """Return the summary of every readable conversation by its id; raises StorageError when
        the folder of conversations cannot be read."""
        kept = self._kept()
        rows = self._healed(kept)
        stale = sum(rows.get(key) != kept.get(key) for key in rows.keys() | kept.keys())
        if stale >= WORTH_WRITING:
            # The summaries are right all the same; on a full or read-only disk they are only not kept.
            with suppress(StorageError):
                rows = self._write(rows)
        return {conversation_id: row.summary for conversation_id, row in rows.items()}

    def forget_missing(self) -> None:
        """Take conversations whose files are gone out of the index; raises StorageError."""
        if not self._file.path.exists():
            return
        try:
            self._write(self._kept())
        except StorageError:
            remove_file(self._file.path)

    def _kept(self) -> Rows:
        try:
            content = self._file.read()
        except StorageError:
            return {}
        # A row of an older release lacks what that release did not know, under the same stamp.
        if content is None or any(s.version != SCHEMA_VERSION for s in content.schema.values()):
            return {}
        return {row.summary.id: row for row in content.conversations.values()}

    def _write(self, rows: Rows) -> Rows:
        with self._file.edit(anew=True) as edit:
            # Scanned under the lock, so that no conversation deleted meanwhile comes back.
            rows = self._healed(rows)
            edit.rewrite("conversations", rows.values())
        return rows

    def _healed(self, rows: Rows) -> Rows:
        healed: Rows = {}
        for conversation_id, stamp in self._files.scan().items():
            row = rows.get(conversation_id)
            if row is None or row.stamp != stamp:
                record = self._files.readable(conversation_id)
                if record is None:
                    continue
                row = Row(stamp, summary(record))
            healed[conversation_id] = row
        return healed


def summary(record: Record) -> Summary:
    """Return what a list shows of `record`."""
    branch = record.branch()
    last = branch[-1] if branch else None
    return Summary(
        id=record.id,
        title=record.title,
        created=record.created,
        updated=record.updated,
        model=next((turn.model for turn in reversed(branch) if not turn.tool), ""),
        turns=sum(not turn.replaces for turn in branch),
        incomplete=last is not None and not last.complete,
        pinned=record.pinned,
        archived=record.archived,
        tags=record.tags,
    )

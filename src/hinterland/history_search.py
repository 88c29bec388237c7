"""Search over every conversation: a disposable SQLite FTS5 index, or a plain scan where it fails.

The index holds the tokens of `history_words`, one row per turn, and is brought up to date from the
files before every search. Whatever is wrong with it, the answer is the same, only later.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from hinterland.errors import StorageError
from hinterland.history_files import ConversationFiles, Record, Stamp
from hinterland.history_words import matches, searchable, terms

SCHEMA_VERSION = 1
BUSY_SECONDS = 5.0
"""How long a search waits for another process that is updating the index before it scans."""

# The tokens are words already: `ascii` only splits them at the spaces between.
_SCHEMA = f"""
CREATE TABLE files (conversation TEXT PRIMARY KEY, stamp TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE turns (number INTEGER PRIMARY KEY, conversation TEXT, turn TEXT, created REAL);
CREATE INDEX turns_conversation ON turns (conversation);
CREATE VIRTUAL TABLE words USING fts5 (tokens, tokenize = 'ascii');
PRAGMA user_version = {SCHEMA_VERSION};
"""

Place = tuple[str, str]
"""A conversation's id and a turn's."""


class SearchIndex:
    """`search.sqlite`, kept true to the conversation files."""

    def __init__(self, path: Path, files: ConversationFiles) -> None:
        self._path = path
        self._files = files

    def find(self, query: str, limit: int) -> list[Place]:
        """Return the turns that hold every term of `query`, newest first; raises StorageError when
        the folder of conversations cannot be read."""
        wanted = terms(query)
        if not self._files.scan():
            return []
        for _ in range(2):
            try:
                return self._find(wanted, limit)
            except sqlite3.OperationalError:
                break  # no FTS5 in this Python, a full or read-only disk, or another process's lock
            except sqlite3.DatabaseError:
                self._remove()  # damaged: made again, once
            except OSError:
                break
        return self._scan(wanted, limit)

    def forget(self, conversation_id: str) -> None:
        """Leave no word of a conversation in the index; raises StorageError."""
        if not self._path.exists():
            return
        try:
            with closing(self._open()) as database, database:
                database.execute("BEGIN IMMEDIATE")
                _delete(database, conversation_id)
                _purge(database)
        except sqlite3.Error:
            self._remove()

    def _find(self, wanted: list[str], limit: int) -> list[Place]:
        with closing(self._open()) as database:
            self._update(database)
            rows = database.execute(
                "SELECT conversation, turn FROM words JOIN turns ON number = words.rowid "
                "WHERE words MATCH ? ORDER BY created DESC, turn DESC LIMIT ?",
                (" AND ".join(f'"{term}" *' for term in wanted), limit),
            )
            return rows.fetchall()

    def _open(self) -> sqlite3.Connection:
        # SQLite would make the file readable by others where the umask allows it.
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        database = sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            database.execute("PRAGMA secure_delete = ON")
            if database.execute("PRAGMA user_version").fetchone()[0] != SCHEMA_VERSION:
                self._create(database)
        except sqlite3.Error:
            database.close()
            raise
        return database

    def _create(self, database: sqlite3.Connection) -> None:
        database.execute("BEGIN EXCLUSIVE")
        with database:
            (version,) = database.execute("PRAGMA user_version").fetchone()
            if version == SCHEMA_VERSION:
                return  # another process was quicker
            if version or database.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
                raise sqlite3.DatabaseError("an index of another release")
            for statement in _SCHEMA.strip().split(";\n"):
                database.execute(statement)

    def _update(self, database: sqlite3.Connection) -> None:
        if _stamps(database) == _texts(self._files.scan()):
            return
        database.execute("BEGIN IMMEDIATE")
        with database:
            # Scanned under the lock, so that no conversation deleted meanwhile comes back.
            known, current = _stamps(database), _texts(self._files.scan())
            for conversation_id, stamp in current.items():
                if known.get(conversation_id) != stamp:
                    _delete(database, conversation_id)
                    record = self._files.readable(conversation_id)
                    if record is not None:
                        _insert(database, record, stamp)
            gone = known.keys() - current.keys()
            for conversation_id in gone:
                _delete(database, conversation_id)
            if gone:
                _purge(database)

    def _scan(self, wanted: list[str], limit: int) -> list[Place]:
        found: list[tuple[float, str, str]] = []
        for conversation_id in self._files.scan():
            record = self._files.readable(conversation_id)
            if record is not None:
                found += (
                    (created, turn_id, conversation_id)
                    for turn_id, created, text in texts(record)
                    if matches(searchable(text), wanted)
                )
        found.sort(reverse=True)
        return [(conversation_id, turn_id) for _, turn_id, conversation_id in found[:limit]]

    def _remove(self) -> None:
        try:
            for suffix in ("", "-journal"):
                Path(f"{self._path}{suffix}").unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(
                f"The search index {self._path} cannot be removed: {error.strerror}.",
                "Remove it yourself; the next search makes it again.",
            ) from error


def texts(record: Record) -> Iterator[tuple[str, float, str]]:
    """Yield id, time and searched text of each turn; the first is found by the title too."""
    title = record.title
    for turn in record.turns:
        yield turn.id, turn.created, "\n".join((turn.prompt, turn.answer, title))
        title = ""


def _stamps(database: sqlite3.Connection) -> dict[str, str]:
    return dict(database.execute("SELECT conversation, stamp FROM files").fetchall())


def _texts(stamps: dict[str, Stamp]) -> dict[str, str]:
    return {key: ":".join(map(str, stamp)) for key, stamp in stamps.items()}


def _insert(database: sqlite3.Connection, record: Record, stamp: str) -> None:
    for turn_id, created, text in texts(record):
        number = database.execute(
            "INSERT INTO turns (conversation, turn, created) VALUES (?, ?, ?)",
            (record.id, turn_id, created),
        ).lastrowid
        database.execute(
            "INSERT INTO words (rowid, tokens) VALUES (?, ?)", (number, searchable(text))
        )
    database.execute("INSERT INTO files VALUES (?, ?)", (record.id, stamp))


def _delete(database: sqlite3.Connection, conversation_id: str) -> None:
    of_conversation = "(SELECT number FROM turns WHERE conversation = ?)"
    database.execute(f"DELETE FROM words WHERE rowid IN {of_conversation}", (conversation_id,))
    database.execute("DELETE FROM turns WHERE conversation = ?", (conversation_id,))
    database.execute("DELETE FROM files WHERE conversation = ?", (conversation_id,))


def _purge(database: sqlite3.Connection) -> None:
    # FTS5 only marks words as deleted; merging its segments leaves the pages that held them, and
    # secure_delete overwrites those with zeros.
    with suppress(sqlite3.OperationalError):
        database.execute("INSERT INTO words (words) VALUES ('optimize')")

"""The disposable search index: SQLite FTS5 over tokens, brought up to date before every search."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from hinterland.errors import StorageError
from hinterland.history.files import ConversationFiles, Record, Stamp
from hinterland.history.words import searchable

SCHEMA_VERSION = 1
BUSY_SECONDS = 5.0
"""How long to wait for another process that is updating the index."""

# The tokens are words already: `ascii` only parts them at the spaces between.
_SCHEMA = (
    "CREATE TABLE files (conversation TEXT PRIMARY KEY, stamp TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE turns (number INTEGER PRIMARY KEY, conversation TEXT, turn TEXT, created REAL)",
    "CREATE INDEX turns_conversation ON turns (conversation)",
    "CREATE VIRTUAL TABLE words USING fts5 (tokens, tokenize = 'ascii')",
    f"PRAGMA user_version = {SCHEMA_VERSION}",
)
# What making the index anew would not mend. The low byte of SQLite's extended codes.
_NOT_THE_FILE = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
    }
)

Place = tuple[str, str]
"""A conversation's id and a turn's."""


class IndexUnusableError(Exception):
    """The index cannot be used here and now; whoever searches has to read the files."""


class WordIndex:
    """`search.sqlite`, kept true to the conversation files."""

    def __init__(self, path: Path, files: ConversationFiles) -> None:
        self._path = path
        self._files = files

    def find(self, wanted: list[str], limit: int) -> list[Place]:
        """Return the turns that hold every term, newest first; raises IndexUnusableError, and
        StorageError when the folder of conversations cannot be read."""
        try:
            try:
                return self._find(wanted, limit)
            except sqlite3.Error as error:
                if getattr(error, "sqlite_errorcode", 0) & 0xFF in _NOT_THE_FILE:
                    raise
                self._remove()
                return self._find(wanted, limit)
        except (sqlite3.Error, OSError) as error:
            raise IndexUnusableError(str(error)) from error

    def forget(self, conversation_id: str) -> None:
        """Leave no word of a conversation in the index; raises StorageError."""
        if not self._path.exists():
            return
        try:
            with closing(self._open()) as database:
                database.execute("BEGIN IMMEDIATE")
                with database:
                    _delete(database, conversation_id)
                    _purge(database)
        except (sqlite3.Error, OSError):
            try:
                self._remove()
            except OSError as error:
                raise StorageError(
                    f"The search index {self._path} cannot be changed: {error.strerror}.",
                    "Remove that file; the next search makes it again.",
                ) from error

    def _find(self, wanted: list[str], limit: int) -> list[Place]:
        with closing(self._open()) as database:
            self._update(database)
            return database.execute(
                "SELECT conversation, turn FROM words JOIN turns ON number = words.rowid "
                "WHERE words MATCH ? ORDER BY created DESC, turn DESC LIMIT ?",
                (" AND ".join(f'"{term}" *' for term in wanted), limit),
            ).fetchall()

    def _open(self) -> sqlite3.Connection:
        # SQLite would make the file readable by others where the umask allows it.
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        database = sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            database.execute("PRAGMA secure_delete = ON")
            if _version(database) != SCHEMA_VERSION:
                _create(database)
        except sqlite3.Error:
            database.close()
            raise
        return database

    def _update(self, database: sqlite3.Connection) -> None:
        if _known(database) == _texts(self._files.scan()):
            return
        database.execute("BEGIN IMMEDIATE")
        with database:
            # Scanned under the lock, so that no conversation deleted meanwhile comes back.
            known, current = _known(database), _texts(self._files.scan())
            for conversation_id, stamp in current.items():
                if known.get(conversation_id) != stamp:
                    if conversation_id in known:
                        _delete(database, conversation_id)
                    record = self._files.readable(conversation_id)
                    if record is not None:
                        _insert(database, record, stamp)
            gone = known.keys() - current.keys()
            for conversation_id in gone:
                _delete(database, conversation_id)
            if gone:
                _purge(database)

    def _remove(self) -> None:
        for suffix in ("", "-journal"):
            Path(f"{self._path}{suffix}").unlink(missing_ok=True)


def _create(database: sqlite3.Connection) -> None:
    database.execute("BEGIN EXCLUSIVE")
    with database:
        if _version(database) == SCHEMA_VERSION:
            return  # another process was quicker
        if database.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
            raise sqlite3.DatabaseError("an index of another release")
        for statement in _SCHEMA:
            database.execute(statement)


def _version(database: sqlite3.Connection) -> int:
    (version,) = database.execute("PRAGMA user_version").fetchone()
    return int(version)


def _known(database: sqlite3.Connection) -> dict[str, str]:
    return dict(database.execute("SELECT conversation, stamp FROM files").fetchall())


def _texts(stamps: dict[str, Stamp]) -> dict[str, str]:
    return {key: ":".join(map(str, stamp)) for key, stamp in stamps.items()}


def _insert(database: sqlite3.Connection, record: Record, stamp: str) -> None:
    for turn, text in record.texts():
        number = database.execute(
            "INSERT INTO turns (conversation, turn, created) VALUES (?, ?, ?)",
            (record.id, turn.id, turn.created),
        ).lastrowid
        database.execute(
            "INSERT INTO words (rowid, tokens) VALUES (?, ?)", (number, searchable(text))
        )
    database.execute("INSERT INTO files VALUES (?, ?)", (record.id, stamp))


def _delete(database: sqlite3.Connection, conversation_id: str) -> None:
    database.execute(
        "DELETE FROM words WHERE rowid IN (SELECT number FROM turns WHERE conversation = ?)",
        (conversation_id,),
    )
    database.execute("DELETE FROM turns WHERE conversation = ?", (conversation_id,))
    database.execute("DELETE FROM files WHERE conversation = ?", (conversation_id,))


def _purge(database: sqlite3.Connection) -> None:
    # FTS5 only marks words as deleted. Merging its segments frees the pages that held them, and
    # secure_delete overwrites those with zeros.
    database.execute("INSERT INTO words (words) VALUES ('optimize')")

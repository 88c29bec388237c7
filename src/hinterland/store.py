"""Files of documents that survive a crash: TinyDB over a storage that replaces a file whole.

Writers of one file take turns through a lock; readers take none and see the file before or after a
write, never between. Only this module imports tinydb.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec
from tinydb import TinyDB
from tinydb.storages import Storage
from tinydb.table import Document, Table

from hinterland.durable import locked, replace_file
from hinterland.errors import StorageError

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")

Tables = dict[str, dict[str, Any]]
Content = TypeVar("Content", bound=msgspec.Struct)


class Schema(msgspec.Struct, frozen=True):
    version: int


class _Versioned(msgspec.Struct):
    schema: dict[str, Schema]


class AtomicStorage(Storage):
    """TinyDB's view of one file: read once, changed in memory, written whole by `commit`."""

    def __init__(self, path: Path, tables: Tables) -> None:
        self._path = path
        self._tables = tables
        self._changed = False

    def read(self) -> Tables:
        return self._tables

    def write(self, data: Tables) -> None:
        self._tables = data
        self._changed = True

    def commit(self) -> None:
        """Put the tables on the disk, if they changed; raises StorageError, the old file left whole."""
        if self._changed:
            replace_file(self._path, _encode(self._tables))
            self._changed = False


class Edit(Generic[Content]):
    """Changes to one file that reach the disk together, when the edit ends or at `commit`."""

    def __init__(self, storage: AtomicStorage, content: Content | None, version: int) -> None:
        self.content = content
        """What the file held when the edit began; None for a new file."""
        self.commit = storage.commit
        self._database = TinyDB(storage=lambda: storage)
        self._version = version

    def insert(self, table: str, document: msgspec.Struct) -> int:
        """Add `document` to `table` and return its number there."""
        return self._table(table).insert(msgspec.to_builtins(document))

    def replace(self, table: str, number: int, document: msgspec.Struct) -> None:
        """Put `document` in the place of that number."""
        self._table(table).remove(doc_ids=[number])
        self._table(table).insert(Document(msgspec.to_builtins(document), number))

    def rewrite(self, table: str, documents: Iterable[msgspec.Struct]) -> None:
        """Make `documents` all that `table` holds."""
        self._table(table).truncate()
        self._table(table).insert_multiple(map(msgspec.to_builtins, documents))

    def _table(self, name: str) -> Table:
        schema = self._database.table("schema")
        if not len(schema):
            schema.insert({"version": self._version})
        return self._database.table(name)


class DocumentFile(Generic[Content]):
    """One TinyDB file. `content` is a struct with a field per table, each a dict from number (as
    text) to document; `version` is the newest schema this release knows."""

    def __init__(self, path: Path, content: type[Content], version: int) -> None:
        self.path = path
        self._content = content
        self._version = version

    def read(self) -> Content | None:
        """Return what the file holds, None when there is no file; raises StorageError."""
        data = self._bytes()
        return None if data is None else self._decode(data)

    @contextmanager
    def edit(self, *, anew: bool = False) -> Iterator[Edit[Content]]:
        """Hold the file's lock for a change that is written when the block ends without an error.

        `anew` starts from an empty file whatever was there. Raises StorageError.
        """
        with locked(self.path):
            data = None if anew else self._bytes()
            content = None if data is None else self._decode(data)
            storage = AtomicStorage(self.path, {} if data is None else msgspec.json.decode(data))
            edit: Edit[Content] = Edit(storage, content, self._version)
            yield edit
            edit.commit()

    def _bytes(self) -> bytes | None:
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageError(
                f"The file {self.path} cannot be read: {error.strerror}.",
                "Mend its permissions, or put it back from a backup.",
            ) from error

    def _decode(self, data: bytes) -> Content:
        try:
            versions = msgspec.json.decode(data, type=_Versioned).schema.values()
            newest = max((schema.version for schema in versions), default=0)
            if newest > self._version:
                raise StorageError(
                    f"The file {self.path} was written by a newer Hinterland (schema {newest}, "
                    f"this one knows {self._version}).",
                    "Install that release or a later one to use it.",
                )
            return msgspec.json.decode(data, type=self._content)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise StorageError(
                f"The file {self.path} is damaged: {error}.",
                "It was left as it is; put it back from a backup, or move it away.",
            ) from error


def _encode(tables: Tables) -> bytes:
    try:
        return msgspec.json.encode(tables)
    except UnicodeEncodeError:
        # A lone surrogate, as an argument that is not UTF-8 becomes in Python, has no UTF-8 form.
        text = json.dumps(tables, ensure_ascii=False)
        return _LONE_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text).encode()

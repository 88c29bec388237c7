"""One file per conversation: where it is, what it holds, and when it changed."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path

import msgspec

from hinterland import remedies
from hinterland.branches import BEGINNING, Tree, is_line
from hinterland.durable import sweep, sync_folder
from hinterland.errors import InputError, StorageError
from hinterland.paths import Paths, private_folder
from hinterland.store import DocumentFile, Schema
from hinterland.text import clean_line
from hinterland.turns import Turn

SCHEMA_VERSION = 1
"""Not raised for branches and for answers that were gone on with: a turn is read as before, the answer
whole, and who does not know `Turn.parent` shows all turns by time."""

_FILE_NAME = re.compile(r"([A-Za-z0-9_-]{1,64})\.json")

LONGEST_TITLE = 60
"""Characters of a title made from a prompt."""

Stamp = tuple[int, int, int]
"""Modification time in ns, bytes, inode: another version of a file has another stamp."""


class Titled(StrEnum):
    """Who gave a conversation its title."""

    PROMPT = ""
    """Nobody: it is the beginning of the first prompt."""
    MODEL = "model"
    PERSON = "person"


class Heading(msgspec.Struct, omit_defaults=True):
    title: str
    created: float
    titled: Titled = Titled.PROMPT
    pinned: bool = False
    archived: bool = False
    tags: tuple[str, ...] = ()
    current: str = ""
    """The id of the turn at the end of the branch that is shown; "" is the newest."""


class Content(msgspec.Struct):
    """The tables of a conversation's file."""

    schema: dict[str, Schema]
    conversation: dict[str, Heading]
    turns: dict[str, Turn]


class Record(msgspec.Struct, frozen=True):
    """A conversation with all its turns, those of every branch, oldest first."""

    id: str
    title: str
    created: float
    """Seconds since the epoch, when its first prompt was sent."""
    updated: float
    """Seconds since the epoch, when its latest prompt was sent."""
    turns: list[Turn]
    titled: Titled = Titled.PROMPT
    pinned: bool = False
    archived: bool = False
    """Whether lists leave it out unless they are asked for it."""
    tags: tuple[str, ...] = ()
    current: str = ""
    """The id of the turn at the end of the branch that is shown; "" is the newest."""

    def branch(self, writing: Sequence[Turn] = ()) -> list[Turn]:
        """Return the turns of the branch that is shown: the one spoken in last, or switched to, or
        on which an answer is being written."""
        ends = ["", *(turn.id for turn in self.turns[-1:])]
        if not writing and self.current in ends and is_line(self.turns):
            return list(self.turns)
        tree = Tree(self.turns)
        parent = writing[-1].parent if writing else None
        if parent is not None and (parent in tree or parent == BEGINNING):
            return tree.line(parent)
        return tree.line(tree.tip(self.current if self.current in tree else BEGINNING))

    def texts(self) -> Iterator[tuple[Turn, str]]:
        """Yield each turn with the text it is found by; the first is found by the title too."""
        title = self.title
        for turn in self.turns:
            # What a summary was asked for with is ours, and nothing anybody said.
            prompt = "" if turn.replaces else turn.prompt
            yield turn, f"{prompt}\n{turn.answer}\n{title}"
            title = ""


class ConversationFiles:
    """The folder of conversations. Nothing is written by looking."""

    def __init__(self, paths: Paths, warn: Callable[[StorageError], None]) -> None:
        self.folder = paths.history / "conversations"
        self._warn = warn

    def file(self, conversation_id: str) -> DocumentFile[Content]:
        """Return the file of that id; raises StorageError for an id that cannot name a file."""
        name = f"{conversation_id}.json"
        if not _FILE_NAME.fullmatch(name):
            raise StorageError(
                f"{clean_line(conversation_id, 40)!r} cannot be the id of a conversation.",
                "Ids are made of letters, digits, `-` and `_`, 64 at most.",
            )
        return DocumentFile(self.folder / name, Content, SCHEMA_VERSION)

    def read(self, conversation_id: str) -> Record | None:
        """Return the conversation, or None when it has no file; raises StorageError."""
        content = self.file(conversation_id).read()
        if content is None:
            return None
        turns = sorted(content.turns.values(), key=lambda turn: (turn.created, turn.id))
        created = min((turn.created for turn in turns), default=0)
        heading = next(iter(content.conversation.values()), Heading("", created))
        return Record(
            conversation_id,
            heading.title,
            heading.created,
            max((turn.created for turn in turns), default=heading.created),
            turns,
            heading.titled,
            heading.pinned,
            heading.archived,
            heading.tags,
            heading.current,
        )

    def readable(self, conversation_id: str) -> Record | None:
        """Like `read`, for those who go on without a file that cannot be read: it is warned of."""
        try:
            return self.read(conversation_id)
        except StorageError as error:
            self._warn(error)
            return None

    def scan(self) -> dict[str, Stamp]:
        """Return the stamp of every conversation by its id; raises StorageError.

        What killed writers left behind is removed on the way.
        """
        found: dict[str, Stamp] = {}
        try:
            with os.scandir(self.folder) as entries:
                for entry in entries:
                    named = _FILE_NAME.fullmatch(entry.name)
                    if named is None:
                        sweep(self.folder, entry.name)
                        continue
                    try:
                        status = entry.stat()
                    except FileNotFoundError:
                        continue
                    found[named[1]] = (status.st_mtime_ns, status.st_size, status.st_ino)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise StorageError(
                f"The conversations in {self.folder} cannot be read: {error.strerror}.",
                remedies.for_disk(
                    "Mend its permissions, or set HINTERLAND_HOME to another folder.", error
                ),
            ) from error
        return found

    def exist(self) -> bool:
        """Return whether there is a conversation, without looking at each."""
        try:
            with os.scandir(self.folder) as entries:
                return any(_FILE_NAME.fullmatch(entry.name) for entry in entries)
        except OSError:
            return bool(self.scan())  # which says what is wrong

    def prepare(self) -> Path:
        """Make the folder if it is missing and return it; raises StorageError."""
        if not self.folder.is_dir():
            private_folder(self.folder.parent)
            private_folder(self.folder)
            for folder in (self.folder.parent, self.folder.parent.parent):
                try:
                    sync_folder(folder)
                except OSError as error:
                    raise StorageError(
                        f"The folder {folder} cannot be kept: {error.strerror}."
                    ) from error
        return self.folder


def unknown(conversation_id: str) -> InputError:
    """Return what to say of an id that no conversation has."""
    return InputError(
        f"There is no conversation {conversation_id!r}.", "`hint history list` shows them all."
    )


def title_of(prompt: str) -> str:
    """Return the title of a conversation that begins with `prompt`: its first line, shortened; of
    documents and a question the question's."""
    if prompt.startswith("<document "):
        prompt = prompt.rpartition("</document>")[2].strip() or prompt
    lines = (clean_line(line, LONGEST_TITLE) for line in prompt.splitlines())
    return next(filter(None, lines), "Untitled")

"""What is wrong with the history's files, and what can be saved of them.

A damaged conversation is never thrown away: what can be read of it is written anew, and the damaged
file stays beside it under another name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from hinterland.durable import locked, sync_folder
from hinterland.errors import StorageError
from hinterland.history.files import ConversationFiles, Heading, title_of
from hinterland.turns import Turn

T = TypeVar("T")

DAMAGED = ".damaged"
_NEWER = "was written by a newer Hinterland"
# TinyDB writes each document as "number": {…}.
_DOCUMENT = re.compile(rb'"\d+":\s*(?=\{)')


@dataclass(frozen=True, slots=True)
class Finding:
    """A file that cannot be read."""

    id: str
    path: Path
    reason: str
    newer: bool
    """Whether a newer release wrote it: then nothing is wrong with it."""
    turns: int
    """Exchanges that can be saved."""


def check(files: ConversationFiles) -> Iterator[Finding]:
    """Yield a finding for each conversation that cannot be read; raises StorageError."""
    for conversation_id in files.scan():
        file = files.file(conversation_id)
        try:
            file.read()
        except StorageError as error:
            newer = _NEWER in error.message
            found = [] if newer else _turns(file.path)
            yield Finding(conversation_id, file.path, error.message, newer, len(found))


def mend(files: ConversationFiles, finding: Finding) -> Path:
    """Write a damaged conversation anew with what can be read of it, and return where the damaged
    file is kept; raises StorageError."""
    file = files.file(finding.id)
    turns = _turns(finding.path)
    kept = finding.path.with_name(f"{finding.path.name}{DAMAGED}")
    number = 1
    while kept.exists():
        number += 1
        kept = finding.path.with_name(f"{finding.path.name}{DAMAGED}{number}")
    try:
        with locked(finding.path):
            finding.path.rename(kept)
            sync_folder(kept.parent)
    except OSError as error:
        raise StorageError(
            f"The file {finding.path} cannot be put aside: {error.strerror}.",
            "Mend its folder's permissions.",
        ) from error
    if turns:
        with file.edit(anew=True) as edit:
            heading = _heading(kept) or Heading(title_of(turns[0].prompt), turns[0].created)
            edit.insert("conversation", heading)
            for turn in turns:
                edit.insert("turns", turn)
    return kept


def _turns(path: Path) -> list[Turn]:
    """Return the turns that can be read in a damaged file, each once, oldest first."""
    found = {turn.id: turn for turn in _documents(path, Turn)}
    return sorted(found.values(), key=lambda turn: (turn.created, turn.id))


def _heading(path: Path) -> Heading | None:
    return next(_documents(path, Heading), None)


def _documents(path: Path, kind: type[T]) -> Iterator[T]:
    """Yield what can be read as a document of a kind, wherever it stands in the file."""
    data = b""
    with suppress(OSError):  # of a disk that fails there is nothing to be had
        data = path.read_bytes()
    for begins in _DOCUMENT.finditer(data):
        end = _end_of_object(data, begins.end())
        if end is None:
            continue
        with suppress(msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            yield msgspec.json.decode(data[begins.end() : end], type=kind)


def _end_of_object(data: bytes, start: int) -> int | None:
    """Return where the JSON object that begins at `start` ends; None when it does not."""
    depth, inside, at = 0, False, start
    while at < len(data):
        byte = data[at]
        if inside:
            if byte == 0x5C:  # a backslash: whatever follows is part of the text
                at += 1
            elif byte == 0x22:
                inside = False
        elif byte == 0x22:
            inside = True
        elif byte == 0x7B:
            depth += 1
        elif byte == 0x7D:
            depth -= 1
            if not depth:
                return at + 1
        at += 1
    return None

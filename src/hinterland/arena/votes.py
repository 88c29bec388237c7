"""The votes that were given, a line each: who was preferred, for which task, in which language.

No prompt and no answer is kept. A line is on the disk before the vote counts; a last line that a power
cut tore is no vote.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

import msgspec

from hinterland import durable
from hinterland.errors import StorageError
from hinterland.jobs import Ledger
from hinterland.paths import Paths, private_folder

SCHEMA_VERSION = 1


class Outcome(StrEnum):
    FIRST = "first"
    SECOND = "second"
    TIE = "tie"
    """Both are as good."""
    NEITHER = "neither"
    """Both are of no use."""


class Vote(msgspec.Struct, frozen=True, kw_only=True):
    """One comparison of two models on one prompt."""

    first: str
    """The model whose answer was shown first."""
    second: str
    outcome: Outcome
    task: str = ""
    """What the prompt was for, as the person calls it; "" where that was not said."""
    language: str = ""
    """The prompt's language, as a BCP 47 code; "" where it is not known."""
    seconds: tuple[float, float] = (0.0, 0.0)
    """How long each answer took, the model being in memory."""
    when: datetime = msgspec.field(default_factory=lambda: datetime.now(UTC))
    schema: int = SCHEMA_VERSION


class Votes:
    """All votes of an account."""

    def __init__(self, paths: Paths) -> None:
        self._file = paths.data / "arena" / "votes.jsonl"

    def all(self) -> list[Vote]:
        """Return the votes, the first one first; raises StorageError for a file that is damaged."""
        return list(self._read())

    def add(self, vote: Vote) -> None:
        """Put a vote on the disk; raises StorageError."""
        private_folder(self._file.parent)
        asyncio.run(self._add(msgspec.json.encode(vote)))

    def forget(self) -> int:
        """Remove all votes and return how many there were; raises StorageError."""
        count = len(self.all())
        if count:
            with durable.locked(self._file):
                durable.remove_file(self._file)
        return count

    async def _add(self, line: bytes) -> None:
        with Ledger(self._file) as ledger:
            ledger.add(line)
            await ledger.close()

    def _read(self) -> Iterator[Vote]:
        try:
            content = self._file.read_bytes()
        except FileNotFoundError:
            return
        except OSError as error:
            raise _unreadable(self._file, error.strerror or str(error)) from error
        *lines, _torn = content.split(b"\n")
        for number, line in enumerate(lines, 1):
            try:
                yield msgspec.json.decode(line, type=Vote)
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                raise _unreadable(self._file, f"line {number} is no vote") from error


def _unreadable(file: Path, reason: str) -> StorageError:
    return StorageError(
        f"The votes in {file} cannot be read: {reason}.",
        "Put the file back from a backup, or move it away.",
    )

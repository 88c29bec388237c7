"""Search over every conversation: through the SQLite index, or by reading them all where that fails.

Both give the same answer; only the time differs.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hinterland.errors import InputError
from hinterland.history.files import ConversationFiles, Record
from hinterland.history.words import Snippet, matches, searchable, snippet, terms
from hinterland.turns import Turn

if TYPE_CHECKING:
    from hinterland.history.fts import WordIndex


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """A turn that holds every word of a search."""

    conversation_id: str
    turn_id: str
    title: str
    created: float
    """Seconds since the epoch."""
    before: str
    """The text in front of the match, on one line."""
    match: str
    after: str

    @property
    def snippet(self) -> str:
        """The match and its surroundings."""
        return self.before + self.match + self.after


@dataclass(frozen=True, slots=True)
class Only:
    """Which turns are wanted of those that hold the words; "" and None leave out none."""

    since: float | None = None
    """Seconds since the epoch."""
    until: float | None = None
    model: str = ""
    """The beginning of its id, whatever the case."""
    tag: str = ""
    """A tag of the conversation, whatever its case."""
    tool: str = ""
    """The name of a plugin's tool."""

    def takes(self, record: Record, turn: Turn) -> bool:
        """Whether a turn is one of them."""
        return (
            (self.since is None or turn.created >= self.since)
            and (self.until is None or turn.created < self.until)
            and turn.model.casefold().startswith(self.model.casefold())
            and (not self.tool or turn.tool.casefold() == self.tool.casefold())
            and (not self.tag or self.tag.casefold() in map(str.casefold, record.tags))
        )


_ALL = Only()
_MOST_PLACES = 1_000_000  # where some are left out afterwards


class Search:
    """Finds turns; `path` is the index's file."""

    def __init__(self, path: Path, files: ConversationFiles) -> None:
        self._path = path
        self._files = files

    def find(self, query: str, limit: int, only: Only | None = None) -> list[Hit]:
        """Return up to `limit` turns that hold every word of `query`, newest first; raises
        InputError for a query without a word, StorageError when nothing can be read."""
        only = only or _ALL
        wanted = terms(query)
        if not wanted:
            raise InputError("There is no word to search for.", "Try `hint history search water`.")
        if not self._files.exist():
            return []
        records: dict[str, Record | None] = {}
        hits: list[Hit] = []
        places = self._places(wanted, limit if only == _ALL else _MOST_PLACES)
        for conversation_id, turn_id in places:
            if len(hits) >= limit:
                break
            if conversation_id not in records:
                records[conversation_id] = self._files.readable(conversation_id)
            record = records[conversation_id]
            if record is not None:
                hits += [
                    _hit(record, turn, wanted)
                    for turn in record.turns
                    if turn.id == turn_id and only.takes(record, turn)
                ]
        return hits

    def forget(self, conversation_id: str) -> None:
        """Leave no word of a deleted conversation behind; raises StorageError."""
        index = self._index()
        if index is not None:
            index.forget(conversation_id)

    def _index(self) -> WordIndex | None:
        try:
            from hinterland.history.fts import WordIndex
        except ImportError:  # a Python built without SQLite
            return None
        return WordIndex(self._path, self._files)

    def _places(self, wanted: list[str], limit: int) -> list[tuple[str, str]]:
        index = self._index()
        if index is not None:
            from hinterland.history.fts import IndexUnusableError

            try:
                return index.find(wanted, limit)
            except IndexUnusableError:
                pass  # the same answer, read from the files
        found = []
        for conversation_id in self._files.scan():
            record = self._files.readable(conversation_id)
            for turn, text in record.texts() if record is not None else ():
                if matches(searchable(text), wanted):
                    found.append((turn.created, turn.id, conversation_id))
        found.sort(reverse=True)
        return [(conversation_id, turn_id) for _, turn_id, conversation_id in found[:limit]]


def _hit(record: Record, turn: Turn, wanted: list[str]) -> Hit:
    places = (snippet(text, wanted) for text in (turn.prompt, turn.answer, record.title))
    place = next((place for place in places if place), Snippet("", "", ""))
    return Hit(
        conversation_id=record.id,
        turn_id=turn.id,
        title=record.title,
        created=turn.created,
        before=place.before,
        match=place.match,
        after=place.after,
    )

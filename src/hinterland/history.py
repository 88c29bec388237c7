"""Every conversation of the account: kept, found, shown again, deleted with all that came of it.

The files of conversations are the truth; list and search are derived from them, and answers that
were still journalled when their reader went away are taken in first.
"""

from __future__ import annotations

import fcntl
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from hinterland.engine import journal
from hinterland.errors import HinterlandError, InputError, StorageError
from hinterland.history_files import Content, ConversationFiles, Heading, Record
from hinterland.history_index import Summary, SummaryIndex
from hinterland.paths import Paths
from hinterland.store import Edit, locked, remove_file
from hinterland.text import clean_line
from hinterland.turns import Turn

__all__ = ["History", "Hit", "Record", "Summary", "title_of"]

LONGEST_TITLE = 60
"""Characters of a title made from a prompt."""
TORN_JOURNAL_SECONDS = 24 * 3600
"""Age at which a journal without a readable header is removed: no service is still starting it."""

Summaries = list[Summary]


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """A turn that holds every word of a search."""

    conversation_id: str
    turn_id: str
    title: str
    created: float
    before: str
    """The text in front of the match, on one line."""
    match: str
    after: str

    @property
    def snippet(self) -> str:
        return self.before + self.match + self.after


class History:
    """The kept conversations under `paths`. `warn` is told of each file that has to be left out.

    Every method may block on the disk; none keeps state that threads could disturb.
    """

    def __init__(
        self, paths: Paths, warn: Callable[[HinterlandError], None] | None = None
    ) -> None:
        from hinterland.history_search import SearchIndex  # sqlite3: not for those who only add

        self._journals = paths.journal
        self._warn = warn or _to_stderr
        self._warned: set[str] = set()
        self._files = ConversationFiles(paths, self._warn_once)
        self._index = SummaryIndex(paths.history / "index.json", self._files)
        self._search = SearchIndex(paths.history / "search.sqlite", self._files)

    def add_turn(self, conversation_id: str, turn: Turn) -> None:
        """Keep a turn; when this returns, it is on the disk. Raises StorageError.

        A turn that is kept already is not kept twice; it gives way only when it was cut off and
        the new one was not, or says more.
        """
        with self._edit(conversation_id) as edit:
            _put(edit, turn)

    def conversation(self, conversation_id: str) -> Record:
        """Return a conversation by its id or the beginning of it, answers being written left out.

        Raises InputError when there is none or more than one, StorageError when it cannot be read.
        """
        self.adopt()
        conversation_id = self.resolve(conversation_id)
        record = self._files.read(conversation_id)
        if record is not None:
            return record
        for running_id, turn in self.running():
            if running_id == conversation_id:
                title = title_of(turn.prompt)
                return Record(conversation_id, title, turn.created, turn.created, [])
        raise _unknown(conversation_id)

    def resolve(self, beginning: str) -> str:
        """Return the id of a conversation by the beginning of it; raises InputError."""
        known = {*self._files.scan(), *(running_id for running_id, _ in self.running())}
        if beginning in known:
            return beginning
        found = [known_id for known_id in known if known_id.startswith(beginning)]
        if len(found) == 1 and beginning:
            return found[0]
        if found:
            raise InputError(
                f"{len(found)} conversations have an id that begins with {beginning!r}.",
                "Give more of the id; `hint history list` shows them.",
            )
        raise _unknown(beginning)

    def latest(self) -> str | None:
        """Return the id of the conversation spoken in last, None when there is none."""
        return next((summary.id for summary in self.list(1)), None)

    def list(self, limit: int | None = None) -> Summaries:
        """Return the conversations, spoken in last first; raises StorageError when the folder
        cannot be read. A file that cannot be read is warned of and left out."""
        self.adopt()
        summaries = self._index.summaries()
        for conversation_id, turn in self.running():
            known = summaries.get(conversation_id) or Summary(
                id=conversation_id,
                title=title_of(turn.prompt),
                created=turn.created,
                updated=turn.created,
                model=turn.model,
            )
            summaries[conversation_id] = msgspec.structs.replace(
                known, updated=max(known.updated, turn.created), running=True
            )
        newest_first = sorted(
            summaries.values(), key=lambda summary: (summary.updated, summary.id), reverse=True
        )
        return newest_first[:limit]

    def search(self, query: str, limit: int = 20) -> list[Hit]:  # type: ignore[valid-type]
        """Return the turns whose prompt, answer or title hold every word of `query`, newest first.

        Case, accents and vowel points do not count, and a word is found by its beginning. Raises
        InputError for a query without a word.
        """
        from hinterland.history_words import terms

        wanted = terms(query)
        if not wanted:
            raise InputError("There is no word to search for.", "Try `hint history search water`.")
        self.adopt()
        hits = []
        for conversation_id, turn_id in self._search.find(query, limit):
            record = self._files.readable(conversation_id)
            if record is not None:
                hits += [
                    _hit(record, turn, wanted) for turn in record.turns if turn.id == turn_id
                ]
        return hits

    def rename(self, conversation_id: str, title: str) -> None:
        """Give a conversation another title; raises InputError, StorageError."""
        title = clean_line(title)
        if not title:
            raise InputError("A title needs at least one character.")
        conversation_id = self.conversation(conversation_id).id
        with self._edit(conversation_id) as edit:
            if edit.content is None:
                raise _unknown(conversation_id)
            for number, heading in edit.content.conversation.items():
                edit.replace("conversation", int(number), Heading(title, heading.created))

    def delete(self, conversation_id: str) -> None:
        """Delete a conversation, its journals, its row in the list and its words in the search.

        Raises InputError when there is none, StorageError when something could not be removed.
        """
        conversation_id = self.resolve(conversation_id)
        file = self._files.file(conversation_id)
        self._files.prepare()
        with locked(file.path):
            for _, found in self._read_journals():
                if found.header.conversation_id == conversation_id:
                    journal.discard(self._journals, found.header.turn_id)
            remove_file(file.path)
        self._index.forget(conversation_id)
        self._search.forget(conversation_id)

    def adopt(self) -> int:
        """Keep the turn of every journal that nobody writes any more, and return how many.

        A journal whose turn cannot be kept stays where it is and is warned of.
        """
        adopted = 0
        for path, found in self._read_journals():
            if found.live:
                continue
            try:
                with self._edit(found.header.conversation_id) as edit:
                    # Gone: adopted by another process, or its conversation was deleted.
                    if path.exists():
                        _put(edit, _turn(found))
                        edit.commit()
                        path.unlink(missing_ok=True)
                        adopted += 1
            except StorageError as error:
                self._warn_once(error)
            except OSError as error:
                self._warn_once(_journal_error(path, error))
        return adopted

    def running(self) -> list[tuple[str, Turn]]:  # type: ignore[valid-type]
        """Return the answers being written now, as far as they are, with their conversations' ids."""
        return [
            (found.header.conversation_id, _turn(found))
            for _, found in self._read_journals()
            if found.live
        ]

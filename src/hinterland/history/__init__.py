"""Every conversation of the account: kept, found, shown again, deleted with all that came of it.

The conversations' files are the truth; list and search are derived from them. Answers that were
journalled while nobody read them are taken in before anything is shown.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from hinterland import attached
from hinterland.durable import locked, remove_file
from hinterland.engine import prefix_store
from hinterland.engine.protocol import ImageNote
from hinterland.errors import HinterlandError, InputError, StorageError
from hinterland.history import headings, listing, repair, taking_in
from hinterland.history.adopting import Adopting, Running
from hinterland.history.drafts import Drafts
from hinterland.history.files import (
    LONGEST_TITLE,
    ConversationFiles,
    Record,
    Titled,
    title_of,
    unknown,
)
from hinterland.history.imported import Imported
from hinterland.history.index import Summary, SummaryIndex
from hinterland.history.journals import Journals
from hinterland.history.merging import goes_on, put, show
from hinterland.history.pictures import Pictures
from hinterland.history.repair import Finding
from hinterland.history.search import Hit, Only, Search
from hinterland.history.undoing import Undoing
from hinterland.images import Picture
from hinterland.paths import Paths
from hinterland.text import clean_line
from hinterland.turns import Turn

__all__ = ["History", "Hit", "Record", "Running", "Summary", "Titled"]

# `History.list` hides the built-in name in the class's own annotations.
Summaries = list[Summary]
Hits = list[Hit]
Turns = list[Turn]
RunningTurns = list[Running]
Texts = list[str]
Findings = list[Finding]


class History:
    """The conversations kept under `paths`.

    `warn` is told, once each, of files that had to be left out; by default it writes to standard
    error. Every method may block on the disk and may be called from any thread.
    """

    def __init__(self, paths: Paths, warn: Callable[[HinterlandError], None] | None = None) -> None:
        self._warn = warn or _to_stderr
        self._warned: set[str] = set()
        self._files = ConversationFiles(paths, self._warn_once)
        self._journals = Journals(paths.journal, self._warn_once)
        self._pictures = Pictures(paths.history / "images")
        self._drafts = Drafts(paths.history / "drafts")
        self._index = SummaryIndex(paths.history / "index.json", self._files)
        self._prefixes = paths.prefixes
        self._search = Search(paths.history / "search.sqlite", self._files)
        deleted = paths.history / "deleted"
        self._undoing = Undoing(self._files, deleted, self._remove, self._warn_once)
        aside = self._undoing.aside
        self._adopting = Adopting(self._files, self._journals, aside, self._warn_once)

    def add_turn(self, conversation_id: str, turn: Turn, *, current: bool = True) -> None:
        """Keep a turn, and show its branch from now on unless it is not `current`; both are on the
        disk when this returns. Raises StorageError.

        A turn that is kept already is not kept twice. It gives way to a complete one if it was cut
        off, and to one that was cut off later. Its journal is no longer needed and goes.
        """
        file = self._files.file(conversation_id)
        self._files.prepare()
        with file.edit() as edit:
            put(edit, turn, current=current)
            edit.commit()
            self.forget(turn.id)

    def show(self, conversation_id: str, turn_id: str) -> None:
        """Show the branch that ends with this turn from now on; raises StorageError."""
        self._files.prepare()
        with self._files.file(conversation_id).edit() as edit:
            show(edit, turn_id)

    def forget(self, turn_id: str) -> None:
        """Remove the journal of a turn that is kept, or of which there is nothing to keep."""
        self._journals.discard(turn_id)

    def turn(self, conversation_id: str, turn_id: str) -> Turn | None:
        """Return a turn, taken in from its journal if need be; None when there is none."""
        self.adopt()
        record = self._files.read(conversation_id)
        return next((turn for turn in record.turns if turn.id == turn_id), None) if record else None

    def keep_image(self, conversation_id: str, picture: Picture) -> None:
        """Keep an image that is about to be sent; it is on the disk when this returns. Raises
        StorageError."""
        self._files.file(conversation_id)  # an id that names a file names a folder
        self._files.prepare()
        self._pictures.keep(conversation_id, picture)

    def image(self, conversation_id: str, note: ImageNote) -> str:
        """Return a kept image as a `data:` URL; raises StorageError when it cannot be read."""
        return self._pictures.read(conversation_id, note)

    def forget_images(self, conversation_id: str, notes: Sequence[ImageNote]) -> None:
        """Remove those images that no turn has any more, not even one that was asked elsewhere;
        raises StorageError."""
        self._files.prepare()
        with locked(self._files.file(conversation_id).path):
            record = self._files.read(conversation_id)
            turns = record.turns if record is not None else []
            answered = [
                answer.turn
                for answer in self._journals.answers()
                if answer.conversation_id == conversation_id
            ]
            used = {note.file for turn in (*turns, *answered) for note in turn.images}
            self._pictures.remove(conversation_id, [n for n in notes if n.file not in used])

    def draft(self, conversation_id: str, *, begun: bool = True) -> str:
        """Return what was written in a conversation and not sent, and have it be this process's; for
        one that has not `begun` what was left in another that never did. Empty when there is
        nothing, or another process has it open. Raises StorageError."""
        text = self._drafts.take_up(conversation_id)
        if text or begun:
            return text
        answered = {answer.conversation_id for answer in self._journals.answers()}
        waiting = self._undoing.waiting()

        def belongs(other_id: str) -> bool:
            there = (self._files.folder / f"{other_id}.json").exists()
            return there or other_id in answered or other_id in waiting

        return self._drafts.take_up_left(conversation_id, belongs)

    def keep_draft(self, conversation_id: str, text: str) -> None:
        """Keep what is written and not sent, or forget it when it is empty. Raises StorageError."""
        self._drafts.write(conversation_id, text)

    def prompts(self, conversation_id: str) -> Texts:
        """Return the prompts of a conversation without their documents, oldest first; none when it
        is gone or cannot be read, which is warned of."""
        record = self._files.readable(conversation_id)
        turns = record.turns if record is not None else []
        return [attached.question(turn.prompt) for turn in turns if not turn.replaces]

    def conversation(self, conversation_id: str) -> Record:
        """Return a conversation by its id or the beginning of it, without answers being written.

        Raises InputError when there is none or more than one, StorageError when it cannot be read.
        """
        conversation_id = self.resolve(conversation_id)
        record = self._files.read(conversation_id)
        if record is not None:
            return record
        for running_id, turn in self.running():
            if running_id == conversation_id:
                title = title_of(turn.prompt)
                return Record(conversation_id, title, turn.created, turn.created, [])
        raise unknown(conversation_id)

    def resume(self, conversation_id: str | None = None) -> tuple[Record, Turn | None]:
        """Return the conversation to go on with, the latest unless one is named, and the answer
        that is still being written in it, if there is one.

        Raises InputError when there is none, StorageError when it cannot be read.
        """
        if conversation_id is None:
            conversation_id = self.latest()
        if conversation_id is None:
            raise InputError(
                "There is no conversation to go on with yet.", "Begin one: `hint ask`, or `hint`."
            )
        record, writing = self.whole(conversation_id)
        return record, writing[-1] if writing else None

    def whole(self, conversation_id: str) -> tuple[Record, Turns]:
        """Return a conversation and the answers that are still being written in it; raises like
        `conversation`."""
        # Looked for first: an answer that ends in between is then shown, and shown once.
        running = self.running()
        record = self.conversation(conversation_id)
        kept = {turn.id: turn for turn in record.turns}
        return record, [
            turn
            for running_id, turn in running
            if running_id == record.id and (turn.id not in kept or goes_on(kept[turn.id], turn))
        ]

    def resolve(self, beginning: str) -> str:
        """Return the id of the one conversation whose id begins so; raises InputError when there
        is none or more than one."""
        self.adopt()
        known = {*self._files.scan(), *(running_id for running_id, _ in self.running())}
        if beginning in known:
            return beginning
        found = [known_id for known_id in known if known_id.startswith(beginning)]
        if not found or not beginning:
            raise unknown(beginning)
        if len(found) > 1:
            raise InputError(
                f"{len(found)} conversations have an id that begins with {beginning!r}.",
                "Give more of the id; `hint history list` shows it.",
            )
        return found[0]

    def latest(self) -> str | None:
        """Return the id of the conversation spoken in last; None when there is none."""
        return next((summary.id for summary in self.list(1)), None)

    def list(
        self,
        limit: int | None = None,
        *,
        archived: bool | None = None,
        pinned: bool | None = None,
        tag: str | None = None,
    ) -> Summaries:
        """Return the conversations, spoken in last first; raises StorageError when their folder
        cannot be read. A file that cannot be read is warned of and left out.

        Of those that are archived, pinned, or not, None leaves out neither; `tag` is one of theirs,
        whatever its case.
        """
        running = self.running()
        self.adopt()
        summaries = listing.listed(self._index.summaries(), running)
        wanted = listing.only(summaries, archived=archived, pinned=pinned, tag=tag)
        return wanted[:limit]

    def search(self, query: str, limit: int = 20, only: Only | None = None) -> Hits:
        """Return the turns whose prompt, answer or title hold every word of `query`, newest first.

        Case, accents and vowel points do not count, and a word is found by its beginning. Raises
        InputError for a query without a word, StorageError.
        """
        self.adopt()
        return self._search.find(query, limit, only)

    def title(self, conversation_id: str) -> tuple[str, bool] | None:
        """Return a conversation's title and whether a person or a model gave it; None when it is not
        kept. Raises StorageError."""
        record = self._files.read(conversation_id)
        return (record.title, bool(record.titled)) if record is not None else None

    def rename(self, conversation_id: str, title: str) -> None:
        """Give a conversation another title; raises InputError, StorageError."""
        title = headings.as_title(title)
        self._change(conversation_id, title=title, titled=Titled.PERSON)

    def suggest_title(self, conversation_id: str, title: str) -> bool:
        """Give a conversation a title that nobody asked for, and return whether it has it now: one
        that a person or a model gave stays. Raises InputError, StorageError."""
        title = clean_line(title, LONGEST_TITLE)
        record = self.conversation(conversation_id)
        prompts = [turn.prompt for turn in record.turns]
        # Earlier releases did not note who had given a title.
        if record.titled or record.title not in map(title_of, prompts[:1]) or not title:
            return False
        return self._change(record.id, title=title, titled=Titled.MODEL)

    def pin(self, conversation_id: str, pinned: bool = True) -> None:
        """Keep a conversation at the top of the list, or no longer; raises InputError,
        StorageError."""
        self._change(conversation_id, pinned=pinned)

    def archive(self, conversation_id: str, archived: bool = True) -> None:
        """Leave a conversation out of the list, or no longer; raises InputError, StorageError."""
        self._change(conversation_id, archived=archived)

    def tag(self, conversation_id: str, tags: Iterable[str]) -> None:
        """Make `tags` all the tags of a conversation; each is one word. Raises InputError,
        StorageError."""
        self._change(conversation_id, tags=headings.as_tags(tags))

    def _change(self, conversation_id: str, **fields: object) -> bool:
        return headings.change(self._files, self.resolve(conversation_id), **fields)

    def take_in(self, found: Imported) -> int:
        """Keep a conversation that was imported, beside what is here of it already, and return how
        many turns are new. What a person did to it here stays. Raises StorageError."""
        return taking_in.take_in(self._files, self._pictures, found)

    def check(self) -> Findings:
        """Return what is wrong with conversations' files; raises StorageError."""
        return [*repair.check(self._files)]

    def mend(self, finding: Finding) -> Path:
        """Write a damaged conversation anew with what can be read of it, and return where the
        damaged file is kept; raises StorageError."""
        kept = repair.mend(self._files, finding)
        self._index.forget_missing()
        return kept

    def expired(self, days: float, now: float) -> Summaries:
        """Return the conversations that nobody spoke in for so many days, but those that are pinned
        or in which an answer is being written; raises StorageError."""
        before = now - days * 86_400
        return [
            each
            for each in self.list()
            if each.updated < before and not each.pinned and not each.running
        ]

    def delete(self, conversation_id: str) -> None:
        """Delete a conversation, its images, its draft, its journals, its row in the list, its words in the
        search and what the engine saved of it.

        Raises InputError when there is none, StorageError when something could not be removed.
        """
        self._remove(self.resolve(conversation_id))

    def set_aside(self, conversation_id: str) -> str:
        """Delete a conversation so that this process can bring it back, until it ends or calls
        `finish_deleting`; return its id. Whoever looks at the history after a process that was
        killed finishes what it began.

        Raises InputError when there is none, StorageError.
        """
        conversation_id = self.resolve(conversation_id)
        running = any(running_id == conversation_id for running_id, _ in self.running())
        self._undoing.set_aside(conversation_id, running=running)
        return conversation_id

    def bring_back(self) -> str | None:
        """Bring back the conversation that this process deleted last, and return its id; None when
        there is none. Raises StorageError."""
        return self._undoing.bring_back()

    def finish_deleting(self) -> None:
        """Remove for good what this process deleted, and what was left by others that ended; raises
        StorageError."""
        self._undoing.finish()

    def _remove(self, conversation_id: str) -> None:
        file = self._files.file(conversation_id)
        self._files.prepare()
        with locked(file.path):
            for answer in self._journals.answers():
                if answer.conversation_id == conversation_id:
                    remove_file(answer.path)
            self._pictures.remove_all(conversation_id)
            remove_file(file.path)
        self._drafts.forget(conversation_id)
        self._pictures.sweep({*self._files.scan(), *self._undoing.waiting()})
        # After the file: the engine saves nothing more of a conversation that has none.
        prefix_store.forget(self._prefixes, prefix_store.of_conversation(conversation_id))
        self._index.forget_missing()
        self._search.forget(conversation_id)

    def adopt(self) -> int:
        """Keep the answer of every journal that nobody writes any more; return how many.

        A journal whose answer cannot be kept stays where it is and is warned of.
        """
        return self._adopting.adopt()

    def running(self) -> RunningTurns:
        """Return the answers that are being written, as far as they are."""
        return self._adopting.running()

    def _warn_once(self, error: StorageError) -> None:
        if error.message not in self._warned:
            self._warned.add(error.message)
            self._warn(error)


def _to_stderr(error: HinterlandError) -> None:
    from hinterland.sentences import translated

    for line in filter(None, (error.message, error.hint)):
        # Under the chat, standard error is a capture that can do nothing but write.
        sys.stderr.write(f"hint: {clean_line(translated(line), 600)}\n")

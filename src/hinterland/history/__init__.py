"""Every conversation of the account: kept, found, shown again, deleted with all that came of it.

The conversations' files are the truth; list and search are derived from them. Answers that were
journalled while nobody read them are taken in before anything is shown.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence

import msgspec

from hinterland import attached
from hinterland.durable import locked, remove_file
from hinterland.engine import prefix_store
from hinterland.engine.protocol import FinishReason, ImageNote
from hinterland.errors import HinterlandError, InputError, StorageError
from hinterland.history.deleted import Deleted, DeletedFiles
from hinterland.history.drafts import Drafts
from hinterland.history.files import (
    LONGEST_TITLE,
    SCHEMA_VERSION,
    Content,
    ConversationFiles,
    Heading,
    Record,
    Titled,
    title_of,
)
from hinterland.history.index import Summary, SummaryIndex
from hinterland.history.journals import Journals, unusable
from hinterland.history.pictures import Pictures
from hinterland.history.search import Hit, Search
from hinterland.images import Picture
from hinterland.paths import Paths
from hinterland.store import DocumentFile, Edit
from hinterland.text import clean_line
from hinterland.turns import Turn

__all__ = ["History", "Hit", "Record", "Running", "Summary", "Titled"]

Running = tuple[str, Turn]
"""A conversation's id and the turn that is being answered in it."""

# `History.list` hides the built-in name in the class's own annotations.
Summaries = list[Summary]
Hits = list[Hit]
Turns = list[Turn]
RunningTurns = list[Running]
Texts = list[str]

_LONGEST_GIVEN_TITLE = 200
_LONGEST_TAG = 40
_MOST_TAGS = 20


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
        self._deleted = DeletedFiles(paths.history / "deleted")
        self._prefixes = paths.prefixes
        self._search = Search(paths.history / "search.sqlite", self._files)

    def add_turn(self, conversation_id: str, turn: Turn, *, current: bool = True) -> None:
        """Keep a turn, and show its branch from now on unless it is not `current`; both are on the
        disk when this returns. Raises StorageError.

        A turn that is kept already is not kept twice. It gives way to a complete one if it was cut
        off, and to one that was cut off later. Its journal is no longer needed and goes.
        """
        file = self._files.file(conversation_id)
        self._files.prepare()
        with file.edit() as edit:
            _put(edit, turn, current=current)
            edit.commit()
            self.forget(turn.id)

    def show(self, conversation_id: str, turn_id: str) -> None:
        """Show the branch that ends with this turn from now on; raises StorageError."""
        self._files.prepare()
        with self._files.file(conversation_id).edit() as edit:
            _show(edit, turn_id)

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
        """Remove images that no turn has any more; raises StorageError."""
        self._pictures.remove(conversation_id, notes)

    def draft(self, name: str) -> str:
        """Return what was written and not sent, by the id of its conversation or `drafts.NEW`;
        empty when there is nothing. Raises StorageError."""
        return self._drafts.read(name)

    def keep_draft(self, name: str, text: str) -> None:
        """Keep what is written and not sent, or forget it when it is empty. Raises StorageError."""
        self._drafts.write(name, text)

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
        raise _unknown(conversation_id)

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
            if running_id == record.id and (turn.id not in kept or _goes_on(kept[turn.id], turn))
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
            raise _unknown(beginning)
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
        summaries = self._index.summaries()
        for conversation_id, turn in running:
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
        wanted = [
            summary
            for summary in summaries.values()
            if archived in (None, summary.archived)
            and pinned in (None, summary.pinned)
            and (tag is None or tag.casefold() in map(str.casefold, summary.tags))
        ]
        newest_first = sorted(
            wanted, key=lambda summary: (summary.updated, summary.id), reverse=True
        )
        return newest_first[:limit]

    def search(self, query: str, limit: int = 20) -> Hits:
        """Return the turns whose prompt, answer or title hold every word of `query`, newest first.

        Case, accents and vowel points do not count, and a word is found by its beginning. Raises
        InputError for a query without a word, StorageError.
        """
        self.adopt()
        return self._search.find(query, limit)

    def rename(self, conversation_id: str, title: str) -> None:
        """Give a conversation another title; raises InputError, StorageError."""
        title = clean_line(title, _LONGEST_GIVEN_TITLE)
        if not title:
            raise InputError("A title needs at least one character.")
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
        self._change(conversation_id, tags=_as_tags(tags))

    def _change(self, conversation_id: str, **fields: object) -> bool:
        """Change fields of a conversation's heading, and return whether that made a difference.

        A title of a model never takes the place of one that was given meanwhile.
        """
        conversation_id = self.resolve(conversation_id)
        self._files.prepare()
        changed = False
        with self._files.file(conversation_id).edit() as edit:
            if edit.content is None:
                raise _unknown(conversation_id)
            for number, heading in edit.content.conversation.items():
                if fields.get("titled") is Titled.MODEL and heading.titled:
                    continue
                now = msgspec.structs.replace(heading, **fields)
                if now != heading:
                    edit.replace("conversation", int(number), now)
                    changed = True
        return changed

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
        file = self._files.file(conversation_id)
        self._files.prepare()
        running = any(running_id == conversation_id for running_id, _ in self.running())
        with locked(file.path):
            # What is kept of an answer later would be a conversation of its own.
            if running or not file.path.exists():
                raise InputError(
                    "An answer is still being written in this conversation.",
                    "Stop the answer, then delete it.",
                )
            self._deleted.take(file.path, conversation_id)
        return conversation_id

    def bring_back(self) -> str | None:
        """Bring back the conversation that this process deleted last, and return its id; None when
        there is none. Raises StorageError."""
        mine = self._deleted.mine()
        if not mine:
            return None
        deleted = mine[-1]
        file = self._files.file(deleted.conversation_id)
        self._files.prepare()
        with file.edit() as edit:
            if edit.content is None:
                self._deleted.give_back(deleted, file.path)
                return deleted.conversation_id
            # Somebody went on with it elsewhere: what they said stays too.
            content = DocumentFile(deleted.path, Content, SCHEMA_VERSION).read()
            for turn in content.turns.values() if content else ():
                _put(edit, turn)
            for heading in content.conversation.values() if content else ():
                for number in edit.content.conversation:
                    edit.replace("conversation", int(number), heading)
            edit.commit()
            remove_file(deleted.path)
        self._deleted.tidy()
        return deleted.conversation_id

    def finish_deleting(self) -> None:
        """Remove for good what this process deleted, and what was left by others that ended; raises
        StorageError."""
        for deleted in self._deleted.all():
            if deleted.process == os.getpid() or deleted.abandoned:
                self._finish(deleted)
        self._deleted.tidy()

    def _finish(self, deleted: Deleted) -> None:
        if deleted.conversation_id not in self._files.scan():  # else somebody went on with it
            self._remove(deleted.conversation_id)
        remove_file(deleted.path)

    def _remove(self, conversation_id: str) -> None:
        file = self._files.file(conversation_id)
        self._files.prepare()
        with locked(file.path):
            for answer in self._journals.answers():
                if answer.conversation_id == conversation_id:
                    remove_file(answer.path)
            self._pictures.remove_all(conversation_id)
            remove_file(file.path)
        self._drafts.write(conversation_id, "")
        known = {*self._files.scan(), *(deleted.conversation_id for deleted in self._deleted.all())}
        self._drafts.sweep(known)
        self._pictures.sweep(known)
        # After the file: the engine saves nothing more of a conversation that has none.
        prefix_store.forget(self._prefixes, prefix_store.of_conversation(conversation_id))
        self._index.forget_missing()
        self._search.forget(conversation_id)

    def adopt(self) -> int:
        """Keep the answer of every journal that nobody writes any more; return how many.

        A journal whose answer cannot be kept stays where it is and is warned of.
        """
        aside = self._aside()
        adopted = 0
        for answer in self._journals.answers():
            if answer.live or answer.conversation_id in aside:
                continue
            try:
                file = self._files.file(answer.conversation_id)
                self._files.prepare()
                with file.edit() as edit:
                    # Gone: adopted by another process, or its conversation was deleted.
                    if answer.path.exists():
                        _put(edit, answer.turn)
                        edit.commit()
                        answer.path.unlink(missing_ok=True)
                        adopted += 1
            except StorageError as error:
                self._warn_once(error)
            except OSError as error:
                self._warn_once(unusable(answer.path, error))
        return adopted

    def running(self) -> RunningTurns:
        """Return the answers that are being written, as far as they are."""
        aside = self._aside()
        return [
            (answer.conversation_id, answer.turn)
            for answer in self._journals.answers()
            if answer.live and answer.conversation_id not in aside
        ]

    def _aside(self) -> set[str]:
        """Return the ids of deleted conversations that may come back; whoever can bring the others
        back has gone, so they go now."""
        try:
            deleted = self._deleted.all()
            if any(each.abandoned for each in deleted):
                for each in deleted:
                    if each.abandoned:
                        self._finish(each)
                self._deleted.tidy()
            known = self._files.scan() if deleted else {}
        except StorageError as error:
            self._warn_once(error)
            return set()
        return {each.conversation_id for each in deleted if each.conversation_id not in known}

    def _warn_once(self, error: StorageError) -> None:
        if error.message not in self._warned:
            self._warned.add(error.message)
            self._warn(error)


def _put(edit: Edit[Content], turn: Turn, *, current: bool = True) -> None:
    content = edit.content
    if content is None or not content.conversation:
        edit.insert("conversation", Heading(title_of(turn.prompt), turn.created, current=turn.id))
    for number, kept in content.turns.items() if content else ():
        if kept.id == turn.id:
            if _gives_way(kept, turn):
                whole = msgspec.structs.replace(
                    turn, created=kept.created, reasoning=turn.reasoning or kept.reasoning
                )
                edit.replace("turns", int(number), whole)
            return
    edit.insert("turns", turn)
    if current:
        _show(edit, turn.id)


def _show(edit: Edit[Content], turn_id: str) -> None:
    for number, heading in edit.content.conversation.items() if edit.content else ():
        shown = msgspec.structs.replace(heading, current=turn_id)
        edit.replace("conversation", int(number), shown)


def _gives_way(kept: Turn, turn: Turn) -> bool:
    """Whether a turn says more than what is kept of it."""
    longer = len(turn.answer) > len(kept.answer)
    if not kept.complete:
        return turn.complete or longer
    ended = turn.finish_reason is FinishReason.STOP
    return _goes_on(kept, turn) and (longer or ended)


def _goes_on(kept: Turn, turn: Turn) -> bool:
    """Whether a turn goes on from where the answer that is kept was cut off."""
    return kept.finish_reason is not FinishReason.STOP and turn.answer.startswith(kept.answer)


def _as_tags(words: Iterable[str]) -> tuple[str, ...]:
    """Return tags in the order they were given, each once whatever its case; raises InputError."""
    tags: dict[str, str] = {}
    for word in words:
        tag = clean_line(word).lstrip("#")
        if not tag or " " in tag or "," in tag or len(tag) > _LONGEST_TAG:
            raise InputError(
                f"{tag or word!r} cannot be a tag.",
                f"A tag is one word of {_LONGEST_TAG} characters at most.",
            )
        tags.setdefault(tag.casefold(), tag)
    if len(tags) > _MOST_TAGS:
        raise InputError(f"A conversation can have {_MOST_TAGS} tags at most.")
    return tuple(tags.values())


def _unknown(conversation_id: str) -> InputError:
    return InputError(
        f"There is no conversation {conversation_id!r}.", "`hint history list` shows them all."
    )


def _to_stderr(error: HinterlandError) -> None:
    from hinterland.sentences import translated

    for line in filter(None, (error.message, error.hint)):
        # Under the chat, standard error is a capture that can do nothing but write.
        sys.stderr.write(f"hint: {clean_line(translated(line), 600)}\n")

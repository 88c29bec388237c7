"""The chat's way to other conversations: the list, and the place in one where something was said."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer
from textual.worker import Worker

from hinterland import paths
from hinterland.conversation import Conversation
from hinterland.errors import HinterlandError
from hinterland.language import N_
from hinterland.text import clean_line
from hinterland.tui.messages import CommandEnded, OpeningFailed
from hinterland.tui.widgets.transcript import Transcript

if TYPE_CHECKING:
    from hinterland.history import History
    from hinterland.tui.screens.conversations import Outcome

_REST = 2.0
"""Seconds without a question after which the model may be asked for a title."""
_MOST_TRIES = 3

Resume = Callable[[str], Conversation]
"""Opens the conversation of that id; raises HinterlandError."""


@dataclass
class BrowsingWanted(Message):
    """A command asks for the list of conversations."""

    query: str
    everywhere: bool


@dataclass
class ConversationWanted(Message):
    """A command leads to another conversation; None for a new one."""

    conversation_id: str | None


@dataclass
class PlaceReached(Message):
    """A conversation was opened, and this is to be shown in it."""

    conversation: Conversation
    turn_id: str
    words: str


@dataclass
class EntitlingEnded(Message):
    """The model was asked for a title, or had something else to do."""

    asked: bool


@dataclass
class EntitlingFailed(Message):
    """Titles cannot be asked for."""

    error: HinterlandError


class Finding(Screen[None]):
    """What a chat's screen needs to open the list and what is chosen there."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+o", "browse", N_("Conversations"), priority=True, id="chat.conversations"),
        Binding("f3", "browse(True)", N_("Find"), show=False, priority=True, id="chat.find"),
    ]

    resume: Resume | None = None
    """Opens an earlier conversation; None where there is none to open."""
    conversation: Conversation | None
    answering: Worker[None] | None
    transcript: Transcript
    titles = False
    """Whether the model is asked for titles when it is idle."""
    _wanted: BrowsingWanted | ConversationWanted | None = None
    _entitling: Timer | None = None
    _tries = 0

    def action_browse(self, everywhere: bool = False, query: str = "") -> None:
        # Imported when it is first needed: the history would delay the first paint.
        from hinterland.tui.screens.conversations import ConversationsScreen

        screen = ConversationsScreen(_history, query, everywhere=everywhere)
        self.app.push_screen(screen, self._browsed)

    def _browsed(self, outcome: Outcome | None) -> None:
        if outcome is None:
            return
        place = outcome.place
        if place is not None:
            if self.answering is not None:
                self.say_what_stops()
            elif self.conversation is not None and place.conversation_id == self.conversation.id:
                self._start_command(self._reach(self.conversation, place.turn_id, place.words))
            else:
                self._open_place(place.conversation_id, place.turn_id, place.words)
        elif self.conversation is not None and self.conversation.id in outcome.deleted:
            self.no_longer_there()
            self.action_new_chat()

    def _open_place(self, conversation_id: str, turn_id: str = "", words: str = "") -> None:
        if self.resume is not None:
            self.run_worker(self._resume(self.resume, conversation_id, turn_id, words))

    async def _resume(self, resume: Resume, conversation_id: str, turn_id: str, words: str) -> None:
        try:
            conversation = await asyncio.to_thread(resume, conversation_id)
        except HinterlandError as error:
            self.post_message(OpeningFailed(error))
        else:
            await self._reach(conversation, turn_id, words)

    async def _reach(self, conversation: Conversation, turn_id: str, words: str) -> None:
        """Go to the branch that a turn is on, if it is on another one."""
        try:
            if turn_id in conversation.tree and turn_id not in (t.id for t in conversation.turns):
                await conversation.switch(turn_id)
        except HinterlandError as error:
            self.post_message(OpeningFailed(error))
        else:
            self.post_message(PlaceReached(conversation, turn_id, words))

    def on_place_reached(self, message: PlaceReached) -> None:
        if message.conversation is self.conversation:
            self.show_branch()
        elif self.answering is None:
            self._show(message.conversation)
        else:
            self.say_what_stops()
            return
        self.transcript.reveal(message.turn_id, message.words)

    def on_browsing_wanted(self, message: BrowsingWanted) -> None:
        self._wanted = message

    def on_conversation_wanted(self, message: ConversationWanted) -> None:
        self._wanted = message

    def on_command_ended(self, message: CommandEnded) -> None:
        """Go where the command leads, now that it has ended."""
        del message
        wanted, self._wanted = self._wanted, None
        match wanted:
            case BrowsingWanted(query, everywhere):
                self.action_browse(everywhere, query)
            case ConversationWanted(None):
                self.action_new_chat()
            case ConversationWanted(str() as conversation_id):
                self._open_place(conversation_id)

    # Titles

    def on_answering_stopped(self) -> None:
        """Have the conversation entitled in a while, if nothing else happens."""
        self._tries = 0
        self._entitle_later()

    def _entitle_later(self) -> None:
        if self._entitling is not None:
            self._entitling.stop()
        if self.titles:
            self._entitling = self.set_timer(_REST, self._entitle)

    def _entitle(self) -> None:
        self._tries += 1
        if (
            self.answering is None
            and self.conversation is not None
            and not self.conversation.titled
        ):
            self.run_worker(self._suggest_title(self.conversation))

    async def _suggest_title(self, conversation: Conversation) -> None:
        try:
            asked = await conversation.suggest_title()
        except HinterlandError as error:
            self.titles = False  # once is enough to hear of a prompt file that cannot be used
            self.post_message(EntitlingFailed(error))
        else:
            self.post_message(EntitlingEnded(asked))

    def on_entitling_ended(self, message: EntitlingEnded) -> None:
        if not message.asked and self._tries < _MOST_TRIES:
            self._entitle_later()

    def on_entitling_failed(self, message: EntitlingFailed) -> None:
        sentence = clean_line(f"{message.error.message} {message.error.hint}", 400)
        self.notify(sentence, severity="warning", markup=False)

    def action_new_chat(self) -> None:
        raise NotImplementedError

    def _show(self, conversation: Conversation) -> None:
        raise NotImplementedError

    if TYPE_CHECKING:  # another base class of the chat's screen has it

        def show_branch(self) -> None: ...

        def no_longer_there(self) -> None: ...

        def _start_command(self, command: Awaitable[object], send: str = "") -> None: ...

        def say_what_stops(self) -> None: ...


def _history() -> History:
    from hinterland.history import History

    return History(paths.find())

"""The chat's screen as the commands see it: what they say and write becomes messages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from textual.message import Message

from hinterland import attached, chat_commands
from hinterland.chat_branches import Asking
from hinterland.conversation import Conversation
from hinterland.engine.protocol import Done, Event, Failed, FinishReason, ImageNote, Note
from hinterland.images import Picture
from hinterland.language import N_, _
from hinterland.sentences import translated
from hinterland.tui.finding import BrowsingWanted, ConversationWanted
from hinterland.tui.messages import (
    AnswerRequested,
    BranchShown,
    ModelSwitched,
    PromptPicked,
    PromptReady,
    SequenceSent,
    ThemeChosen,
    Told,
)
from hinterland.tui.pace import Pace
from hinterland.tui.widgets.choice import Way
from hinterland.turns import Turn
from hinterland.window import Overflow

if TYPE_CHECKING:
    from hinterland.documents import Document
    from hinterland.hookspecs import ChatTool

OWN = (
    ("/new", N_("a new conversation")),
    ("/quit", N_("leave")),
    ("/keys", N_("all keys as they are now (F1)")),
    ("/help", N_("this")),
)
"""Commands that only a front end can do, and their help."""


class ScreenChat:
    """A `hinterland.chat_commands.Chat` for workers: it posts, and touches nothing."""

    shows_attachments = True
    """Whether what goes with the next prompt is seen all the time, so that nobody has to say it."""

    def __init__(
        self,
        talk: Conversation,
        post: Callable[[Message], object],
        pictures: list[Picture],
        documents: list[Document],
    ) -> None:
        self.talk = talk
        self.pictures = pictures
        self.documents = documents
        self._post = post

    @property
    def terminal(self) -> Callable[[str], None]:
        """What writes a control sequence."""
        return self._send

    def _send(self, sequence: str) -> None:
        self._post(SequenceSent(sequence))

    def wear(self, theme: str) -> None:
        """Show everything in a theme."""
        self._post(ThemeChosen(theme))

    def say(self, text: str) -> None:
        """Show a notice."""
        self._post(Told(text))

    def browse(self, query: str, *, everywhere: bool = False) -> bool:
        """Have the list of conversations shown when the command has ended; return True."""
        self._post(BrowsingWanted(query, everywhere))
        return True

    def go_to(self, conversation_id: str | None) -> None:
        """Go on with another conversation when the command has ended; None begins a new one."""
        self._post(ConversationWanted(conversation_id))

    def send(self, prompt: str) -> None:
        """Send a prompt once the command has ended."""
        self._post(PromptReady(prompt))

    def request(self, asking: Asking) -> None:
        """Have something answered as soon as the command is over."""
        self._post(AnswerRequested(asking))

    def edit(self, turn: Turn) -> None:
        """Put the prompt of a turn into the box."""
        self._post(PromptPicked(turn))

    def branch_switched(self, sentence: str) -> None:
        """Show the branch that is spoken in now, and say which that is."""
        self._post(BranchShown(sentence))

    async def show(self, heading: str, events: AsyncIterator[Event]) -> Done | Failed:
        """Show text under a heading as it comes, and return how it ended."""
        self.say(heading)
        pace = Pace(self._post)
        end: Done | Failed = Done(FinishReason.CANCELLED)
        try:
            async for event in events:
                if isinstance(event, Note):
                    self.say(translated(event.text))
                elif isinstance(event, Done | Failed):
                    end = event
                else:
                    pace.put(event)
        finally:
            pace.flush()
        return end

    def switched(self, model: str, where: str) -> None:
        """Have the status line say so."""
        self._post(ModelSwitched(model, where))

    async def tools(self) -> Mapping[str, ChatTool]:
        """Return the tools of plugins, which are imported for it; says what is wrong with them."""
        from hinterland import plugin_host  # not before the first paint

        added = await asyncio.to_thread(plugin_host.additions)
        for warning in added.warnings:
            self.say(translated(warning))
        return added.tools


def only_shows(typed: str) -> bool:
    """Whether what is typed opens a screen and does no more, so that no answer is in its way."""
    return chat_commands.read(typed) in (("model", ""), ("keys", ""), ("list", ""))


def shown(prompt: str, pictures: Sequence[Picture], documents: Sequence[Document] = ()) -> str:
    """Return a prompt as its turn will be shown, what is attached to it named."""
    notes = tuple(ImageNote(picture.name, picture.file) for picture in pictures)
    marks = "".join(attached.mark(each.name, each.text) for each in documents)
    return Turn(id="", created=0, prompt=marks + prompt, images=notes).brief_prompt


def way_out(way: str, overflow: Overflow, chat: ScreenChat) -> Awaitable[bool] | None:
    """Return what a way out does, True when the prompt may be sent then; None to cancel."""
    match way:
        case "compact":
            return chat_commands.compact(chat, overflow.going)
        case "drop":
            return chat_commands.drop(chat, overflow.going)
        case "enlarge" if overflow.raise_to is not None:
            return chat_commands.enlarge(chat, overflow.raise_to)
        case _:
            return None


def ways_out(overflow: Overflow) -> list[Way]:
    """Return what can be done about a conversation that outgrew the window, by name."""
    ways = []
    if overflow.going:
        ways += [("compact", _("send a summary")), ("drop", _("leave them out"))]
    if overflow.raise_to is not None:
        said = _("raise the window to {larger:,}").format(larger=overflow.raise_to)
        ways.append(("enlarge", said))
    return ways

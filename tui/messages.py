"""What workers tell the chat's screen: its whole vocabulary. Workers post, handlers own the state."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

from textual.message import Message

from hinterland.conversation import Conversation
from hinterland.engine.protocol import Done, Failed, Loading, PromptProgress, Queued, SentTo
from hinterland.errors import HinterlandError
from hinterland.window import Overflow

if TYPE_CHECKING:
    from hinterland.hookspecs import ChatTool, Screen


@dataclass
class PromptSubmitted(Message):
    """The user sent what was in the input box."""

    text: str


@dataclass
class AnswerAdvanced(Message):
    """Events of an answer arrived since the last such message."""

    waiting: Loading | Queued | SentTo | PromptProgress | None = None
    """What the engine does before it writes, if that is the latest news."""
    sent_to: SentTo | None = None
    """Where the words went, if that was among the news."""
    reasoning: str = ""
    text: str = ""
    tokens_per_second: float | None = None
    """Pieces of text a second since the first one, as they arrived here."""


@dataclass
class AnswerNoted(Message):
    """There is something to be told of an answer that comes all the same."""

    sentence: str


@dataclass
class AnswerEnded(Message):
    """The last event of an answer arrived."""

    event: Done | Failed


@dataclass
class AnsweringFailed(Message):
    """An answer could not be asked for, or could not be kept."""

    error: HinterlandError


@dataclass
class AnsweringStopped(Message):
    """Nothing more comes of an answer: it has ended, and was kept or could not be."""


@dataclass
class ConversationOutgrown(Message):
    """A prompt was not sent: with what was said before it does not fit the window."""

    overflow: Overflow


@dataclass
class ChoiceMade(Message):
    """The user chose what to do about that; the key they pressed."""

    key: str


@dataclass
class Told(Message):
    """A command has something to say."""

    text: str


@dataclass
class ModelSwitched(Message):
    """Another model answers the next prompt."""

    model: str
    where: str
    """Where words to it go, as the status line says it."""


@dataclass
class CommandFound(Message):
    """Whether a plugin has a command that was typed is known."""

    typed: str
    found: ChatTool | Screen | None
    error: HinterlandError | None = None
    """Why there is none."""


@dataclass
class ScreenFailed(Message):
    """A plugin's screen did what it should not."""

    error: HinterlandError


@dataclass
class CommandEnded(Message):
    """Nothing more comes of a command."""

    send: str = ""
    """The prompt it made room for."""


@dataclass
class ConversationOpened(Message):
    """A new conversation is there."""

    conversation: Conversation


@dataclass
class OpeningFailed(Message):
    """A new conversation could not be opened."""

    error: HinterlandError


@dataclass
class MarkdownImported(Message):
    """Answers can be shown as Markdown now."""

    markdown: ModuleType


@dataclass
class HungUp(Message):
    """The terminal has gone away, or we were told to end."""

    signal: int

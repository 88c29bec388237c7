"""What workers tell the chat's screen: its whole vocabulary. Workers post, handlers own the state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from textual.message import Message

from hinterland import sentences
from hinterland.chat_branches import Asking
from hinterland.completion import Completion
from hinterland.conversation import Conversation
from hinterland.engine.protocol import Done, Failed, Loading, PromptProgress, Queued, SentTo
from hinterland.errors import HinterlandError
from hinterland.images import Picture
from hinterland.text import clean_line
from hinterland.turns import Turn
from hinterland.window import Overflow

if TYPE_CHECKING:
    from hinterland.documents import Document
    from hinterland.hookspecs import ChatTool, Screen


@dataclass
class PromptSubmitted(Message):
    """The user sent what was in the input box."""

    text: str


@dataclass
class EarlierPromptsWanted(Message):
    """The user went back beyond the prompts of this conversation."""


@dataclass
class EarlierPromptsFound(Message):
    """Prompts of other conversations, oldest first; none when there are no more."""

    conversation_id: str
    """The conversation they were wanted in."""
    prompts: list[str]


@dataclass
class DraftFound(Message):
    """Something was written in a conversation and not sent."""

    conversation_id: str
    text: str


@dataclass
class EditorWanted(Message):
    """The user wants to write in a program of their own."""

    text: str


@dataclass
class TextEdited(Message):
    """What came back from that program."""

    text: str


@dataclass
class CompletionTaken(Message):
    """The user wants what they type completed."""


@dataclass
class CompletionMoved(Message):
    """The user went so far down in the list of completions; 0 closes it."""

    down: int


@dataclass
class CompletionsFound(Message):
    """How a text can go on."""

    text: str
    found: Sequence[Completion]


@dataclass
class AttachmentRemoved(Message):
    """The user wants the last attachment not to be sent."""


@dataclass
class FileChosen(Message):
    """The user chose a file to attach."""

    path: Path


@dataclass
class FileAttached(Message):
    """What is in it goes with the next prompt."""

    content: Document | Picture
    conversation: Conversation | None
    """The conversation it was chosen in."""

    @property
    def note(self) -> str:
        """What it lacks of the file, as a sentence; empty when it lacks nothing."""
        return "" if isinstance(self.content, Picture) else clean_line(self.content.note, 400)


@dataclass
class FileRead(Message):
    """A file that was chosen is attached, or cannot be."""


@dataclass
class WritingFailed(Message):
    """Something about the box did not work; what is in it is as it was."""

    error: HinterlandError

    @property
    def sentence(self) -> str:
        """What to say of it, on one line."""
        return clean_line(sentences.sentence(self.error), 400)


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
    saved: bool | None = None
    """Whether the answer is written to the disk from here on, where that has changed."""


@dataclass
class AnswerEnded(Message):
    """The last event of an answer arrived."""

    event: Done | Failed


@dataclass
class AnsweringFailed(Message):
    """An answer could not be asked for, kept or stopped."""

    error: HinterlandError
    goes_on: bool = False
    """Whether more of it comes all the same."""


@dataclass
class AnsweringStopped(Message):
    """Nothing more comes of an answer: it has ended, and was kept or could not be."""


@dataclass
class ConversationOutgrown(Message):
    """A prompt was not sent: with what was said before it does not fit the window."""

    overflow: Overflow


@dataclass
class ChoiceMade(Message):
    """The user chose what to do about that."""

    way: str
    """The name of the way out."""


@dataclass
class Told(Message):
    """A command has something to say."""

    text: str


@dataclass
class PromptReady(Message):
    """A command has a prompt to send."""

    text: str


@dataclass
class AnswerRequested(Message):
    """A command wants something answered when it is over."""

    asking: Asking


@dataclass
class PromptPicked(Message):
    """The prompt of a turn is to be changed."""

    turn: Turn


@dataclass
class BranchShown(Message):
    """Another branch is spoken in now."""

    sentence: str


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
class SequenceSent(Message):
    """A command has something for the terminal that is not to be seen."""

    sequence: str


@dataclass
class ThemeChosen(Message):
    """A command asks for other colours."""

    theme: str


@dataclass
class Painted(Message):
    """The first screen is on its way to the terminal."""


@dataclass
class LineMeasured(Message):
    """The terminal has answered a question."""

    slow: bool


@dataclass
class HungUp(Message):
    """The terminal has gone away, or we were told to end."""

    signal: int

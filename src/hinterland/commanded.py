"""What a command needs of the chat that it is typed in, whichever front end that is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from hinterland.chat_branches import Asking
    from hinterland.conversation import Conversation
    from hinterland.documents import Document
    from hinterland.engine.protocol import Done, Event, Failed
    from hinterland.hookspecs import ChatTool
    from hinterland.images import Picture
    from hinterland.turns import Turn


class Chat(Protocol):
    """What a command needs of the chat it is typed in."""

    pictures: list[Picture]
    """The images that go with the next prompt."""
    documents: list[Document]
    """The documents that go with it."""

    @property
    def talk(self) -> Conversation:
        """The conversation that the command is about."""

    @property
    def terminal(self) -> Callable[[str], None] | None:
        """What writes a control sequence to the terminal; None where none may be written."""

    def wear(self, theme: str) -> None:
        """Show everything in a theme; raises InputError where there are no colours."""

    def say(self, text: str) -> None:
        """Show the person something; several lines are fine."""

    def send(self, prompt: str) -> None:
        """Send a prompt once the command has ended."""

    def request(self, asking: Asking) -> None:
        """Have something answered as soon as the command is over."""

    def edit(self, turn: Turn) -> None:
        """Let the person change the prompt of a turn."""

    def branch_switched(self, sentence: str) -> None:
        """Show the branch that is spoken in now, and say which that is."""

    async def show(self, heading: str, events: AsyncIterator[Event]) -> Done | Failed:
        """Show text under a heading while it is written, and return how it ended."""

    def browse(self, query: str, *, everywhere: bool = False) -> bool:
        """Let the person choose among the conversations on a screen, by titles or by what was said
        `everywhere`; return False where there is no such screen."""

    def go_to(self, conversation_id: str | None) -> None:
        """Go on with another conversation when the command has ended; None begins a new one."""

    def switched(self, model: str, where: str) -> None:
        """Take note that another model answers next, and where words to it go."""

    async def tools(self) -> Mapping[str, ChatTool]:
        """Return the tools that plugins bring, by name."""

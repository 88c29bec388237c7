"""The Textual application: the terminal's colours, the keys that always work, and the way out."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Mapping
from typing import ClassVar

from textual.app import App
from textual.binding import Binding, BindingType
from textual.driver import Driver

from hinterland.conversation import Conversation
from hinterland.tui.finding import Resume
from hinterland.tui.messages import HungUp, OpeningFailed
from hinterland.tui.screens.chat import ChatScreen

_TOLD_TO_END = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)


class ChatApp(App[bool], inherit_bindings=False):
    """The chat; it returns whether an answer goes on in the engine."""

    TITLE = "Hinterland"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False
    """The terminal's own selection (with Shift) copies; ours would need the terminal's clipboard."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "leave", "Quit", priority=True, id="app.quit"),
    ]

    def __init__(
        self,
        open_conversation: Callable[[], Conversation],
        conversation: Conversation | None = None,
        *,
        default_model: str = "",
        remotes: Mapping[str, str] | None = None,
        resume: Resume | None = None,
        titles: bool = False,
        driver_class: type[Driver] | None = None,
    ) -> None:
        # The terminal's own colours: right on light and dark, few bytes, and NO_COLOR means none.
        super().__init__(driver_class=driver_class, ansi_color=True)
        self.theme = "ansi-dark"
        self.error: Exception | None = None
        """Why the chat had to end, if it had to."""
        self._chat = ChatScreen(
            open_conversation, conversation, default_model, remotes or {}, resume
        )
        self._chat.titles = titles

    def on_mount(self) -> None:
        if not self.is_headless:
            loop = asyncio.get_running_loop()
            for told in _TOLD_TO_END:
                loop.add_signal_handler(told, self.post_message, HungUp(told))
        self.push_screen(self._chat)

    def action_leave(self) -> None:
        self._chat.leave()

    def on_opening_failed(self, message: OpeningFailed) -> None:
        self.error = message.error
        self.exit()

    def _handle_exception(self, error: Exception) -> None:
        # Textual would print the locals of every frame; the command line has one sentence for it.
        super()._handle_exception(error)
        self.error = self.error or error
        self._exit_renderables.clear()

    def on_hung_up(self, message: HungUp) -> None:
        self._chat.leave(128 + message.signal)

"""The Textual application: the terminal's colours, the keys that always work, and the way out."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ClassVar

from rich.console import RenderableType
from textual._compositor import CompositorUpdate
from textual.app import App
from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.screen import Screen

from hinterland.config import UiSettings
from hinterland.conversation import Conversation
from hinterland.language import N_, _
from hinterland.tui.messages import HungUp, LineMeasured, OpeningFailed, SequenceSent, ThemeChosen
from hinterland.tui.screens.chat import ChatScreen
from hinterland.tui.terminal import Terminal

if TYPE_CHECKING:
    from hinterland.tui.sparing import Sparing

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
        Binding("ctrl+l", "redraw", N_("Draw again"), show=False, priority=True, id="app.redraw"),
    ]

    def __init__(
        self,
        open_conversation: Callable[[], Conversation],
        conversation: Conversation | None = None,
        *,
        default_model: str = "",
        remotes: Mapping[str, str] | None = None,
        driver_class: type[Driver] | None = None,
        ui: UiSettings | None = None,
    ) -> None:
        # The terminal's own colours: right on light and dark, few bytes, and NO_COLOR means none.
        super().__init__(driver_class=driver_class, ansi_color=True)
        self.theme = "ansi-dark"
        self.animation_level = "none"
        self.error: Exception | None = None
        """Why the chat had to end, if it had to."""
        self._ui = ui or UiSettings()
        self._sparing: Sparing | None = None
        self._chat = ChatScreen(open_conversation, conversation, default_model, remotes or {})
        if self._ui.theme != "terminal" or os.environ.get("TERM", "").startswith("vt"):
            self.wear(self._ui.theme)

    def on_mount(self) -> None:
        if not self.is_headless:
            loop = asyncio.get_running_loop()
            for told in _TOLD_TO_END:
                loop.add_signal_handler(told, self.post_message, HungUp(told))
        self.push_screen(self._chat)
        self.app_resume_signal.subscribe(self, lambda _: self._forget_screen())
        if self._ui.slow == "on":
            self.spare_line(True)

    def action_leave(self) -> None:
        self._chat.leave()

    def action_redraw(self) -> None:
        """Draw everything again, over what something else has written or a bad line has spoilt."""
        self._forget_screen()
        self.screen.refresh(layout=True)

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

    # Colours and slow lines

    def wear(self, theme: str) -> None:
        """Show everything in a theme of `hinterland.config` from now on; raises ConfigError."""
        from hinterland.tui import themes

        themes.wear(self, self._filters, themes.suits(theme))

    def spare_line(self, slow: bool) -> None:
        """Send the terminal as little as can be from now on, or everything again."""
        if slow and not self.is_headless:
            from hinterland.tui.sparing import Sparing

            self._sparing = Sparing()
            if isinstance(self._driver, Terminal):
                self._driver.report_no_motion()
        else:
            self._sparing = None
        self._chat.spare_line(slow)

    def on_painted(self) -> None:
        if self._ui.slow == "auto" and isinstance(self._driver, Terminal):
            self._driver.measure()

    def on_line_measured(self, message: LineMeasured) -> None:
        if message.slow and self._ui.slow == "auto":
            self.spare_line(True)

    def on_sequence_sent(self, message: SequenceSent) -> None:
        if self._driver is not None:
            self._driver.write(message.sequence)

    def on_theme_chosen(self, message: ThemeChosen) -> None:
        self.wear(message.theme)
        if self.no_color:
            self.notify(_("NO_COLOR is set, so there are no colours."), markup=False)

    def _forget_screen(self) -> None:
        if self._sparing is not None:
            self._sparing.forget()

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        if self._sparing is not None and isinstance(renderable, CompositorUpdate):
            from hinterland.tui.sparing import SparingUpdate

            renderable = SparingUpdate(self._sparing, screen)
        super()._display(screen, renderable)

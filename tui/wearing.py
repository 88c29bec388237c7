"""What an application of ours is on a terminal: the colours it wears, how much it sends, how it ends."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING

from rich.console import RenderableType
from textual._compositor import CompositorUpdate
from textual.app import App
from textual.driver import Driver
from textual.screen import Screen
from textual.strip import Strip

from hinterland.config import Config
from hinterland.language import _
from hinterland.tui.keys import keymap
from hinterland.tui.messages import HungUp, LineMeasured, SequenceSent, ThemeChosen
from hinterland.tui.shaping import Shaping
from hinterland.tui.terminal import Terminal

if TYPE_CHECKING:
    from hinterland.tui.sparing import Sparing


_BY_WIDTH = [(0, "-narrow"), (60, "-wide")]
_BY_HEIGHT = [(0, "-low"), (16, "-high")]
"""Classes of screens, from so many cells or rows on: what is small is laid out otherwise."""
_TOLD_TO_END = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)


class WearingApp(App[bool], inherit_bindings=False):
    """An application that wears a theme, spares a slow line, and hears when its terminal goes."""

    TITLE = "Hinterland"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = _BY_WIDTH
    VERTICAL_BREAKPOINTS = _BY_HEIGHT
    ALLOW_SELECT = False
    """The terminal's own selection (with Shift) copies; ours would need the terminal's clipboard."""

    def __init__(self, config: Config, driver_class: type[Driver] | None = None) -> None:
        # The terminal's own colours: right on light and dark, few bytes, and NO_COLOR means none.
        super().__init__(driver_class=driver_class, ansi_color=True)
        self.theme = "ansi-dark"
        self.animation_level = "none"
        self.config = config
        """The settings, which were checked."""
        self.error: Exception | None = None
        """Why it had to end, if it had to."""

    def on_mount(self) -> None:
        """Have the signals that end it come as HungUp, and keys mean what the settings say."""
        if not self.is_headless:
            loop = asyncio.get_running_loop()
            for told in _TOLD_TO_END:
                loop.add_signal_handler(told, self.post_message, HungUp(told))
        if self.config.keys:
            self.set_keymap(keymap(self.config.keys))
        self.watch_line()

    def begin(self) -> None:
        """Take up the settings, before anything is shown; raises ConfigError."""
        ui = self.ui = self.config.ui
        self._sparing: Sparing | None = None
        if ui.theme != "terminal" or os.environ.get("TERM", "").startswith("vt"):
            self.wear(ui.theme)

    def watch_line(self) -> None:
        """Spare the line from now on where that is set."""
        self.app_resume_signal.subscribe(self, lambda _app: self._forget_screen())
        if self.ui.slow == "on":
            self.spare_line(True)

    def line_changed(self, slow: bool) -> None:
        """Do what else has to be done when the line turns out slow, or no longer is."""

    def action_redraw(self) -> None:
        """Draw everything again, over what something else has written or a bad line has spoilt."""
        self._forget_screen()
        self.screen.refresh(layout=True)

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
        self.line_changed(slow)

    def drawn(self, text: str, width: int, *, markdown: bool = True) -> list[Strip]:
        """Return clean text as lines of at most so many cells, for screens of plugins: Markdown, or
        what stays as it is written."""
        from hinterland.tui import drawn, wrap

        shaping = Shaping(self.ui.shaping)
        if not markdown:
            return shaping.shape(wrap.plain(text, width), width)
        return drawn.strips(text, width, self.console, shaping)

    def on_painted(self) -> None:
        if self.ui.slow == "auto" and isinstance(self._driver, Terminal):
            self._driver.measure()

    def on_line_measured(self, message: LineMeasured) -> None:
        if message.slow and self.ui.slow == "auto":
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

    def _handle_exception(self, error: Exception) -> None:
        # Textual would print the locals of every frame; the command line has one sentence for it.
        super()._handle_exception(error)
        self.error = self.error or error
        self._exit_renderables.clear()

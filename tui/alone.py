"""A screen of a plugin on a terminal of its own: `hint tutor` shows what `/tutor` shows in the chat."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.screen import Screen

from hinterland.config import Config
from hinterland.language import N_
from hinterland.tui.messages import HungUp
from hinterland.tui.terminal import Terminal
from hinterland.tui.wearing import WearingApp


class AloneApp(WearingApp, inherit_bindings=False):
    """One screen, and nothing when it is left."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", "Quit", priority=True, id="app.quit"),
        Binding("ctrl+l", "redraw", N_("Draw again"), show=False, priority=True, id="app.redraw"),
    ]

    def __init__(
        self,
        make: Callable[[], Screen[Any]],
        config: Config,
        driver_class: type[Driver] | None = None,
    ) -> None:
        super().__init__(config, driver_class)
        self.left_with: object = None
        """What the screen was dismissed with."""
        self._make = make
        self.begin()

    def on_mount(self) -> None:
        self.push_screen(self._make(), self._left)

    def _left(self, result: object) -> None:
        self.left_with = result
        self.exit()

    def on_hung_up(self, message: HungUp) -> None:
        self.exit(return_code=128 + message.signal)


def run(make: Callable[[], Screen[Any]], config: Config) -> tuple[int, object]:
    """Show a screen until it is left; return the exit code and what it was dismissed with.

    Raises ConfigError, and what the screen could not do.
    """
    app = AloneApp(make, config, Terminal)
    app.run(mouse=config.ui.mouse)
    if app.error is not None:
        raise app.error
    return app.return_code or 0, app.left_with

"""A plugin's screen without the chat around it, for a command that has one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.screen import Screen


def show(make: Callable[[], Screen[Any]]) -> tuple[int, object]:
    """Show the screen that `make` returns until it is left; return the exit code and what it was
    dismissed with. Raises ConfigError, and what the screen could not do."""
    from hinterland import config, paths
    from hinterland.tui import alone

    settings = config.load(paths.find().config_file)
    if settings.keys:
        from hinterland.tui import keys

        keys.check(settings.keys, keys.of_plugins)
    return alone.run(make, settings)

"""What the plugin adds to Hinterland: the command `hint translate`, and `/translate` in the chat."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from hinterland.hookspecs import hookimpl

if TYPE_CHECKING:
    import click

    from hinterland.hookspecs import ChatTool, Screen


@hookimpl
def register_commands(register: Callable[[click.Command], None]) -> None:
    """Register `hint translate`."""
    from hinterland.plugins.translation.command import command

    register(command)


@hookimpl
def register_screens(register: Callable[[Screen], None]) -> None:
    """Register the screen that `/translate` opens."""
    from hinterland.hookspecs import Screen

    target = "hinterland.plugins.translation.screen.form:TranslateScreen"
    register(Screen("translate", "Translate a text or a file, side by side", target))


@hookimpl
def register_tools(register: Callable[[ChatTool], None]) -> None:
    """Register `/translate LANGUAGE words`."""
    from hinterland.hookspecs import ChatTool
    from hinterland.plugins.translation.said import answer

    register(ChatTool("translate", "LANGUAGE WORDS: translate them here", answer))

"""What the plugin adds to Hinterland: the command `hint tutor`, and the screen that `/tutor` opens."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from hinterland.hookspecs import hookimpl

if TYPE_CHECKING:
    import click

    from hinterland.hookspecs import Screen


@hookimpl
def register_commands(register: Callable[[click.Command], None]) -> None:
    """Register `hint tutor`."""
    from hinterland.plugins.tutoring.command import command

    register(command)


@hookimpl
def register_screens(register: Callable[[Screen], None]) -> None:
    """Register the screen that `/tutor` opens."""
    from hinterland.hookspecs import Screen

    target = "hinterland.plugins.tutoring.screen.lesson:LessonScreen"
    register(Screen("tutor", "Learn with the tutor", target))

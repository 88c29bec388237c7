"""What the plugin adds to Hinterland: the command `hint diagnose`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from hinterland.hookspecs import hookimpl

if TYPE_CHECKING:
    import click

    from hinterland.hookspecs import Screen


@hookimpl
def register_commands(register: Callable[[click.Command], None]) -> None:
    """Register `hint diagnose`."""
    from hinterland.plugins.diagnosis.command import command

    register(command)


@hookimpl
def register_screens(register: Callable[[Screen], None]) -> None:
    """Register the form in the chat."""
    from hinterland.hookspecs import Screen

    target = "hinterland.plugins.diagnosis.screen.form:TriageScreen"
    register(Screen("diagnose", "Triage: how urgent is it?", target))

"""What the plugin adds to Hinterland: the command `hint translate`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from hinterland.hookspecs import hookimpl

if TYPE_CHECKING:
    import click


@hookimpl
def register_commands(register: Callable[[click.Command], None]) -> None:
    """Register `hint translate`."""
    from hinterland.plugins.translation.command import command

    register(command)

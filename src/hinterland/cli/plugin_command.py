"""A plugin's command, guarded: what its code does wrong ends as an error of the plugin."""

from __future__ import annotations

from typing import Any

import click

from hinterland.errors import HinterlandError, PluginError
from hinterland.plugin_host import find_command


def find(name: str) -> click.Command | None:
    """Return the command of that name which a plugin has, if any; raises PluginError."""
    command = find_command(name)
    if command is None:
        return None
    run = command.invoke

    def guarded(ctx: click.Context) -> Any:
        try:
            return run(ctx)
        except (
            HinterlandError,
            click.ClickException,
            click.exceptions.Exit,
            click.Abort,
            BrokenPipeError,
        ):
            raise
        # Somebody else's code: its traceback is for --debug, not for whoever typed the command.
        except Exception as error:
            raise PluginError(
                f"The command {name} of a plugin failed ({type(error).__name__}: {error}).",
                f"`hint --debug {name}` shows where; `hint plugins list` shows whose it is.",
            ) from error

    command.invoke = guarded  # type: ignore[method-assign]
    return command

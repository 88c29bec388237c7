"""A plugin's command, guarded: what its code does wrong ends as an error of the plugin."""

from __future__ import annotations

import importlib
from typing import Any

import click

from hinterland.cli import interface_language
from hinterland.errors import HinterlandError, PluginError


def find(name: str) -> click.Command | None:
    """Return the command of that name which a plugin has, if any; raises PluginError."""
    from hinterland.plugin_host import find_command

    command = find_command(name)
    return None if command is None else _guarded(name, command)


def find_shipped(name: str, plugin: str, module: str) -> click.Command:
    """Return the command of a plugin that ships with Hinterland; raises PluginError where it is off,
    and ConfigError."""
    from hinterland import config
    from hinterland.paths import find as find_paths

    if plugin in config.load(find_paths().config_file).disabled_plugins:
        raise PluginError(
            f"The plugin {plugin} is off.", f"Turn it on with `hint plugins enable {plugin}`."
        )
    command: click.Command = importlib.import_module(module).command
    interface_language.translate(command)
    return _guarded(name, command)


def _guarded(name: str, command: click.Command) -> click.Command:
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

    command.invoke = guarded  # type: ignore[method-assign] # of this one command
    return command

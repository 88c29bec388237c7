"""`hint box`: one service for a whole machine. A subcommand is imported when it runs."""

from __future__ import annotations

import importlib

import click

from hinterland.cli import interface_language
from hinterland.language import N_, _

# name → (module, summary)
COMMANDS: dict[str, tuple[str, str]] = {
    "setup": ("hinterland.cli.box.setup", N_("Set the shared box up, or undo that.")),
    "run": ("hinterland.cli.box.run", N_("Run the shared box in the foreground.")),
    "top": ("hinterland.cli.box.top", N_("Show who waits and runs, in numbers.")),
    "report": ("hinterland.cli.box.report", N_("Sum a day or a class up, in numbers.")),
    "class": ("hinterland.cli.box.classroom", N_("Look after a class: roles, results, wiping.")),
}


class LazyBox(click.Group):
    """Knows its subcommands by name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[name][0]).command
        interface_language.translate(command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section(_("Commands")):
            formatter.write_dl([(name, _(about)) for name, (_module, about) in COMMANDS.items()])


@click.group(name="box", cls=LazyBox)
def command() -> None:
    """Make this machine a box for many people."""

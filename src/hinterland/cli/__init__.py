"""The command line: which commands there are, and how an error ends one.

A command's module is imported when the command runs, not before: `hint --help` and `hint --version`
import click and this file. Modules of commands hold a click command named `command`.
"""

from __future__ import annotations

import gc
import importlib
import io
import os
import sys
from collections.abc import Callable
from typing import Any

import click

from hinterland import __version__
from hinterland.cli import interface_language, own_words
from hinterland.errors import HinterlandError, StorageError
from hinterland.language import N_, _

# name → (module, summary)
COMMANDS: dict[str, tuple[str, str]] = {
    "ask": ("hinterland.cli.ask", N_("Answer one question on standard output.")),
    "batch": ("hinterland.cli.batch", N_("Answer a file of prompts, however long.")),
    "chat": ("hinterland.cli.chat", N_("Open the chat.")),
    "models": ("hinterland.cli.models", N_("List, fetch, add and check models.")),
    "history": ("hinterland.cli.history", N_("List, read, search, mark and export conversations.")),
    "engine": ("hinterland.cli.engine", N_("Look at, start, stop and measure the engine.")),
    "arena": ("hinterland.cli.arena", N_("Compare two models blind, and see which suits you.")),
    "box": ("hinterland.cli.box", N_("Make this machine a box for many people.")),
    "kit": ("hinterland.cli.kit", N_("Carry everything to a machine without a network.")),
    "plugins": ("hinterland.cli.plugins", N_("List plugins and turn them on or off.")),
    "config": ("hinterland.cli.config", N_("Show and change settings.")),
    "doctor": ("hinterland.cli.doctor", N_("Say what is wrong on this box and what to do.")),
}

# name → (plugin, module, summary): commands of shipped plugins, found without asking every installed
# package for plugins, which takes longer than a result of `hint diagnose` may.
PLUGIN_COMMANDS: dict[str, tuple[str, str, str]] = {
    "diagnose": (
        "diagnosis",
        "hinterland.plugins.diagnosis.command",
        N_("Sort by urgency who is sick, by rules: RED, YELLOW, GREEN."),
    ),
    "translate": (
        "translation",
        "hinterland.plugins.translation.command",
        N_("Translate documents, which come back intact."),
    ),
    "tutor": (
        "tutoring",
        "hinterland.plugins.tutoring.command",
        N_("Learn with a tutor that makes you think, and remembers."),
    ),
}


_COLLECT_AFTER = 50_000
"""Objects made since the last look for unreachable ones. Python's 700 has it look some two hundred
times through what imports make, which stays: a sixth of the time in which the chat opens."""
_REPORT = N_("Please report it, with what `hint --debug …` prints.")


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports one when it runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*COMMANDS, *PLUGIN_COMMANDS]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name in COMMANDS:
            command: click.Command = importlib.import_module(COMMANDS[name][0]).command
            interface_language.translate(command)
            return command
        from hinterland.cli.plugin_command import find, find_shipped

        if name in PLUGIN_COMMANDS:
            plugin, module, _summary = PLUGIN_COMMANDS[name]
            return find_shipped(name, plugin, module)
        return find(name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section(_("Commands")):
            formatter.write_dl(
                [(name, _(summary)) for name, (_module, summary) in COMMANDS.items()]
                + [(name, _(summary)) for name, (_1, _2, summary) in PLUGIN_COMMANDS.items()]
            )


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="hint")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.option("-c", "--continue", "latest", is_flag=True, help="Open the last conversation.")
@click.pass_context
def hint(ctx: click.Context, debug: bool, latest: bool) -> None:
    """An offline AI box in a terminal. Without a command it opens the chat."""
    ctx.obj = _show_screen
    if os.path.isdir(os.path.join(os.environ.get("HINTERLAND_SITE") or "/etc/hinterland", "roles")):
        from hinterland.cli.box.pupil import obey

        obey(ctx.invoked_subcommand or "chat")
    if ctx.invoked_subcommand is None:
        from hinterland.cli.chat import command

        ctx.invoke(command, latest=latest)


def _show_screen(make: Callable[[], Any]) -> tuple[int, object]:
    """Show a screen that a command of a plugin has, until it is left: that is above the plugins."""
    from hinterland.cli.screen_alone import show

    return show(make)


def main(arguments: list[str] | None = None) -> None:
    """Run `hint` and exit with the code that `hinterland.errors` gives."""
    if arguments is None:
        arguments = sys.argv[1:]
        own_words.hide(arguments)
    debug = "--debug" in arguments[:1] or os.environ.get("HINTERLAND_DEBUG") == "1"
    gc.set_threshold(_COLLECT_AFTER)
    _prepare_streams()
    interface_language.choose()
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except (KeyboardInterrupt, click.Abort):
        code = 130
    except BrokenPipeError:
        # The reader has gone (`hint … | head`): nobody is left to tell.
        _give_up_stdout()
        code = 0
    except HinterlandError as error:
        if debug:
            raise
        show_error(error)
        code = error.exit_code
    except OSError as error:
        if debug:
            raise
        _give_up_stdout()
        about = f" ({error.filename})" if error.filename else ""
        trouble = f"{error.strerror or error}{about}"
        show_error(
            StorageError(
                f"Something could not be read or written: {trouble}.",
                "Free some space, or mend the permissions.",
            )
        )
        code = StorageError.exit_code
    # A defect: the user is owed a sentence and an exit code for it too, not a traceback.
    except Exception as error:
        if debug:
            raise
        name = type(error).__name__
        show_error(HinterlandError(f"A defect stopped this command ({name}: {error}).", _REPORT))
        code = HinterlandError.exit_code
    sys.exit(code)


def _prepare_streams() -> None:
    """Make text UTF-8 in pipes and files whatever the locale, and "?" what a terminal lacks; open
    what the caller has closed, before a socket takes its number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - open to the end
        elif isinstance(stream, io.TextIOWrapper):
            if not stream.isatty():
                stream.reconfigure(encoding="utf-8")
            stream.reconfigure(errors="strict" if name == "stdin" else "replace")


def _give_up_stdout() -> None:
    """Point standard output elsewhere, so that the interpreter's last flush does not fail too."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run(arguments: list[str]) -> int:
    interface_language.translate(hint)
    try:
        if "_HINT_COMPLETE" in os.environ:  # a shell asks for completions
            hint.main(arguments, prog_name="hint")
        # Not `hint.main`: it swallows a closed pipe and ends with 1.
        with hint.make_context("hint", [*arguments]) as context:
            result: Any = hint.invoke(context)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.exceptions.Exit as leave:
        return leave.exit_code
    return result if isinstance(result, int) else 0


def show_error(error: HinterlandError) -> None:
    """Write one sentence and its hint to standard error."""
    from hinterland import remedies
    from hinterland.sentences import translated
    from hinterland.text import clean_line

    click.echo(f"hint: {clean_line(translated(error.message), 600)}", err=True)
    if error.hint:
        hinted = remedies.of_error(translated(error.hint))
        click.echo(f"      {clean_line(hinted, 600)}", err=True)

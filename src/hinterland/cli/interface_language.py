"""The language of the interface as the settings have it, known before anything is said.

It is looked up without the settings' own modules: they would make `hint --help` a quarter slower.
"""

from __future__ import annotations

import inspect
import os
import sys
from typing import TYPE_CHECKING

from hinterland import language
from hinterland.language import N_, _, n_

if TYPE_CHECKING:
    import click


def choose() -> None:
    """Use the language that the settings name; it is left to the environment when they name none.

    What is wrong with the settings is told by the commands that need them.
    """
    language.choose(_set())
    if language.catalogue() is None:
        return
    import gettext

    # click looks its own words up in the domain there is, in the language of the environment.
    os.environ["LANGUAGE"] = ":".join(language.wanted())
    gettext.bindtextdomain(language.DOMAIN, language.CATALOGUES)
    gettext.textdomain(language.DOMAIN)


def _set() -> str:
    try:
        with open(settings_file(), "rb") as file:
            text = file.read()
    except OSError:
        return ""
    if b"language" not in text:
        return ""
    from hinterland import toml_text

    try:
        chosen = toml_text.loads(text).get("ui", {}).get("language", "")
    except (ValueError, AttributeError):
        return ""
    return chosen if isinstance(chosen, str) and language.known(chosen) else ""


def settings_file() -> str:
    """Return where `hinterland.paths` has the settings, without importing anything for it."""
    if home := os.environ.get("HINTERLAND_HOME"):
        return os.path.join(os.path.expanduser(home), "config", "config.toml")
    if sys.platform == "darwin":
        folder = os.path.expanduser("~/Library/Application Support")
    else:
        folder = os.environ.get("XDG_CONFIG_HOME", "").strip()
        if not os.path.isabs(folder):  # it does not count
            folder = os.path.expanduser("~/.config")
    return os.path.join(folder, "hinterland", "config.toml")


def translate(command: click.Command) -> None:
    """Put the help of a command, its options and its own commands into the interface's language; a
    list of commands has whole sentences, where click would end them in three dots."""
    if language.catalogue() is not None:
        _translate(command)
    _summarise(command)


def _summarise(command: click.Command) -> None:
    for each in getattr(command, "commands", {}).values():
        each.short_help = each.get_short_help_str(limit=1000)
        _summarise(each)


def _translate(command: click.Command) -> None:
    command.help = command.help and _(inspect.cleandoc(command.help))
    for parameter in command.params:
        told = getattr(parameter, "help", None)
        if told:
            setattr(parameter, "help", _(told))  # noqa: B010 - arguments have none
    for each in getattr(command, "commands", {}).values():
        _translate(each)


def click_texts() -> None:
    """What click says itself, for the catalogues."""
    N_("Usage:")
    N_("Options")
    N_("Commands")
    N_("Show this message and exit.")
    N_("Show the version and exit.")
    N_("Error: {message}")
    N_("Try '{command} {option}' for help.")
    N_("Missing command.")
    N_("Missing argument")
    N_("Missing option")
    N_("Missing parameter")
    N_("No such command {name!r}.")
    N_("No such option {name!r}.")
    N_("Option {name!r} does not take a value.")
    N_("Invalid value: {message}")
    N_("Invalid value for {param_hint}: {message}")
    N_("{value!r} is not a valid {number_type}.")
    N_("{value} is not in the range {range}.")
    N_("{name} {filename!r} does not exist.")
    N_("{name} {filename!r} is a directory.")
    N_("{name} {filename!r} is not readable.")
    N_("file")
    N_("File")
    N_("default: {default}")
    N_("Aborted!")
    N_("Error: invalid input")
    n_("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)", 1)
    n_("{value!r} is not {choice}.", "{value!r} is not one of {choices}.", 1)
    n_("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})", 1)
    n_("Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments.", 1)

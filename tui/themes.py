"""What the chat wears: the terminal's own colours, none, or a palette of `themes.toml`."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec
from rich.terminal_theme import TerminalTheme
from textual.app import App
from textual.filter import ANSIToTruecolor, LineFilter, NoColor

from hinterland.errors import ConfigError

TERMINAL, NONE = "terminal", "none"
_DATA = Path(__file__).with_name("themes.toml")
_WITHOUT_COLOURS = re.compile(r"vt\d+|.*-m(ono)?$")
"""Terminals that have none; those that say `NO_COLOR` are asked by Textual itself."""


class Palette(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A theme's colours, each `#rrggbb`."""

    background: str
    foreground: str
    colors: tuple[str, ...]
    """The terminal's sixteen, in their order."""

    def __post_init__(self) -> None:
        colours = (self.background, self.foreground, *self.colors)
        if len(self.colors) != 16 or not all(re.fullmatch("#[0-9a-f]{6}", c) for c in colours):
            raise ValueError("sixteen colours of the form #rrggbb are needed")


def palettes(path: Path = _DATA) -> dict[str, Palette]:
    """Return the palettes by name; raises ConfigError for a file that cannot be used."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), dict[str, Palette])
    except (OSError, ValueError) as error:
        raise ConfigError(f"The themes in {path} cannot be used: {error}.") from error


def suits(theme: str) -> str:
    """Return the theme to wear where `theme` is wanted: a terminal without colours gets none."""
    return NONE if _WITHOUT_COLOURS.fullmatch(os.environ.get("TERM", "")) else theme


class _Wearing(ANSIToTruecolor):
    """The terminal's sixteen colours, which is all the screens know, as those of a palette."""


def wear(app: App[Any], filters: list[LineFilter], theme: str) -> None:
    """Show everything in a theme from now on, through the app's `filters`; raises ConfigError.
    NO_COLOR wins, whatever is said."""
    kept = [each for each in filters if not isinstance(each, NoColor | _Wearing)]
    if theme == NONE or app.no_color:
        kept.append(NoColor())
    elif theme != TERMINAL:
        kept.append(_Wearing(_terminal_theme(palettes()[theme])))
    filters[:] = kept
    app.refresh_css(animate=False)


def _terminal_theme(palette: Palette) -> TerminalTheme:
    def rgb(colour: str) -> tuple[int, int, int]:
        return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)

    colours = [rgb(colour) for colour in palette.colors]
    return TerminalTheme(rgb(palette.background), rgb(palette.foreground), colours[:8], colours[8:])

"""Whether we put right-to-left text in order ourselves: most terminals show characters as they come.

A terminal that does it itself must not get it twice, and says nowhere that it does.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from enum import Enum

from rich.segment import Segment
from textual.strip import Strip

from hinterland.config import Config

_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)


class Shaping(Enum):
    """The setting `ui.shaping`."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"

    def shape(
        self, strips: list[Strip], width: int, gutter: int = 0, *, code: bool = False
    ) -> list[Strip]:
        """Return lines of text as they are to be seen, right-to-left paragraphs at the right.

        The first `gutter` cells stay where they are; code keeps its lines from left to right.
        """
        if not any(_RIGHT_TO_LEFT.search(strip.text) for strip in strips):
            return strips
        if self is Shaping.OFF or (self is Shaping.AUTO and not wanted(os.environ)):
            return strips
        from hinterland.tui import bidi

        return bidi.shape(strips, width, gutter, code=code)

    def line(self, text: str) -> str:
        """Return one line that runs from left to right, with what is in it as it is to be seen."""
        strips = self.shape([Strip([Segment(text)])], 0) if _RIGHT_TO_LEFT.search(text) else []
        return strips[0].text if strips else text


def of_settings(app: object) -> Shaping:
    """Return what an app's settings say."""
    config = getattr(app, "config", None)
    return Shaping(config.ui.shaping) if isinstance(config, Config) else Shaping.AUTO


# Terminals known to show text in the order it is written. Others either put it in order themselves
# (GNOME's and all of VTE, Konsole, mlterm, mintty, Terminal.app), do half of it (kitty) or are unknown.
_KINDS = ("alacritty", "foot", "linux", "rxvt", "st", "xterm-foot", "wezterm")
_PROGRAMS = ("alacritty", "vscode", "wezterm")


def wanted(environment: Mapping[str, str]) -> bool:
    """Whether the terminal is known to leave the order of text to us; unknown ones are left alone.

    Within tmux and screen nothing is known of the terminal around them.
    """
    kind = environment.get("TERM", "")
    if "TMUX" in environment or "STY" in environment or kind.startswith(("tmux", "screen")):
        return False
    program = environment.get("TERM_PROGRAM", "").lower()
    return (
        any(kind == name or kind.startswith(f"{name}-") for name in _KINDS)
        or program in _PROGRAMS
        or "XTERM_VERSION" in environment
    )

"""One line on standard error that says what is being waited for, gone when the answer begins."""

from __future__ import annotations

import os
import sys

from hinterland.engine.protocol import Event, Loading, PromptProgress, Queued, ReasoningDelta
from hinterland.language import _
from hinterland.text import clean_line

_LONG_PROMPT = 512  # tokens; shorter ones are read before anybody could read the line


class ProgressLine:
    """Silent where standard error is not a terminal that can erase a line."""

    def __init__(self, quiet: bool = False) -> None:
        dumb = os.environ.get("TERM", "dumb") == "dumb"
        self._shown = ""
        self._on = not quiet and not dumb and sys.stderr.isatty()

    def show(self, event: Event) -> None:
        """Show what `event` says of the wait; any other event takes the line away."""
        match event:
            case Loading(model, progress):
                done = "" if progress is None else f" {progress:.0%}"
                self.say(
                    _("loading {model}{done} …").format(model=clean_line(model, 60), done=done)
                )
            case Queued(position):
                self.say(_("waiting: {position} in line …").format(position=position))
            case PromptProgress(done, total):
                if total >= _LONG_PROMPT:
                    said = _("reading the prompt: {done} of {total} tokens …")
                    self.say(said.format(done=done, total=total))
            case ReasoningDelta():
                self.say(_("thinking …"))
            case _:
                self.clear()

    def say(self, text: str) -> None:
        """Show `text` in place of what the line said before."""
        if self._on and text != self._shown:
            self._shown = text
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()

    def clear(self) -> None:
        """Take the line away."""
        if self._shown:
            self._shown = ""
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def duration(seconds: float) -> str:
    """Return a length of time in two units at most, such as `3 h 20 min`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    units = ((days, "d"), (hours, "h"), (minutes, "min"), (rest, "s"))
    first = next((place for place, (count, _unit) in enumerate(units) if count), 3)
    said = [f"{count} {unit}" for count, unit in units[first : first + 2] if count]
    return " ".join(said) or "0 s"


def columns() -> int:
    """Return how wide the terminal of standard error is, 80 where that is none."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns
    except OSError:
        return 80

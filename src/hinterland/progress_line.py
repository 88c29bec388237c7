"""One line on standard error that says what is being waited for, gone when the answer begins."""

from __future__ import annotations

import os
import sys
import time

from hinterland.engine.protocol import Event, Loading, PromptProgress, Queued, ReasoningDelta
from hinterland.language import _
from hinterland.text import clean_line

_LONG_PROMPT = 512  # tokens; shorter ones are read before anybody could read the line
_UNSURE, _SOON = 1.5, 10.0
"""A wait may be so many times as long as expected, and so many seconds, before that is said."""
_SAID_EVERY = 20.0
"""Seconds between two lines on a wait that has not changed, where none can be erased."""


class ProgressLine:
    """Silent where standard error is no terminal. One that cannot erase a line is told of a wait in
    line, in lines, and of nothing else."""

    def __init__(self, quiet: bool = False) -> None:
        dumb = os.environ.get("TERM", "dumb") == "dumb"
        self._shown = ""
        terminal = not quiet and sys.stderr.isatty()
        self._on = terminal and not dumb
        self._in_lines = Waits() if terminal and dumb else None

    def show(self, event: Event) -> None:
        """Show what `event` says of the wait; any other event takes the line away."""
        match event:
            case Loading(model, progress):
                done = "" if progress is None else f" {progress:.0%}"
                self.say(
                    _("loading {model}{done} …").format(model=clean_line(model, 60), done=done)
                )
            case Queued() if self._in_lines is not None:
                if self._in_lines.is_news(event):
                    sys.stderr.write(f"hint: {in_line(event)}\n")
                    sys.stderr.flush()
            case Queued():
                self.say(_("waiting: {place} …").format(place=in_line(event)))
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


class Waits:
    """What was said of a wait, where every time is a line more."""

    def __init__(self) -> None:
        self._position = 0
        self._said_at = 0.0

    def is_news(self, queued: Queued) -> bool:
        """Whether to say it: another place in line, or long after it was said last."""
        now = time.monotonic()
        if queued.position == self._position and now - self._said_at < _SAID_EVERY:
            return False
        self._position, self._said_at = queued.position, now
        return True


def in_line(queued: Queued) -> str:
    """Return the place in line and how long it will take, as far as that is known, in words."""
    if queued.position <= 1:
        place = _("next in line")
    else:
        place = _("number {position} in line").format(position=queued.position)
    if queued.expected is None:
        return place
    said = {"place": place, "time": duration(_rough(queued.expected))}
    if queued.perhaps is None or queued.perhaps < max(_UNSURE * queued.expected, _SOON):
        return _("{place}, about {time}").format(**said)
    return _("{place}, about {time} to {most}").format(
        **said, most=duration(_rough(queued.perhaps))
    )


def _rough(seconds: float) -> float:
    """Return a length of time as exactly as anybody can know it."""
    for below, step in ((10, 1), (60, 5), (300, 15)):
        if seconds < below:
            return max(1, step * round(seconds / step))
    return 60 * round(seconds / 60)


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

"""An answer on a terminal: rows are appended, and only those that changed are drawn again.

A frame is one write of at most twenty a second. It moves the cursor up only when a row that is
still being written has to change, and never further than the screen reaches; nothing is cleared
before it is rewritten, so nothing flickers, and the scrollback holds every row once.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from typing import TextIO

from hinterland.cli.answer.inline import (
    BOLD,
    CODE,
    DIM,
    HEADING,
    ITALIC,
    STRIKE,
    UNDERLINE,
    Row,
)
from hinterland.cli.answer.lines import Lines
from hinterland.errors import StorageError
from hinterland.text import clean

_FRAME = 0.05  # seconds between two frames
_SHARE = 5  # a frame that took long to lay out is followed by a pause of this many times that
_WIDEST = 100  # columns of text; longer lines are hard to read

_ATTRIBUTES = ((BOLD, "1"), (DIM, "2"), (ITALIC, "3"), (UNDERLINE, "4"), (STRIKE, "9"))
_COLOURS = ((CODE, "36"), (HEADING, "35"))


class Painter:
    """Knows which rows are on the screen, and makes the bytes that bring it up to date."""

    def __init__(self, *, colour: bool) -> None:
        self._codes = _ATTRIBUTES + (_COLOURS if colour else ())
        self._live: list[Row] = []
        self._last: Row | None = None
        """The row that the cursor is in, where it is known to be all there is in it."""
        self._at_start = True
        """The cursor is at the start of an empty row."""

    def frame(self, done: list[Row], live: list[Row], height: int) -> str:
        """Return what to write so that `done` and `live` stand below the rows done before."""
        rows = done + live
        old = self._live
        same = 0
        while same < min(len(old), len(rows)) and old[same].runs == rows[same].runs:
            same += 1
        out = ""
        if same < len(old):
            more = None
            if same == len(old) - 1 and same < len(rows):
                more = _extension(old[same], rows[same])
            if more is None:
                out = self._redraw(rows, same, len(old), height)
                same = len(rows)
            else:
                out = self._text(more)
                same += 1
        for row in rows[same:]:
            out += ("" if self._at_start else "\n") + self._text(row.runs)
            self._at_start = False
        self._live = live
        self._last = rows[-1] if rows else None if self._at_start else self._last
        return out

    def keep(self, *, but_last: bool = False) -> None:
        """Leave the live rows on the screen as they are; the next row goes below them."""
        self._live = self._live[-1:] if but_last else []
        self._last = None

    def leave(self) -> str:
        """Return what puts the cursor on an empty row below; the next row goes there."""
        out = "" if self._at_start else "\n"
        self._live, self._last, self._at_start = [], None, True
        return out

    def last_row_again(self) -> str:
        """Return what draws the cursor's row anew, over what the terminal echoed into it."""
        if self._last is None or self._last.verbatim:
            return "\r\x1b[K" if self._at_start else ""
        return f"\r{self._text(self._last.runs)}\x1b[K"

    def _redraw(self, rows: list[Row], same: int, shown: int, height: int) -> str:
        up = shown - 1 - same
        reach = max(0, min(up, height - 1))
        same += up - reach  # rows above the screen stay as they are
        out = (f"\x1b[{reach}A" if reach else "") + "\r"
        out += "\n".join(self._text(row.runs) + "\x1b[K" for row in rows[same:])
        self._at_start = same >= len(rows)
        return out + ("\x1b[J" if len(rows) < shown else "")

    def _text(self, runs: tuple[tuple[str, int], ...]) -> str:
        out = ""
        for text, style in runs:
            codes = ";".join(code for flag, code in self._codes if style & flag)
            out += f"\x1b[{codes}m{text}\x1b[m" if codes else text
        return out


def _extension(old: Row, new: Row) -> tuple[tuple[str, int], ...] | None:
    """Return what `new` has after all of `old`; None when it does not begin like `old`."""
    if not old.runs:
        return new.runs
    last = len(old.runs) - 1
    if len(new.runs) <= last or new.runs[:last] != old.runs[:last]:
        return None
    (before, style), (after, new_style) = old.runs[last], new.runs[last]
    if style != new_style or not after.startswith(before):
        return None
    more = ((after[len(before) :], style),) if len(after) > len(before) else ()
    return more + new.runs[last + 1 :]


class TerminalView:
    """Markdown on a terminal; without a running event loop every write draws a frame."""

    def __init__(self, stream: TextIO, send: Callable[[str], None], *, colour: bool) -> None:
        self._stream = stream
        self._send = send
        encoding = (stream.encoding or "").lower()
        columns, height = self._size()
        self._size_before = (columns, height)
        self._lines = Lines(_room(columns), height, unicode=encoding.startswith("utf"))
        self._painter = Painter(colour=colour)
        self._waiting: list[str] = []
        self._next_frame = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._failure: StorageError | BrokenPipeError | None = None
        self._wrote = False

    def write(self, text: str) -> None:
        """Take in a piece of the answer; it is on the screen within a frame."""
        self._raise_failure()
        self._waiting.append(clean(text))
        pause = self._next_frame - time.monotonic()
        if pause <= 0:
            self._draw()
        elif self._timer is None:
            try:
                loop = asyncio.get_running_loop()
            except RuntimeError:
                self._draw()
            else:
                self._timer = loop.call_later(pause, self._tick)

    def make_way(self) -> None:
        """Leave what is shown where it is, and the cursor below it: what is to come begins a row."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._raise_failure()
        self._draw()
        self._lines.keep()
        out = self._painter.leave()
        if out:
            self._send(out)

    def finish(self, interrupted: bool = False) -> None:
        """Show what is left and end the last row; `interrupted` says that Ctrl-C was echoed."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._raise_failure()
        again = self._painter.last_row_again() if interrupted else ""
        if again:
            self._send(again)
        self._draw(final=True)
        if self._wrote:
            self._wrote = False
            self._send("\n")

    def _tick(self) -> None:
        self._timer = None
        try:
            self._draw()
        except (StorageError, BrokenPipeError) as error:  # told to whoever writes next
            self._failure = error

    def _raise_failure(self) -> None:
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def _draw(self, final: bool = False) -> None:
        began = time.monotonic()
        self._follow_size()
        self._lines.take("".join(self._waiting))
        self._waiting.clear()
        if final:
            self._lines.finish()
        done, self._lines.done = self._lines.done, []
        out = self._painter.frame(done, self._lines.live(), self._lines.height)
        if out:
            self._wrote = True
            self._send(out)
        now = time.monotonic()
        self._next_frame = now + max(_FRAME, _SHARE * (now - began))

    def _follow_size(self) -> None:
        size = self._size()
        if size == self._size_before:
            return
        if size[0] != self._size_before[0]:
            # Where a terminal puts rows when its width changes is its own affair: they stay.
            self._lines.keep()
            self._painter.keep(but_last=self._lines.in_code)
            self._lines.width = _room(size[0])
        self._lines.height = size[1]
        self._size_before = size

    def _size(self) -> tuple[int, int]:
        """Return the terminal's columns and rows; a serial console often tells neither."""
        try:
            columns, rows = os.get_terminal_size(self._stream.fileno())
        except OSError:
            columns, rows = 0, 0
        return columns or 80, rows or 24


def _room(columns: int) -> int:
    # The last column stays free: terminals differ in where the cursor is after filling it.
    return max(8, min(columns - 1, _WIDEST))

"""The terminal as a driver that notices when it has gone: no input, no process left behind.

Textual's own driver reads the end of the file over and over, and stops drawing for good when one
write fails.
"""

from __future__ import annotations

import os
import re
import select
import signal
import sys
import time
from threading import Thread
from typing import TYPE_CHECKING, Any, TextIO, cast

import textual.drivers.linux_driver
from textual import events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual.drivers.linux_driver import LinuxDriver
from textual.keys import Keys
from textual.message import Message

from hinterland.tui.bursts import BurstParser
from hinterland.tui.line import QUESTION, RoundTrip
from hinterland.tui.messages import HungUp, LineMeasured

if TYPE_CHECKING:
    from textual.app import App

# Alt+Enter as terminals send it, which Textual takes for Enter: it would send half a prompt.
for _alt_enter in ("\x1b\r", "\x1b\n"):
    cast("dict[str, Any]", ANSI_SEQUENCES_KEYS).setdefault(_alt_enter, (Keys.ControlJ,))

# The driver makes its parser itself, from this name.
textual.drivers.linux_driver.XTermParser = BurstParser  # type: ignore[attr-defined] # not exported

_OLD = re.compile(r"linux|screen|vt\d|ansi")
"""Terminals that know no more than the VT220, or may stand before one that does not."""
_TIME_TO_END = 0.7
"""Seconds between the terminal's end and ours, tidy or not."""


class Terminal(LinuxDriver):
    """Draws on standard output, reads standard input, and ends the app when they hang up."""

    def __init__(
        self,
        app: App[Any],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._file = cast("Any", _Output(cast("TextIO", sys.__stdout__)))
        self._watch: Thread | None = None
        self._round_trip = RoundTrip()

    def start_application_mode(self) -> None:
        super().start_application_mode()  # type: ignore[no-untyped-call] # untyped there
        if self._watch is None:
            self._watch = Thread(target=self._wait_for_hang_up, name="hang-up", daemon=True)
            self._watch.start()

    def run_input_thread(self) -> None:
        try:
            super().run_input_thread()
        except OSError:  # EIO: the other side of the terminal is closed
            self._hang_up()

    def measure(self) -> None:
        """Ask the terminal something; a LineMeasured follows if it answers."""
        self._round_trip.asked(time.monotonic())
        self.write(QUESTION)

    def report_no_motion(self) -> None:
        """Have the mouse say where it clicks, not wherever it moves."""
        if self._mouse:
            self.write("\x1b[?1003l")

    def process_message(self, message: Message) -> None:
        if not isinstance(message, events.CursorPosition):
            super().process_message(message)
        elif self._round_trip.waiting:
            slow = self._round_trip.answered(time.monotonic())
            if slow is None:
                self.measure()
            else:
                self._app.post_message(LineMeasured(slow))

    def _request_terminal_sync_mode_support(self) -> None:
        if not _OLD.match(os.environ.get("TERM", "")):  # they would show the end of the question
            super()._request_terminal_sync_mode_support()

    def _query_in_band_window_resize(self) -> None:
        if not _OLD.match(os.environ.get("TERM", "")):
            super()._query_in_band_window_resize()

    def _wait_for_hang_up(self) -> None:
        terminal = select.poll()
        terminal.register(self.fileno, 0)  # a hang-up is reported unasked
        for _, happened in terminal.poll():
            if happened & (select.POLLHUP | select.POLLERR):
                self._hang_up()
                time.sleep(_TIME_TO_END)
                os._exit(128 + signal.SIGHUP)

    def _hang_up(self) -> None:
        self._app.post_message(HungUp(signal.SIGHUP))


class _Output:
    """Standard output that takes what is written after the terminal's end without complaint."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._gone = False

    def write(self, text: str) -> None:
        self._do(self._file.write, text)

    def flush(self) -> None:
        self._do(self._file.flush)

    def fileno(self) -> int:
        return self._file.fileno()

    def _do(self, action: Any, *arguments: str) -> None:
        if self._gone:
            return
        try:
            action(*arguments)
        except UnicodeEncodeError:
            encoding = self._file.encoding
            self._do(
                action, *(text.encode(encoding, "replace").decode(encoding) for text in arguments)
            )
        except OSError:
            self._gone = True

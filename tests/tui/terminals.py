"""A real terminal with `hint` in it: a pseudo-terminal, and an emulator that says what it shows."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

import pexpect
import psutil
import pyte

from tests.running import hint_command

PATIENCE = 60.0
"""Seconds until a test that waits for something gives up."""
_GRACE = 10.0
"""Seconds that a program has to end by itself when its terminal is closed."""


# A process of another session is sent no signal when the terminal goes away.
_IN_ITS_OWN_SESSION = """
import os, sys
if child := os.fork():
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
os.setsid()
os.execv(sys.argv[1], sys.argv[1:])
"""


class RealTerminal:
    """Runs a command line; `screen` is what a person would see."""

    def __init__(
        self,
        *arguments: str,
        columns: int = 80,
        rows: int = 24,
        own_session: bool = False,
        behind: Sequence[str] = (),
        instead: Sequence[str] = (),
        answers: bool = False,
        **environment: str,
    ) -> None:
        """`behind` is put before the command line, `instead` is run in its place; with `answers` it
        says where its cursor is when it is asked, as terminals do."""
        program, *rest = instead or [*behind, *hint_command(*arguments)]
        if own_session:
            rest = ["-c", _IN_ITS_OWN_SESSION, program, *rest]
        without = {"NO_COLOR", "COLUMNS", "LINES"}
        kept = {name: value for name, value in os.environ.items() if name not in without}
        self._own_session = own_session
        self._answers = answers
        self.written = b""
        self.process = pexpect.spawn(
            program,
            rest,
            env=kept | {"TERM": "xterm-256color"} | environment,
            dimensions=(rows, columns),
        )
        self._screen = pyte.Screen(columns, rows)
        self._emulator = pyte.ByteStream(self._screen)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.process.closed:
            return
        self._close()
        with suppress(psutil.NoSuchProcess):
            running = psutil.Process(self.process.pid)
            try:
                running.wait(timeout=_GRACE)
            except psutil.TimeoutExpired:
                running.kill()
                running.wait(timeout=PATIENCE)

    def _close(self) -> None:
        """Close the terminal, and wait for nothing: pexpect gives what runs in it 0.4 seconds."""
        self.process.ptyproc.fileobj.close()
        self.process.closed = self.process.ptyproc.closed = True

    @property
    def screen(self) -> str:
        return "\n".join(self._screen.display)

    def type(self, text: str) -> None:
        self.process.send(text)

    def paste(self, text: str) -> None:
        self.process.send(f"\x1b[200~{text}\x1b[201~")

    def spoil(self) -> None:
        """Lose what is on the screen, as to a message of the system's."""
        self._screen.reset()

    def resize(self, columns: int, rows: int) -> None:
        self._screen.resize(rows, columns)
        self.process.setwinsize(rows, columns)

    def until(self, true: Callable[[], object]) -> None:
        """Read until something is true; fails with the screen when it does not become so."""
        deadline = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < deadline, f"never came true; the screen was\n{self.screen}"
            try:
                data = self.process.read_nonblocking(65536, timeout=0.1)
            except pexpect.TIMEOUT:
                continue
            except pexpect.EOF as end:
                raise AssertionError(f"it ended; the screen was\n{self.screen}") from end
            self.written += data
            self._emulator.feed(data)
            if self._answers:
                self.process.send("\x1b[1;1R" * data.count(b"\x1b[6n"))

    def sees(self, *texts: str) -> None:
        """Read until all of these are on the screen."""
        self.until(lambda: all(text in self.screen for text in texts))

    def ended(self) -> int:
        """Read to the end and return the exit code."""
        self.process.expect(pexpect.EOF, timeout=PATIENCE)
        self.written += self.process.before
        self.process.wait()  # what closes its terminal before it ends would be ended by a signal
        self._close()
        assert self.process.exitstatus is not None
        return int(self.process.exitstatus)

    def hang_up(self) -> psutil.Process:
        """Take the terminal away, as a lost connection does, and return what runs on without it."""
        running = psutil.Process(self.process.pid)
        if self._own_session:
            (running,) = running.children()
        self._close()
        return running

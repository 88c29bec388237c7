"""Questions that are asked in a process of their own, because what answers them may crash or hang."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time

from hinterland.paths import environment

PATIENCE = 4.0
"""Seconds from the start of the report until every child has answered or is given up."""


class Child:
    """A program that is started at once and asked for its output later."""

    def __init__(self, command: list[str], patience: float = PATIENCE) -> None:
        self.failure = ""
        """Why there is no answer: the system's reason, a signal's name, or `timeout`."""
        self._until = time.monotonic() + patience
        self._answer: bytes | None = None
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                cwd="/",
                env=environment(),
            )
        except OSError as error:
            self.failure = error.strerror or str(error)

    def answer(self) -> bytes:
        """Return what it wrote to standard output before it ended or was given up."""
        if self._process is None:
            return b""
        if self._answer is None:
            try:
                self._answer, _ = self._process.communicate(
                    timeout=max(0.0, self._until - time.monotonic())
                )
            except subprocess.TimeoutExpired as late:
                self._answer = late.output or b""
                self.failure = "timeout"
                self.end()
            code = self._process.returncode
            if not self.failure and code:
                self.failure = _signal(-code) if code < 0 else f"exit code {code}"
        return self._answer

    def end(self) -> None:
        """End the program and what it started, if it still runs."""
        if self._process is None:
            return
        if self._process.poll() is None:
            with contextlib.suppress(OSError):  # it has ended meanwhile
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"

"""The end of a chat in lines whose terminal has gone, also where no signal tells: as in a session of
its own, behind `sudo` or in a container."""

from __future__ import annotations

import os
import select
import signal
import sys
from threading import Thread

EXIT_CODE = 128 + signal.SIGHUP


def end_with_terminal() -> None:
    """End this process when standard input hangs up; an answer that is kept goes on in the engine."""
    Thread(target=_wait, args=(sys.stdin.fileno(),), name="hang-up", daemon=True).start()


def _wait(terminal: int) -> None:
    poll = select.poll()
    poll.register(terminal, 0)  # a hang-up is reported unasked
    for _, happened in poll.poll():
        if happened & (select.POLLHUP | select.POLLERR):
            os._exit(EXIT_CODE)

"""A worker dies with the service that started it, however that one ended.

The service holds the other end of the worker's standard input: when it goes away the worker reads
end-of-file. On Linux the kernel is also asked to kill the worker, which works while it is loading.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Callable

READY = b"ready\n"
"""The only thing a worker writes to standard output."""

_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def hold() -> Callable[[], None]:
    """Tie this process to its parent's life; return what tells the parent that it may be asked.

    Standard output is kept for that: whatever a library prints goes to standard error, the log.
    """
    output = keep_output()
    die_with_parent()
    threading.Thread(target=_end_with_input, name="lifeline", daemon=True).start()

    def say_ready() -> None:
        os.write(output, READY)

    return say_ready


def keep_output() -> int:
    """Point standard output at the log and return a descriptor of what it was, for `READY`."""
    output = os.dup(1)
    os.dup2(2, 1)
    return output


def die_with_parent() -> None:
    """Ask the kernel to kill this process when its parent ends; only Linux can. It outlives exec."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _end_with_input() -> None:
    while os.read(0, 4096):
        pass
    os._exit(0)

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

READY = b"ready\n"
"""The only thing a worker writes to standard output."""

_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def hold() -> None:
    """Tie this process to its parent's life."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    threading.Thread(target=_end_with_input, name="lifeline", daemon=True).start()


def say_ready() -> None:
    """Tell the service that this worker may be asked."""
    os.write(1, READY)


def _end_with_input() -> None:
    while os.read(0, 4096):
        pass
    os._exit(0)

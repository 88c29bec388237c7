"""What was typed behind `hint ask` is for nobody else: a process list shows it to the whole machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence


def hide(arguments: Sequence[str]) -> None:
    """Blank this process's command line behind the command's name, as other people see it.

    `arguments` are those of `hint`. Linux alone can; elsewhere, and where it will not, nothing is done:
    what could be seen before this ran could be seen anyway.
    """
    if sys.platform != "linux":
        return
    shown = sys.orig_argv[: len(sys.orig_argv) - len(arguments) + 1]
    kept = sum(len(os.fsencode(word)) + 1 for word in shown)
    try:
        with open("/proc/self/stat", "rb") as file:
            # Behind the name, which may hold anything; arg_start and arg_end, see proc(5).
            start, end = map(int, file.read().rpartition(b")")[2].split()[45:47])
        if end - start <= kept:
            return
        memory = os.open("/proc/self/mem", os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.pwrite(memory, bytes(end - start - kept), start + kept)
        finally:
            os.close(memory)
    except (OSError, ValueError):
        return

"""Keys typed while a chat in lines is busy: they wait as they are for the line that is read next."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

_ENDS = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def kept() -> Iterator[None]:
    """Have every key wait until readline reads the next line; nothing changes where it reads none.

    A terminal left to gather lines itself takes Ctrl-D for the end of one: once readline takes over,
    a NUL stands in its place, and who pressed it while an answer came would wait for the chat to end.
    """
    if not _reads_lines():
        yield
        return
    import termios

    keyboard = sys.stdin.fileno()
    before = termios.tcgetattr(keyboard)
    mode = termios.tcgetattr(keyboard)
    mode[3] &= ~termios.ICANON
    mode[6][termios.VMIN], mode[6][termios.VTIME] = 1, 0

    def restore() -> None:
        with suppress(OSError, termios.error):  # the terminal may be gone
            termios.tcsetattr(keyboard, termios.TCSANOW, before)

    def end(number: int, _frame: FrameType | None) -> None:
        restore()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    ignored = {number for number in _ENDS if signal.getsignal(number) is signal.SIG_IGN}
    for number in set(_ENDS) - ignored:
        signal.signal(number, end)
    termios.tcsetattr(keyboard, termios.TCSANOW, mode)  # the others would lose or delay keys
    try:
        yield
    finally:
        restore()
        for number in set(_ENDS) - ignored:
            signal.signal(number, signal.SIG_DFL)


def _reads_lines() -> bool:
    """Whether `input` has GNU readline read lines: Python takes it with a terminal on both sides."""
    readline = sys.modules.get("readline")
    ours = readline is not None and "libedit" not in (readline.__doc__ or "")
    return ours and sys.stdin.isatty() and sys.stdout.isatty()

"""A bad line: runs a command in a terminal behind one that is slow both ways.

`python tests/bad_line.py [--rate 8192] [--delay 0.15] COMMAND …`: what the command writes and what is
typed arrive so many seconds later, at so many bytes a second. What is on its way is kept in order.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import select
import signal
import sys
import termios
import time
import tty
from collections import deque

_AT_ONCE = 256  # bytes
_MOST_WAITING = 0.5  # seconds of writing that wait for the line before the command has to wait


class Way:
    """One direction."""

    def __init__(self, source: int, target: int, rate: float, delay: float) -> None:
        self.source, self._target, self._rate, self._delay = source, target, rate, delay
        self._under_way: deque[tuple[float, bytes]] = deque()
        self._free_at = 0.0

    def open(self) -> bool:
        """Whether the line takes more."""
        return self._free_at - time.monotonic() < _MOST_WAITING

    def read(self) -> bool:
        """Take in what there is; return whether the source goes on."""
        try:
            data = os.read(self.source, _AT_ONCE)
        except OSError:
            return False
        self._free_at = max(self._free_at, time.monotonic()) + len(data) / self._rate
        self._under_way.append((self._free_at + self._delay, data))
        return bool(data)

    def deliver(self) -> float:
        """Pass on what has arrived; return the seconds until more does."""
        while self._under_way:
            due, data = self._under_way[0]
            if (wait := due - time.monotonic()) > 0:
                return wait
            self._under_way.popleft()
            while data:
                data = data[os.write(self._target, data) :]
        return 1.0


def relay(command: list[str], rate: float, delay: float) -> int:
    """Run the command behind the line and return its exit code."""
    child, inside = pty.fork()
    if child == 0:
        os.execvp(command[0], command)

    def follow_size(*_: object) -> None:
        size = fcntl.ioctl(0, termios.TIOCGWINSZ, b"\0" * 8)
        fcntl.ioctl(inside, termios.TIOCSWINSZ, size)

    follow_size()
    signal.signal(signal.SIGWINCH, follow_size)
    before = termios.tcgetattr(0)
    tty.setraw(0)
    up, down = Way(0, inside, rate, delay), Way(inside, 1, rate, delay)
    sources = [up, down]
    try:
        while down in sources:
            ready, _, _ = select.select(
                [way.source for way in sources if way.open()],
                [],
                [],
                min(0.05, *(way.deliver() for way in (up, down))),
            )
            sources = [way for way in sources if way.source not in ready or way.read()]
            if up not in sources:  # nobody is there any more
                break
        while up in sources and (wait := down.deliver()) < 1.0:
            time.sleep(wait)
        termios.tcsetattr(0, termios.TCSADRAIN, before)
    except OSError:
        pass  # the terminal has gone, and the command's goes with it
    os.close(inside)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main() -> None:
    """Run a command behind a bad line."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rate", type=float, default=8192.0, help="bytes a second, each way")
    options.add_argument("--delay", type=float, default=0.15, help="seconds, each way")
    options.add_argument("command", nargs=argparse.REMAINDER)
    chosen = options.parse_args()
    sys.exit(relay(chosen.command, chosen.rate, chosen.delay))


if __name__ == "__main__":
    main()

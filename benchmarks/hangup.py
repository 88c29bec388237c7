"""How long `hint chat` goes on when its terminal has gone.

`python benchmarks/hangup.py [--times 5] [--json]` takes the terminal away from the chat while an
answer is written, with the signal that a lost connection brings and without one (end of file only, as
behind `sudo`), and prints the most milliseconds until the process had ended, with the bar of issue 4:
one second.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import pty
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time
from threading import Timer

BAR_MS = 1000.0
WAYS = {"screen": [], "slow": ["--slow"], "inline": ["--inline"], "plain": ["--plain"]}
PATIENCE = 60.0  # seconds
WORDS = b"one two three " + b"more " * 60


def measure(options: list[str], *, signalled: bool) -> float:
    """Return the milliseconds from the terminal's end to the chat's."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

    def own_terminal() -> None:
        if signalled:  # whose terminal it is gets the signal
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    process = subprocess.Popen(
        [sys.executable, "-m", "hinterland", "chat", "-m", "echo:5", *options],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=os.environ | {"TERM": "xterm-256color"},
        start_new_session=True,
        preexec_fn=own_terminal,  # noqa: PLW1509 - this process has one thread
    )
    os.close(theirs)
    lines = bool(options) and options[0] != "--slow"
    _read_until(ours, b"/help" if lines else b"Quit")
    os.write(ours, WORDS + b"\r")
    _read_until(ours, b"\none" if lines else b"tokens/s")
    gone = time.perf_counter()
    os.close(ours)
    enough = Timer(PATIENCE, process.kill)
    enough.start()
    process.wait()  # without a timeout, which would look only now and then
    enough.cancel()
    return (time.perf_counter() - gone) * 1000


def _read_until(terminal: int, text: bytes) -> None:
    """Read what is written until `text` is among it."""
    read, end = b"", time.perf_counter() + PATIENCE
    while text not in read:
        if time.perf_counter() > end:
            raise SystemExit(f"{text!r} was never written: {read[-200:]!r}")
        if select.select([terminal], [], [], 0.1)[0]:
            read += os.read(terminal, 65536)


def main() -> None:
    """Print the measurements."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--times", type=int, default=5)
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    result: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as home:
        os.environ["HINTERLAND_HOME"] = home
        for way, arguments in WAYS.items():
            for how, signalled in (("hang-up", True), ("end of file", False)):
                took = [measure(arguments, signalled=signalled) for _ in range(chosen.times)]
                result[f"{way}, {how}"] = max(took)
        subprocess.run([sys.executable, "-m", "hinterland", "engine", "stop"], check=False)
    if chosen.json:
        print(json.dumps(result | {"bar_ms": BAR_MS}))
        return
    for name, value in result.items():
        print(f"{name:24} {value:8.1f} ms   {'within' if value <= BAR_MS else 'OVER'} {BAR_MS:.0f}")


if __name__ == "__main__":
    main()

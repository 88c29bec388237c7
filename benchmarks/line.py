"""The chat on a bad line: how late a key shows while an answer streams.

`python benchmarks/line.py [--rate 8192] [--delay 0.15] [--keys 40] [--json] [--behind COMMAND …]`
runs `hint chat` in a terminal behind a relay of so many bytes a second and so many seconds each way,
types, and prints what a key took from its press to the screen, with the bar of issue 4: a round trip
and 100 ms. `--behind` is put before `hint`, such as `ssh -tt HOST`.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import statistics
import string
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyte
from sent import answer

from tui import Chat  # noqa: TID251 - the file beside this one

ROWS, COLUMNS = 24, 80
RELAY = str(Path(__file__).parents[1] / "tests" / "bad_line.py")
KEY_EVERY = 0.7  # seconds


class BadLine(Chat):
    """`hint chat` at the other end of a bad line, and what its terminal shows."""

    def __init__(self, rate: float, delay: float, behind: list[str], *arguments: str) -> None:
        line = ["--rate", str(rate), "--delay", str(delay)]
        hint = [sys.executable, "-m", "hinterland"]
        home = os.environ["HINTERLAND_HOME"]
        if behind:
            hint = [*behind, shlex.join(["env", f"HINTERLAND_HOME={home}", *hint, *arguments])]
        self._screen = pyte.Screen(COLUMNS, ROWS)
        self._emulator = pyte.ByteStream(self._screen)
        self._fed = 0
        command = [sys.executable, RELAY, *line, *hint, *([] if behind else arguments)]
        super().__init__(command=command, size=(COLUMNS, ROWS))

    def read(self, seconds: float) -> None:
        """Read, and answer where the cursor is when asked, as terminals do."""
        super().read(seconds)
        new, self._fed = bytes(self.written[self._fed :]), len(self.written)
        self._emulator.feed(new)
        for _ in range(new.count(b"\x1b[6n")):
            self.type(b"\x1b[%d;1R" % ROWS)

    def sees(self, text: str, row: int | None = None, seconds: float = 60.0) -> float:
        """Read until `text` is shown and return when that was."""
        end = time.perf_counter() + seconds
        while not any(text in each for each in self._screen.display[row or 0 :]):
            if time.perf_counter() > end:
                raise SystemExit("\n".join([f"{text!r} was never shown", *self._screen.display]))
            self.read(0.05)
        return time.perf_counter()


def measure(rate: float, delay: float, keys: int, behind: list[str]) -> dict[str, float]:
    """Return the measurements, by name."""
    words = int(keys * KEY_EVERY * 20 * 1.5) + 60
    chat = BadLine(rate, delay, behind, "chat", "-m", "echo:20")
    chat.sees("slow line")
    shown = time.perf_counter() - chat.started
    chat.sees("ready")
    chat.type(b"\x1b[200~" + answer(words).encode() + b"\x1b[201~")
    chat.sees("That is all.")
    chat.settle()
    chat.type(b"\r")
    chat.sees("writing")
    chat.read(2.0)
    at, begun = len(chat.written), time.perf_counter()
    latencies, typed = [], "##"  # which the answer has not
    chat.type(typed.encode())
    for number in range(keys):
        until = time.perf_counter() + KEY_EVERY
        while time.perf_counter() < until:
            chat.read(until - time.perf_counter())
        typed += string.ascii_letters[number % 52]
        pressed = time.perf_counter()
        chat.type(typed[-1].encode())
        latencies.append(chat.sees(typed[-20:], ROWS - 3) - pressed)
    spent = time.perf_counter() - begun
    chat.sees("writing")
    written = len(chat.written) - at
    chat.leave()
    return {
        "slow_line_seen_ms": shown * 1000,
        "key_p50_ms": statistics.median(latencies) * 1000,
        "key_p95_ms": sorted(latencies)[int(len(latencies) * 0.95)] * 1000,
        "key_most_ms": max(latencies) * 1000,
        "bar_ms": 2000 * delay + 100,
        "bytes_per_second": written / spent,
    }


def main() -> None:
    """Print the measurements."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rate", type=float, default=8192.0)
    options.add_argument("--delay", type=float, default=0.15)
    options.add_argument("--keys", type=int, default=40)
    options.add_argument("--json", action="store_true")
    options.add_argument("--behind", nargs=argparse.REMAINDER, default=[])
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ["HINTERLAND_HOME"] = home
        result = measure(chosen.rate, chosen.delay, chosen.keys, chosen.behind)
        subprocess.run([sys.executable, "-m", "hinterland", "engine", "stop"], check=False)
    if chosen.json:
        print(json.dumps(result))
        return
    for name, value in result.items():
        print(f"{name:24} {value:10.1f}")


if __name__ == "__main__":
    main()

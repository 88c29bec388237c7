"""The chat under load: an answer streaming into a long conversation while somebody types.

`python benchmarks/tui.py [--turns 1000] [--rate 200] [--seconds 10] [--json]` runs `hint chat` in a
pseudo-terminal over the echo engine and reports what a person feels: how long it takes to open,
how often the answer is painted, how late a key shows, and what that costs.
"""

from __future__ import annotations

import argparse
import json
import os
import pty
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from fcntl import ioctl
from pathlib import Path

import psutil

COLUMNS, ROWS = 120, 40
KEY_EVERY = 0.25  # seconds
SENTENCE = "The quick brown fox jumps over **the lazy dog** and `runs` on. "


def fill(turns: int) -> None:
    """Keep a conversation of so many turns in HINTERLAND_HOME."""
    from hinterland import paths
    from hinterland.engine.protocol import FinishReason
    from hinterland.history import History
    from hinterland.turns import Turn, new_id

    found = paths.find()
    paths.private_folder(found.config)
    found.config_file.write_text("[engine]\ncontext = 1000000\n")  # nothing is to be refused
    history, conversation = History(found), new_id()
    answer = f"# Answer\n\n{SENTENCE * 4}\n\n- one\n- two\n\n```python\nprint('hello')\n```\n"
    for number in range(turns):
        turn = Turn(
            id=new_id(),
            created=time.time(),
            prompt=f"Question {number}?",
            answer=answer,
            model="echo",
            finish_reason=FinishReason.STOP,
        )
        history.add_turn(conversation, turn)


class Chat:
    """`hint chat` in a pseudo-terminal, read as it writes."""

    def __init__(
        self,
        *arguments: str,
        size: tuple[int, int] = (COLUMNS, ROWS),
        command: list[str] | None = None,
    ) -> None:
        self.terminal, inside = pty.openpty()
        ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            command or [sys.executable, "-m", "hinterland", "chat", *arguments],
            stdin=inside,
            stdout=inside,
            stderr=inside,
            start_new_session=True,
            env=os.environ | {"TERM": "xterm-256color"},
        )
        os.close(inside)
        self.written = bytearray()
        self.frames: list[float] = []

    def read(self, seconds: float) -> None:
        """Read for so long at most, until there is something."""
        if select.select([self.terminal], [], [], max(0.0, seconds))[0]:
            data = os.read(self.terminal, 1 << 16)
            now = time.perf_counter()
            if not self.frames or now - self.frames[-1] > 0.01:
                self.frames.append(now)
            self.written += data

    def until(self, mark: bytes, start: int = 0, seconds: float = 30.0) -> float:
        """Read until `mark` is written and return when that was."""
        end = time.perf_counter() + seconds
        while mark not in self.written[start:]:
            if time.perf_counter() > end:
                raise SystemExit(f"{mark!r} was never written")
            self.read(end - time.perf_counter())
        return time.perf_counter()

    def type(self, keys: bytes) -> None:
        os.write(self.terminal, keys)

    def settle(self, seconds: float = 1.0) -> None:
        """Read until nothing has been written for so long."""
        before = -1
        while before != len(self.written):
            before = len(self.written)
            self.read(seconds)

    def leave(self, key: bytes = b"\x11") -> None:
        self.type(key)
        while self.process.poll() is None:
            try:
                self.read(0.1)
            except OSError:
                break
        self.process.wait()
        os.close(self.terminal)


def measure(turns: int, rate: int, seconds: float) -> dict[str, float]:
    """Return the measurements, by name."""
    fill(turns)
    chat = Chat("--continue", "-m", f"echo:{rate}")
    opened = chat.until(b"ready") - chat.started
    chat.until(b"Question %d?" % (turns - 1))
    shown = time.perf_counter() - chat.started
    time.sleep(1.5)
    chat.read(0.1)
    paragraph = SENTENCE * 5 + "\n\n"
    prompt = paragraph * max(1, int(rate * seconds * 1.5) // len(paragraph.split()))
    chat.type(b"\x1b[200~" + prompt.encode() + b"\x1b[201~")
    chat.until(b"runs")
    time.sleep(1.0)
    chat.read(0.1)
    chat.type(b"\r")
    chat.until(b"writing")
    client = psutil.Process(chat.process.pid)
    begun, at = time.perf_counter(), len(chat.written)
    used = sum(client.cpu_times()[:2])
    chat.frames.clear()
    latencies: list[float] = []
    keys = "abcdefghijklmnopqrstuvwxyz" * 10
    typed = ""
    while time.perf_counter() - begun < seconds:
        pause = time.perf_counter() + KEY_EVERY
        while time.perf_counter() < pause:
            chat.read(pause - time.perf_counter())
        key = keys[len(typed)]
        typed += key
        before, pressed = len(chat.written), time.perf_counter()
        chat.type(key.encode())
        # The row of the box is written again from its start.
        latencies.append(chat.until(typed[-20:].encode(), before) - pressed)
    spent = time.perf_counter() - begun
    cpu = (sum(client.cpu_times()[:2]) - used) / spent
    result = {
        "opened_ms": opened * 1000,
        "conversation_shown_ms": shown * 1000,
        "frames_per_second": len(chat.frames) / spent,
        "key_p50_ms": statistics.median(latencies) * 1000,
        "key_p95_ms": sorted(latencies)[int(len(latencies) * 0.95)] * 1000,
        "cpu_percent": cpu * 100,
        "memory_mb": client.memory_info().rss / 1e6,
        "bytes_per_second": (len(chat.written) - at) / spent,
    }
    chat.type(b"\x1b")
    chat.until(b"Stopped.")
    chat.leave()
    return result


def main() -> None:
    """Print the measurements."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--turns", type=int, default=1000)
    options.add_argument("--rate", type=int, default=200)
    options.add_argument("--seconds", type=float, default=10.0)
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ["HINTERLAND_HOME"] = str(Path(home))
        result = measure(chosen.turns, chosen.rate, chosen.seconds)
        subprocess.run([sys.executable, "-m", "hinterland", "engine", "stop"], check=False)
    if chosen.json:
        print(json.dumps(result))
        return
    for name, value in result.items():
        print(f"{name:24} {value:10.1f}")


if __name__ == "__main__":
    main()

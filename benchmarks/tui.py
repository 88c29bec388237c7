"""The chat under load: an answer streaming into a long conversation while somebody types.

`python benchmarks/tui.py [--turns 1000] [--rate 200] [--seconds 10] [--json]` runs `hint chat` in a
pseudo-terminal over the echo engine and reports what a person feels: how long it takes to open,
how often the answer is painted, how late a key shows, and what that costs, each beside its bar. The
first paint is measured against that of an empty Textual app, in turns.
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
HINT = (sys.executable, "-c", "from hinterland.cli import main; main()")  # as the script does
_LEFT_OUT = ("PYTHONDONTWRITEBYTECODE", "NO_COLOR", "LANGUAGE")
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


EMPTY_APP = """
from textual.app import App
from textual.widgets import Static

class Empty(App[None]):
    def compose(self):
        yield Static("painted")

Empty().run()
"""

BARS: dict[str, tuple[str, float]] = {
    "frames_per_second": ("at least", 8.0),
    "key_p50_ms": ("at most", 25.0),
    "key_p95_ms": ("at most", 75.0),
    "cpu_percent": ("at most", 30.0),
    "memory_mb": ("at most", 100.0),
    "tokens_lost": ("at most", 0.0),
    "opening_ms": ("at most", 400.0),
    "first_paint_ratio": ("at most", 1.5),
}
"""What has to be reached; `opening_ms` is what the long conversation adds to the first paint."""


class Chat:
    """`hint chat` in a pseudo-terminal, or another program, read as it writes."""

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
            command or [*HINT, "chat", *arguments],
            stdin=inside,
            stdout=inside,
            stderr=inside,
            start_new_session=True,
            env={name: os.environ[name] for name in os.environ if name not in _LEFT_OUT}
            | {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8"},
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


def first_paints(runs: int) -> tuple[float, float]:
    """Return the medians of the first paint of `hint` and of an empty app, in milliseconds."""
    ours, empty = [], []
    for run in range(runs + 1):
        chat = Chat("-m", "echo", "--no-history")
        # The cursor stands on the first letter of what the empty box says.
        ours.append(1000 * (chat.until(b"sk something") - chat.started))
        chat.leave()
        app = Chat(command=[sys.executable, "-c", EMPTY_APP])
        empty.append(1000 * (app.until(b"painted") - app.started))
        app.leave()
        if run == 0:  # it wrote the bytecode
            ours.clear()
            empty.clear()
    return statistics.median(ours), statistics.median(empty)


def lost(prompt: str) -> int:
    """Return how many characters of the prompt the kept answer lacks, up to where it was stopped."""
    from hinterland import paths
    from hinterland.history import History

    record, _ = History(paths.find()).resume(None)
    answer = record.turns[-1].answer
    return 0 if answer and prompt.startswith(answer.rstrip()) else len(prompt)


def measure(turns: int, rate: int, seconds: float) -> dict[str, float]:
    """Return the measurements, by name."""
    ours, empty = first_paints(5)
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
        "opening_ms": max(0.0, shown * 1000 - ours),
        "first_paint_ms": ours,
        "empty_app_ms": empty,
        "first_paint_ratio": ours / empty,
    }
    chat.type(b"\x1b")
    chat.until(b"Stopped.")
    chat.leave()
    result["tokens_lost"] = lost(prompt.strip())
    return result


def passes(name: str, value: float) -> bool:
    """Return whether a measurement reaches its bar, if it has one."""
    kind, bar = BARS.get(name, ("at most", float("inf")))
    return value <= bar if kind == "at most" else value >= bar


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
        bar = f"{BARS[name][0]} {BARS[name][1]:g}" if name in BARS else ""
        said = "" if not bar else "pass" if passes(name, value) else "FAIL"
        print(f"{name:24} {value:10.1f}  {bar:14} {said}".rstrip())
    sys.exit(not all(passes(name, value) for name, value in result.items()))


if __name__ == "__main__":
    main()

"""The same chat in `hint` and in oterm, side by side: opened, streamed into and typed in.

`python benchmarks/rival.py [--turns 1000] [--streamed 50] [--rate 200] [--seconds 10]` opens a
conversation of so many turns, and streams into a shorter one; it installs oterm from the
package index into an environment of its own under `.venv`, and lets both talk to the same small
OpenAI-compatible server on loopback, in the same pseudo-terminal, one after the other. For `hint`,
memory and processor time are those of the chat and of its engine service together.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import pty
import re
import select
import signal
import sqlite3
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fcntl import ioctl
from pathlib import Path
from typing import Self

import psutil
from endpoint import FIRST_WORD, LAST_WORD, MODEL, SENTENCE, Speaker, speaking

RIVAL = "oterm==0.26.1"
COLUMNS, ROWS = 120, 40
KEY_EVERY = 0.25  # seconds
_A_BLINKING_CURSOR = 4096  # bytes in two seconds
PATIENCE = 300.0
"""Seconds until something that does not come is given up: a conversation that has not been opened
by then counts as never opened."""
ANSWER = f"# Answer\n\n{SENTENCE * 4}\n\n- one\n- two\n\n```python\nprint('hello')\n```\n"
KEYS = "абвгдежзийклмнопрстуфхцчшщъыьэюяѐёђѓєѕіїјљњћќѝўџѡѣѥѧѩѫѭѯѱѳѵѷѹѻѽѿҁ"
"""No answer has these, and none twice: what shows one is the box."""

# What a terminal answers when it is asked what it is; a program that asks waits for it.
_QUERIES = {
    re.compile(rb"\x1b\[0?c"): b"\x1b[?62;22c",
    re.compile(rb"\x1b\[6n"): b"\x1b[1;1R",
    re.compile(rb"\x1b\[16t"): b"\x1b[6;20;10t",
    re.compile(rb"\x1b\[14t"): b"\x1b[4;800;1200t",
    re.compile(rb"\x1b\[\?2026\$p"): b"\x1b[?2026;2$y",
}


@dataclass(frozen=True)
class Side:
    """A chat to be measured."""

    name: str
    command: list[str]
    environment: dict[str, str]
    first_words: bytes
    """What the first paint of its screen has."""
    beside: tuple[int, ...] = ()
    """Processes that work for it."""


class Terminal:
    """A program in a pseudo-terminal, read as it writes."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self.terminal, inside = pty.openpty()
        ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 1200, 800))
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            side.command,
            stdin=inside,
            stdout=inside,
            stderr=inside,
            start_new_session=True,
            env=os.environ
            | {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
            | side.environment,
        )
        os.close(inside)
        self.written = bytearray()
        self.frames: list[float] = []
        self._answered = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()  # whatever went wrong: oterm goes on after its terminal's end
        self.process.wait()

    def read(self, seconds: float) -> None:
        """Read for so long at most, until there is something; answer what a terminal is asked."""
        if not select.select([self.terminal], [], [], max(0.0, seconds))[0]:
            return
        data = os.read(self.terminal, 1 << 16)
        now = time.perf_counter()
        if not self.frames or now - self.frames[-1] > 0.01:
            self.frames.append(now)
        self.written += data
        new = bytes(self.written[self._answered :])
        for query, answer in _QUERIES.items():
            for _ in query.findall(new):
                os.write(self.terminal, answer)
        self._answered = len(self.written)

    def until(self, mark: bytes, start: int = 0) -> float:
        """Read until something that `mark` matches is written and return when that was; raises
        TimeoutError."""
        end = time.perf_counter() + PATIENCE
        while not re.search(mark, self.written[start:]):
            if time.perf_counter() > end or self.process.poll() is not None:
                raise TimeoutError(f"{self.side.name} never wrote {mark!r}")
            self.read(min(1.0, end - time.perf_counter()))
        return time.perf_counter()

    def settle(self) -> None:
        """Read until no more is written than a cursor that blinks."""
        while True:
            before, end = len(self.written), time.perf_counter() + 2.0
            while time.perf_counter() < end:
                self.read(end - time.perf_counter())
            if len(self.written) - before < _A_BLINKING_CURSOR:
                return

    def type(self, keys: str) -> None:
        os.write(self.terminal, keys.encode())

    @property
    def processes(self) -> list[psutil.Process]:
        return [psutil.Process(pid) for pid in (self.process.pid, *self.side.beside)]

    def busy(self) -> float:
        """Return the seconds of processor time that were used."""
        return float(sum(sum(each.cpu_times()[:2]) for each in self.processes))

    def memory(self) -> float:
        """Return the resident megabytes."""
        return float(sum(each.memory_info().rss for each in self.processes)) / 1e6

    def leave(self) -> None:
        self.type("\x11")
        end = time.perf_counter() + 10.0
        while self.process.poll() is None:
            if time.perf_counter() > end:
                self.process.kill()
            with suppress(OSError):
                self.read(0.1)
        os.close(self.terminal)


def _later_half(turns: int) -> bytes:
    """Return a mark for the later questions: oterm opens at its first one, and when all are there
    goes to somewhere above the end."""
    return f"Question ({'|'.join(str(turns - n) for n in range(1, turns // 2))})\\?".encode()


def first_paint(side: Side) -> dict[str, float]:
    """Measure an empty chat: how soon it is there, and how large."""
    with Terminal(side) as chat:
        painted = chat.until(side.first_words) - chat.started
        chat.settle()
        found = {"first_paint_s": painted, "empty_memory_mb": chat.memory()}
        chat.leave()
    return found


def opening(side: Side, turns: int) -> dict[str, float]:
    """Measure how soon a long conversation is there, and how large."""
    with Terminal(side) as chat:
        try:
            opened = chat.until(_later_half(turns)) - chat.started
        except TimeoutError:
            return {"opened_s": float("inf"), "opened_memory_mb": chat.memory()}
        chat.settle()
        found = {"opened_s": opened, "opened_memory_mb": chat.memory()}
        chat.leave()
    return found


def streaming(side: Side, speaker: Speaker, turns: int, seconds: float) -> dict[str, float]:
    """Measure what an answer costs, and how late keys show meanwhile."""
    with Terminal(side) as chat:
        chat.until(_later_half(turns))
        chat.settle()
        chat.type("Go")
        chat.settle()
        before = len(chat.written)
        chat.type("\r")
        chat.until(FIRST_WORD.encode(), before)
        begun, used, written = time.perf_counter(), chat.busy(), len(chat.written)
        chat.frames.clear()
        latencies: list[float] = []
        for key in KEYS:
            if time.perf_counter() - begun > seconds:
                break
            pause = time.perf_counter() + KEY_EVERY
            while time.perf_counter() < pause:
                chat.read(pause - time.perf_counter())
            at, pressed = len(chat.written), time.perf_counter()
            chat.type(key)
            latencies.append(chat.until(key.encode(), at) - pressed)
        spent, frames = time.perf_counter() - begun, len(chat.frames)
        busy = chat.busy() - used
        last = chat.until(LAST_WORD.encode(), before)
        found = {
            "frames_per_second": frames / spent,
            "key_p50_ms": statistics.median(latencies) * 1000,
            "key_p95_ms": sorted(latencies)[int(len(latencies) * 0.95)] * 1000,
            "keys_typed": len(latencies),
            "cpu_percent": busy / spent * 100,
            "last_word_late_s": last - speaker.ended,
            "bytes_per_byte": (len(chat.written) - written) / speaker.characters,
        }
        chat.leave()
    return found


@contextmanager
def hint(home: Path, speaker: Speaker, turns: int) -> Iterator[Side]:
    """Give `hint` over the endpoint, with a conversation of so many turns, none where that is 0."""
    os.environ["HINTERLAND_HOME"] = str(home)
    from hinterland import paths
    from hinterland.engine.client import EngineClient
    from hinterland.engine.protocol import FinishReason
    from hinterland.history import History
    from hinterland.turns import Turn, new_id

    found = paths.find()
    paths.private_folder(found.config)
    found.config_file.write_text(
        f'model = "box"\n[engines.box]\nurl = "{speaker.url}/v1"\nmodel = "{MODEL}"\n'
    )
    history, conversation = History(found), new_id()
    for number in range(turns):
        turn = Turn(
            id=new_id(),
            created=time.time(),
            prompt=f"Question {number}?",
            answer=ANSWER,
            model="box",
            finish_reason=FinishReason.STOP,
        )
        history.add_turn(conversation, turn)
    run = [sys.executable, "-m", "hinterland"]
    subprocess.run([*run, "engine", "start", "-m", "box"], check=True, stderr=subprocess.DEVNULL)
    status = asyncio.run(EngineClient(found).status())
    assert status is not None
    command = [*run, "chat", *(["--continue"] if turns else [])]
    try:
        yield Side("hint", command, {"HINTERLAND_HOME": str(home)}, b"New chat", (status.pid,))
    finally:
        subprocess.run([*run, "engine", "stop"], check=False, stderr=subprocess.DEVNULL)


@contextmanager
def oterm(home: Path, speaker: Speaker, turns: int, environment: Path) -> Iterator[Side]:
    """Give oterm over the same endpoint, with the same conversation."""
    variables = {
        "OTERM_DATA_DIR": str(home),
        "OLLAMA_URL": speaker.url,
        "HTTPS_PROXY": "http://127.0.0.1:9",  # it asks the package index for a newer one
    }
    python = str(environment / "bin" / "python")
    make = "import asyncio; from oterm.store.store import Store; asyncio.run(Store.get_store())"
    subprocess.run([python, "-c", make], check=True, env=os.environ | variables)
    (home / "config.json").write_text('{"theme": "textual-dark", "splash-screen": false}')
    with sqlite3.connect(home / "store.db") as store:
        store.execute(
            "INSERT INTO chat (id, name, model, provider) VALUES (1, 'Long', ?, 'ollama')", [MODEL]
        )
        said = [
            (1, author, text)
            for number in range(turns)
            for author, text in (("user", f"Question {number}?"), ("assistant", ANSWER))
        ]
        store.executemany("INSERT INTO message (chat_id, author, text) VALUES (?, ?, ?)", said)
    yield Side("oterm", [str(environment / "bin" / "oterm")], variables, b"new chat")


def installed() -> Path:
    """Return an environment with the rival in it, made if need be."""
    environment = Path(__file__).resolve().parents[1] / ".venv" / "rival"
    done = environment / f".{RIVAL}"
    if not done.exists():
        print(f"installing {RIVAL} …", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
        pip = [sys.executable, "-m", "pip", "--python", str(environment / "bin" / "python")]
        subprocess.run([*pip, "install", "-qq", RIVAL], check=True)
        done.touch()
    return environment


def main() -> None:
    """Print the measurements of both, and their ratio."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--turns", type=int, default=1000, help="of the conversation opened")
    options.add_argument("--streamed", type=int, default=50, help="turns before the answer")
    options.add_argument("--rate", type=float, default=200.0)
    options.add_argument("--seconds", type=float, default=10.0)
    options.add_argument("--rounds", type=int, default=3, help="first paints of each")
    options.add_argument("--rival", type=Path, help="an environment that has it already")
    chosen = options.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    environment = chosen.rival or installed()
    results: dict[str, dict[str, float]] = {"hint": {}, "oterm": {}}
    with (
        speaking(chosen.rate, int(chosen.rate * chosen.seconds * 1.2)) as speaker,
        tempfile.TemporaryDirectory() as folder,
    ):
        stages: tuple[tuple[int, int, Callable[[Side], dict[str, float]]], ...] = (
            (0, chosen.rounds, first_paint),
            (chosen.turns, 1, lambda side: opening(side, chosen.turns)),
            (
                chosen.streamed,
                1,
                lambda side: streaming(side, speaker, chosen.streamed, chosen.seconds),
            ),
        )
        for number, (turns, rounds, measure) in enumerate(stages):
            homes = [Path(folder, f"{number}{name}") for name in results]
            for home in homes:
                home.mkdir()
            with (
                hint(homes[0], speaker, turns) as ours,
                oterm(homes[1], speaker, turns, environment) as theirs,
            ):
                for side in (ours, theirs) * rounds:
                    found = measure(side)
                    best = results[side.name]
                    for name, value in found.items():  # of several first paints the quickest
                        best[name] = min(value, best.get(name, value))
                    print(f"{side.name}: {found}", file=sys.stderr)
    print(f"{'':<20}{'hint':>12}{RIVAL:>16}{'hint / rival':>14}")
    for name, ours_ in results["hint"].items():
        theirs_ = results["oterm"][name]
        print(f"{name:<20}{ours_:>12.3g}{theirs_:>16.3g}{ours_ / theirs_:>14.2f}")
    never = {float("inf"): None}
    print(json.dumps({k: {n: never.get(v, v) for n, v in r.items()} for k, r in results.items()}))


if __name__ == "__main__":
    main()

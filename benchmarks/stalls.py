"""The longest time that the chat does not listen, with the worst that a model can write.

`python benchmarks/stalls.py [--case NAME] [--headless] [--json]` streams each case into the chat as
fast as it goes, scrolls and resizes, then loads the conversation anew, all in a pseudo-terminal. A
heartbeat in the screen's own loop sees how long it is held up: in wall time, and in the loop's own
CPU time, which does not count what else the machine was doing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import AsyncIterator, Callable
from fcntl import ioctl
from functools import partial

from textual import events
from textual.driver import Driver
from textual.geometry import Size

from hinterland.conversation import Conversation
from hinterland.engine.protocol import (
    Counted,
    Done,
    Event,
    FinishReason,
    ReasoningDelta,
    Request,
    TextDelta,
)
from hinterland.history import Record
from hinterland.tui.app import ChatApp
from hinterland.tui.terminal import Terminal
from hinterland.turns import Turn

BAR = 250.0
"""Milliseconds that the screen may be held up."""
BEAT = 0.004  # seconds
_PARAGRAPH = (
    "## Water\n\nBoil **it** for `one` minute, see [this](http://example.org).\n\n- a\n- b\n\n"
)
_EMOJI = "👩‍🚀🇳🇱👨‍👩‍👧‍👦🏳️‍🌈👍🏽"

CASES: dict[str, Callable[[], tuple[str, int]]] = {
    "a 1 MB answer": lambda: (_PARAGRAPH * (1_000_000 // len(_PARAGRAPH) + 1), 20),
    "1 MB, one paragraph": lambda: ("word " * 200_000, 20),
    "1 MB, one table": lambda: ("| a | b |\n|---|---|\n" + "| cell | `x` |\n" * 70_000, 20),
    "1 MB of Persian": lambda: ("این یک متن فارسی است و 12 عدد دارد. " * 28_000, 20),
    "10,000 lines of code": lambda: (
        "```python\n" + "    value = compute(1, 'two')  # three\n" * 10_000 + "```\n",
        20,
    ),
    "a line of 100,000": lambda: ("x" * 100_000, 20),
    "5,000 emoji": lambda: (_EMOJI * 1_000, 2),
    "one character at a time": lambda: (_PARAGRAPH * 600, 1),
    "brackets": lambda: ("[" * 20_000 + "*a _b " * 5_000 + "`" * 5_000 + "![" * 5_000, 20),
    "mathematics": lambda: ("\\( \\frac{a}{" * 10_000 + "\n\n$$ x^{2} $$\n\n" * 5_000, 20),
    "1 MB of reasoning": lambda: ("<think>" + "word " * 200_000, 20),
}


class _Writing:
    """An engine that says one text in pieces of so many characters, as fast as it goes."""

    def __init__(self, text: str, size: int) -> None:
        self._text, self._size = text, size

    async def stream(self, request: Request) -> AsyncIterator[Event]:
        yield Counted(1, 1_000_000, model="echo")
        kind: type[TextDelta | ReasoningDelta] = TextDelta
        text = self._text
        if text.startswith("<think>"):
            text = text.removeprefix("<think>")
            kind = ReasoningDelta
        for start in range(0, len(text), self._size):
            await asyncio.sleep(0)
            yield kind(text[start : start + self._size])
        yield Done(FinishReason.STOP, model="echo")

    async def attach(self, turn_id: str) -> AsyncIterator[Event]:
        yield Done(FinishReason.STOP, model="echo")

    async def count(self, request: Request) -> AsyncIterator[Event]:
        yield Done(FinishReason.STOP, model="echo")

    async def cancel(self, turn_id: str) -> bool:
        return False


class _Heart:
    """Beats in the loop; notes the longest pause of each phase."""

    def __init__(self) -> None:
        self.longest: dict[str, tuple[float, float]] = {}
        self.phase = ""

    async def beat(self) -> None:
        before = time.perf_counter(), time.thread_time()
        while True:
            await asyncio.sleep(BEAT)
            now = time.perf_counter(), time.thread_time()
            wall, cpu = (1000 * (b - a) for a, b in zip(before, now, strict=True))
            seen = self.longest.get(self.phase, (0.0, 0.0))
            self.longest[self.phase] = (max(seen[0], wall), max(seen[1], cpu))
            before = now


async def _act(
    app: ChatApp, heart: _Heart, prompt: str, resize: Callable[[int, int], None]
) -> None:
    """Do what a person does, in the loop of the app itself."""
    while not app.is_running:
        await asyncio.sleep(BEAT)
    with app._context():
        await _sit_before(app, heart, prompt, resize)


async def _sit_before(
    app: ChatApp, heart: _Heart, prompt: str, resize: Callable[[int, int], None]
) -> None:
    chat = app._chat
    while not hasattr(chat, "transcript"):
        await asyncio.sleep(BEAT)
    if not prompt:
        heart.phase = "load"
    while not chat.transcript.shows_markdown or chat.conversation is None:
        await asyncio.sleep(BEAT)
    if prompt:
        heart.phase = "stream"
        chat.prompt.insert(prompt)
        chat.prompt.action_send()
        await asyncio.sleep(0.5)
        scrolled = time.perf_counter()
        while chat.answering is not None:
            await asyncio.sleep(BEAT)
            if chat.transcript.unfolded is False and time.perf_counter() - scrolled > 1:
                chat.action_reasoning()  # the worse case
    await asyncio.sleep(0.3)
    if not prompt and not chat.transcript.unfolded:
        chat.action_reasoning()
    heart.phase = f"scroll{'' if prompt else ' loaded'}"
    for page in (*[-1] * 12, *[3] * 2, *[-30] * 6):
        chat.action_page(page)
        await asyncio.sleep(0.03)
    chat.action_first()
    await asyncio.sleep(0.2)
    for _ in range(12):
        chat.action_page(1)
        await asyncio.sleep(0.03)
    chat.action_last()
    await asyncio.sleep(0.2)
    heart.phase = f"resize{'' if prompt else ' loaded'}"
    for columns, rows in ((40, 12), (300, 100), (80, 24)):
        resize(columns, rows)
        await asyncio.sleep(0.5)
    app.exit()


async def _run(name: str, *, headless: bool) -> dict[str, tuple[float, float]]:
    text, size = CASES[name]()
    heart = _Heart()
    engine = _Writing(text, size)
    kept: list[Turn] = []
    for prompt in ("Go on", ""):
        record = Record("0", "", 0.0, 0.0, list(kept)) if kept else None
        conversation = Conversation(engine, None, record=record, model="echo")
        app = ChatApp(
            partial(_the, conversation),
            None if prompt else conversation,
            driver_class=None if headless else Terminal,
        )

        def resize(columns: int, rows: int, app: ChatApp = app) -> None:
            _resize(app, columns, rows, headless=headless)

        beating = asyncio.create_task(heart.beat())
        acting = asyncio.create_task(_act(app, heart, prompt, resize))
        heart.phase = "start" if prompt else "start loaded"
        await app.run_async(headless=headless, size=(80, 24) if headless else None)
        beating.cancel()
        await acting
        kept = conversation.turns
        assert (kept[-1].answer or kept[-1].reasoning) == text.removeprefix("<think>")
    return heart.longest


def _the(conversation: Conversation) -> Conversation:
    return conversation


def _resize(app: ChatApp, columns: int, rows: int, *, headless: bool) -> None:
    if headless:
        size = Size(columns, rows)
        driver: Driver | None = app._driver
        assert driver is not None
        driver._size = (columns, rows)
        app.post_message(events.Resize(size, size))
    else:
        ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def _in_a_terminal(name: str) -> dict[str, tuple[float, float]]:
    """Run a case in a pseudo-terminal of its own, and return what its heart saw."""
    terminal, inside = pty.openpty()
    ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    result, out = os.pipe()
    process = subprocess.Popen(
        # A session leader with this terminal, so that it is told of resizing.
        ["setsid", "--ctty", sys.executable, __file__, "--case", name, "--inside", str(out)],
        stdin=inside,
        stdout=inside,
        stderr=inside,
        pass_fds=[out],
        env=os.environ | {"TERM": "xterm-256color"},
    )
    os.close(inside)
    os.close(out)
    shown = b""
    while process.poll() is None:
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                shown = (shown + os.read(terminal, 1 << 16))[-4000:]
            except OSError:
                break
    os.close(terminal)
    told = os.read(result, 1 << 16)
    os.close(result)
    if not told:
        raise SystemExit(f"{name} failed:\n{shown.decode(errors='replace')}")
    longest: dict[str, tuple[float, float]] = json.loads(told)
    return longest


def main() -> None:
    """Print the longest stalls, and fail when one is over the bar."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--case", choices=[*CASES], action="append")
    options.add_argument("--headless", action="store_true", help="without a terminal")
    options.add_argument("--json", action="store_true")
    options.add_argument("--inside", type=int, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.inside is not None:
        found = asyncio.run(_run(chosen.case[0], headless=False))
        os.write(chosen.inside, json.dumps(found).encode())
        return
    over = 0
    for name in chosen.case or CASES:
        longest = (
            asyncio.run(_run(name, headless=True)) if chosen.headless else _in_a_terminal(name)
        )
        phases = {phase: seen for phase, seen in longest.items() if not phase.startswith("start")}
        passed = max(wall for wall, _ in phases.values()) <= BAR
        over += not passed
        if chosen.json:
            print(json.dumps({"case": name, "longest_ms": phases, "pass": passed}))
            continue
        seen = "  ".join(f"{phase} {wall:.0f}/{cpu:.0f}" for phase, (wall, cpu) in phases.items())
        print(f"{name:24} {'pass' if passed else 'FAIL'}  {seen}  (ms, of which our CPU)")
    sys.exit(over > 0)


if __name__ == "__main__":
    main()

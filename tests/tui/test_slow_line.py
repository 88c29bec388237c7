"""The chat where the line to the terminal is slow: what is sent, and when that is found out."""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path

import pyte
from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from hinterland.history import History
from hinterland.paths import Paths
from hinterland.tui.line import RoundTrip
from hinterland.tui.sparing import Sparing
from tests.tui.terminals import PATIENCE, RealTerminal

WIDTH, HEIGHT = 30, 12
STYLES = [
    None,
    *map(Style.parse, ("default on default", "bold cyan on default", "reverse", "on red")),
]
BAD_LINE = (sys.executable, str(Path(__file__).parents[1] / "bad_line.py"))


class Shown:
    """A terminal that shows what it is sent."""

    def __init__(self) -> None:
        self._screen = pyte.Screen(WIDTH, HEIGHT)
        self._stream = pyte.ByteStream(self._screen)

    def take(self, sent: str) -> None:
        self._stream.feed(sent.replace("\n", "\r\n").encode())

    @property
    def cells(self) -> list[list[tuple[object, ...]]]:
        return [
            [
                (cell.data, cell.fg, cell.bg, cell.bold, cell.reverse)
                for cell in (self._screen.buffer[y][x] for x in range(WIDTH))
            ]
            for y in range(HEIGHT)
        ]


def test_the_terminal_shows_what_it_should_however_rows_change() -> None:
    """You should see the same whether all is sent or only what differs, whatever moved or changed."""
    chance = random.Random(17)
    console = Console(color_system="standard", force_terminal=True, width=WIDTH)

    def strip() -> Strip:
        segments: list[Segment] = []
        room = WIDTH
        while room:
            text = chance.choice(["a", "hello ", "   ", "日本", "é", "          ", "x y z"])
            while cell_len(text) > room:
                text = text[:-1]
            segments.append(Segment(text or " ", chance.choice(STYLES)))
            room -= cell_len(text or " ")
        return Strip(segments)

    sparing, shown = Sparing(), Shown()
    rows = [strip() for _ in range(HEIGHT)]
    for _ in range(120):
        shown.take(sparing.update(rows, WIDTH, console))
        whole = Shown()
        for y, row in enumerate(rows):
            whole.take(f"\x1b[{y + 1};1H{row.render(console)}")
        assert shown.cells == whole.cells
        number, first = chance.randint(1, 5), chance.randint(0, 5)
        last = chance.randint(first + number, HEIGHT)
        fresh = [strip() for _ in range(number)]
        match chance.randrange(3):
            case 0:
                rows = [*rows[:first], *rows[first + number : last], *fresh, *rows[last:]]
            case 1:
                rows = [*rows[:first], *fresh, *rows[first : last - number], *rows[last:]]
            case _:
                rows = [*rows[:first], fresh[0], *rows[first + 1 :]]


def test_a_view_that_moves_costs_its_new_rows_only() -> None:
    console = Console(color_system="standard", force_terminal=True, width=WIDTH)
    rows = [Strip([Segment(f"{n:03} {'text ' * 5}".ljust(WIDTH))]) for n in range(HEIGHT + 2)]
    sparing = Sparing()
    first = sparing.update(rows[:HEIGHT], WIDTH, console)
    assert len(sparing.update(rows[2:], WIDTH, console)) < 2 * WIDTH + 50 < len(first) / 2
    assert sparing.update(rows[2:], WIDTH, console) == ""
    sparing.forget()
    assert len(sparing.update(rows[2:], WIDTH, console)) == len(first)


def test_a_line_is_slow_when_it_is_so_twice_or_when_a_screen_takes_a_second() -> None:
    def verdict(*took: float) -> list[bool | None]:
        round_trip, said = RoundTrip(), []
        for seconds in took:
            round_trip.asked(100.0)
            assert round_trip.waiting
            said.append(round_trip.answered(100.0 + seconds))
            assert not round_trip.waiting
        return said

    assert verdict(0.01) == [False]
    assert verdict(0.5, 0.3) == [None, True]
    assert verdict(0.5, 0.01) == [None, False]  # a busy moment
    assert verdict(3.0, 0.02) == [None, True]  # few bytes a second, but near
    assert verdict(600.0) == [False]  # a laptop that slept


def test_on_a_bad_line(home: Path, paths: Paths) -> None:
    """You should see that the line is slow, your keys while an answer streams, and after a hang-up
    the whole answer."""
    words = " ".join(f"w{number}" for number in range(80))
    with RealTerminal("chat", "-m", "echo:20", behind=BAD_LINE, answers=True) as terminal:
        terminal.sees("slow line", "ready")
        terminal.paste(words)
        terminal.sees("w79")
        terminal.type("\r")
        terminal.sees("tokens/s")
        for key in "jmp":
            before = len(terminal.written)
            terminal.type(key)
            terminal.until(lambda: key in terminal.screen.split("\n")[-2])  # noqa: B023 - called at once
            # What was sent before the key could be shown is what the line takes in 100 ms and a
            # round trip: the key did not wait behind a screen that was painted again.
            assert len(terminal.written) - before < 8192 * 0.4
        left_behind = terminal.hang_up()
        left_behind.wait(timeout=PATIENCE)
    history = History(paths)
    deadline = time.monotonic() + 60
    while history.running() and time.monotonic() < deadline:
        time.sleep(0.05)
    with RealTerminal("chat", "--continue", "--slow") as terminal:
        terminal.sees("w79", "slow line")
        terminal.type("\x11")
        assert terminal.ended() == 0
    (summary,) = history.list()
    (turn,) = history.conversation(summary.id).turns
    assert turn.answer.split() == words.split()


def test_sizes_while_an_answer_streams_slowly(home: Path) -> None:
    """You should see the same screen as ever at every size, and after Ctrl+L when it was spoilt."""
    words = " ".join(f"word{number}" for number in range(400))
    with RealTerminal("chat", "--slow", "-m", "echo:200") as terminal:
        terminal.sees("slow line", "ready")
        terminal.paste(words)
        terminal.sees("word399")
        terminal.type("\r")
        terminal.sees("tokens/s")
        for columns, rows in ((40, 12), (300, 100), (80, 24)):
            terminal.resize(columns, rows)
            terminal.until(lambda: "^q Quit" in terminal.screen.split("\n")[-1])
        terminal.sees("word399", "ready")
        terminal.spoil()
        assert "word399" not in terminal.screen
        terminal.type("\x0c")
        terminal.sees("word399", "ready", "^q Quit")
        terminal.type("\x11")
        assert terminal.ended() == 0

"""The chat in a real terminal, over the real service with the echo engine behind it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from hinterland.history import History
from hinterland.paths import Paths
from tests.tui.terminals import PATIENCE, RealTerminal


def test_type_stream_stop_resize_quit(home: Path, paths: Paths) -> None:
    """You should see your keys, the answer come, Esc stop it, every size drawn, and the shell again."""
    with RealTerminal("chat", "-m", "echo:10") as terminal:
        terminal.sees("ready", "echo:10", "offline", "^q Quit")
        terminal.type("hello **theer\x7f\x7fre**\r")  # in one burst, as a slow line delivers it
        terminal.sees("> hello **there**", "\n hello there ", "ready 10.0 tokens/s")
        terminal.paste("one\rtwo " + "again " * 400)
        terminal.sees("again again")
        terminal.type("\x1b\r")  # Alt+Enter
        terminal.type("three\r")
        terminal.sees("writing")  # for 40 seconds
        terminal.type("\x1b")
        terminal.sees("! Stopped.", "stopped")
        for columns, rows in ((40, 12), (100, 30)):
            terminal.resize(columns, rows)
            terminal.sees("! Stopped.", "offline")
            terminal.until(lambda: "^q Quit" in terminal.screen.split("\n")[-1])
        terminal.type("\x03")
        terminal.sees("Ctrl+C again leaves.")
        terminal.type("\x03")
        assert terminal.ended() == 0
    history = History(paths)
    (summary,) = history.list()
    first, second = history.conversation(summary.id).turns
    assert first.prompt == "hello **there**"
    assert second.prompt.split() == ["one", "two", *["again"] * 400, "three"]
    _, _, shell_again = terminal.written.rpartition(b"\x1b[?1049l")
    assert b"\x1b[?25h" in shell_again  # the cursor
    assert b"Traceback" not in terminal.written
    assert b"\x1b[?1000h" in terminal.written  # the mouse


@pytest.mark.parametrize("unsignalled", [False, True], ids=["hang-up signal", "end of file only"])
def test_the_terminal_goes_away(home: Path, paths: Paths, unsignalled: bool) -> None:
    """You should find nothing left behind when the line is lost, and the whole answer later."""
    words = " ".join(f"w{number}" for number in range(40))
    with RealTerminal("chat", "-m", "echo:40", own_session=unsignalled) as terminal:
        terminal.sees("ready")
        terminal.type(f"{words}\r")
        terminal.sees("tokens/s")
        left_behind = terminal.hang_up()
        left_behind.wait(timeout=PATIENCE)
    history = History(paths)
    deadline = time.monotonic() + 30
    while history.running() and time.monotonic() < deadline:
        time.sleep(0.02)
    (summary,) = history.list()
    (turn,) = history.conversation(summary.id).turns
    assert turn.answer.split() == words.split()
    with RealTerminal("chat", "--continue") as terminal:
        terminal.sees("w39")
        terminal.type("\x11")
        assert terminal.ended() == 0

"""The chat in lines, inline and plain: in the scrollback, and to the end of the terminal."""

from __future__ import annotations

import base64
import time
from pathlib import Path

import pytest

from hinterland.history import History
from hinterland.paths import Paths
from tests.running import Hint
from tests.tui.terminals import PATIENCE, RealTerminal


def test_a_conversation_in_the_scrollback(home: Path) -> None:
    """You should see Markdown, your prompts and the answers one below the other, and copy one."""
    with RealTerminal("chat", "--inline", "-m", "echo:10") as terminal:
        terminal.sees("/help", "\n> ")
        terminal.type("say helo\x7flo **there**\x1b[D!\r")  # Left moves within the line
        terminal.sees("\nsay hello there!")
        terminal.type('"""\r# One\r\r- two\r"""\r')
        terminal.sees("\nOne", "\n• two")
        terminal.type("go " + "again " * 200 + "\r")  # no row of the prompt begins like the answer
        terminal.sees("\ngo again again")
        terminal.type("\x03")
        terminal.sees("(stopped)")
        terminal.type("/copy 2\r")
        terminal.sees("characters were sent to the terminal")
        assert base64.b64encode(b"# One\n\n- two") in terminal.written
        terminal.type("/theme dark\r")
        terminal.sees("no themes")
        terminal.type("/quit\r")
        assert terminal.ended() == 0
    assert b"\x1b[?1049h" not in terminal.written  # the other screen, which leaves no scrollback
    assert b"\x1b[2J" not in terminal.written


def test_two_ways_at_once(hint: Hint) -> None:
    ran = hint("chat", "--plain", "--inline", "-m", "echo")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "--inline" in ran.stderr


def test_plain_copies_to_a_file_only(hint: Hint, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    ran = hint("chat", "--plain", "-m", "echo", input=f"words\n/copy {file}\n/copy\n")
    assert ran.stdout == "words\n"
    assert file.read_text() == "words\n"
    assert ran.returncode == 2
    assert "/copy FILE" in ran.stderr


def test_plain_lines_break_between_words(home: Path) -> None:
    """You should see whole words only, at any width."""
    words = " ".join(f"word{number}" for number in range(40))
    with RealTerminal("chat", "--plain", "-m", "echo:200", columns=33) as terminal:
        terminal.sees("> ")
        terminal.type(f"{words}\r")
        terminal.until(lambda: "word39\n> " in terminal.written.decode().replace("\r", ""))
        terminal.type("\x04")
        assert terminal.ended() == 0
    answer = terminal.written.decode().replace("\r", "").split("\nword0 ")[-1].split("\n> ")[0]
    assert f"word0 {answer}".split() == words.split()
    assert max(map(len, answer.split("\n"))) < 33


@pytest.mark.parametrize("way", ["--plain", "--inline"])
def test_the_terminal_goes_away(home: Path, paths: Paths, way: str) -> None:
    """You should find nothing left behind when the line is lost without a signal, and the whole
    answer when you come back."""
    words = " ".join(f"w{number}" for number in range(40))
    with RealTerminal("chat", way, "-m", "echo:40", own_session=True) as terminal:
        terminal.sees("> ")
        terminal.type(f"{words}\r")
        terminal.sees("\nw0 w1")
        left_behind = terminal.hang_up()
        left_behind.wait(timeout=PATIENCE)
    history = History(paths)
    deadline = time.monotonic() + 30
    while history.running() and time.monotonic() < deadline:
        time.sleep(0.02)
    with RealTerminal("chat", way, "--continue") as terminal:
        terminal.until(lambda: terminal.screen.count("w39") == 2)
        terminal.type("\x04")
        assert terminal.ended() == 0

"""`hint chat` before there is a screen, and the chat in lines."""

from __future__ import annotations

import os
import re
import shlex
import signal
import termios
from contextlib import suppress
from pathlib import Path

import pytest

from hinterland.history import History
from hinterland.paths import Paths
from tests.running import Hint, hint_command
from tests.tui.terminals import RealTerminal

CONTROL = re.compile(rb"[\x00-\x06\x0b\x0c\x0e-\x1f\x9b]")  # not bell, backspace, tab, line ends


def test_no_terminal(hint: Hint) -> None:
    for arguments in ((), ("chat",), ("chat", "-m", "echo")):
        ran = hint(*arguments)
        assert ran.returncode == 2
        assert "needs a terminal" in ran.stderr
        assert "hint ask" in ran.stderr
        assert ran.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("--plain",), 3, "No model is installed"),
        (("--plain", "-m", "no-such-model"), 3, "no-such-model"),
        (("--plain", "--resume", "zzz"), 2, "zzz"),
        (("--plain", "--resume", "zzz", "--continue"), 2, "--resume"),
    ],
)
def test_what_cannot_be_opened(
    hint: Hint, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    ran = hint("chat", *arguments, input="hello\n")
    assert ran.returncode == code
    assert sentence in ran.stderr
    assert "Traceback" not in ran.stderr
    assert ran.stdout == ""


def test_a_pipe_gets_answers_and_nothing_else(hint: Hint, paths: Paths) -> None:
    spoken = 'first\n\n"""second\nof two lines"""\n/new\nthird \x1b[2J\nlast'
    ran = hint("chat", "--plain", "-m", "echo", input=spoken)
    assert ran.returncode == 0
    assert ran.stdout == "first\nsecond\nof two lines\nthird ␛[2J\nlast\n"
    assert ran.stderr == ""
    newer, older = History(paths).list()
    assert (newer.turns, older.turns) == (2, 2)


def test_a_pipe_ends_with_the_code_of_the_first_failure(hint: Hint) -> None:
    ran = hint("chat", "--plain", "-m", "echo", input="word " * 5000 + "\nafter\n")
    assert ran.returncode == 2
    assert "tokens" in ran.stderr
    assert ran.stdout == "after\n"


def test_no_history_is_kept_when_told(hint: Hint, paths: Paths) -> None:
    ran = hint("chat", "--plain", "-m", "echo", "--no-history", input="a secret\n")
    assert ran.stdout == "a secret\n"
    assert History(paths).list() == []


def test_going_on(hint: Hint, paths: Paths) -> None:
    hint("chat", "--plain", "-m", "echo", input="first\n")
    hint("chat", "--plain", "--continue", input="second\n")
    (summary,) = History(paths).list()
    assert summary.turns == 2
    hint("chat", "--plain", "--resume", summary.id[:9], input="third\n")
    (summary,) = History(paths).list()
    assert summary.turns == 3


@pytest.mark.parametrize("way", ["--plain", "TERM=dumb"])
def test_lines_on_a_terminal(home: Path, way: str) -> None:
    """You should see a prompt, the answer, and Ctrl-C stop it; no control sequence is ever sent."""
    plain = way == "--plain"
    arguments = ("chat", "-m", "echo:10", *(["--plain"] if plain else []))
    with RealTerminal(*arguments, TERM="xterm-256color" if plain else "dumb") as terminal:
        terminal.sees("/help", "> ")
        terminal.type("helo\x7flo there\r")
        terminal.until(lambda: terminal.screen.count("hello there") == 2)
        terminal.type('"""\rone\rtwo"""\r')
        terminal.sees(". one", "\none", "\ntwo")
        terminal.type("/nonsense\r")
        terminal.sees("There is no /nonsense")
        terminal.type("go " + "again " * 200 + "\r")  # no row of the prompt begins like the answer
        terminal.sees("\ngo again again")
        terminal.type("\x03")
        terminal.sees("(stopped)")
        terminal.type("/new\r")
        terminal.sees("A new conversation.")
        terminal.type("still here\r")
        terminal.until(lambda: terminal.written.count(b"still here") == 2)
        terminal.type("\x04")
        assert terminal.ended() == 0
    assert not CONTROL.search(terminal.written)


@pytest.mark.parametrize("way", ["--plain", "--inline"])
def test_keys_pressed_while_an_answer_comes_wait_for_the_next_line(home: Path, way: str) -> None:
    """You should leave by a Ctrl-D pressed during an answer, and be asked nothing twice: a line typed
    ahead and put right is asked first. The terminal is as it was afterwards."""
    words = "going on for a while"
    with RealTerminal(instead=["/bin/sh"], PS1="$ ") as terminal:
        terminal.sees("$ ")
        before = termios.tcgetattr(terminal.process.child_fd)
        terminal.type(f"{shlex.join(hint_command('chat', way, '-m', 'echo:10'))}; echo $?.\r")
        terminal.sees("> ")
        terminal.type(f"{words}\r")
        terminal.until(lambda: terminal.written.count(b"going") == 2)
        terminal.type("nexd\x7ft\r\x04")
        terminal.until(lambda: b"\r\n0.\r\n" in terminal.written)
        assert "> next" in terminal.screen
        assert termios.tcgetattr(terminal.process.child_fd) == before


@pytest.mark.parametrize("busy", [False, True])
def test_a_chat_in_lines_that_is_ended_gives_the_terminal_back(
    home: Path, tmp_path: Path, busy: bool
) -> None:
    """You should find your shell's terminal as it was after `kill`, at a prompt and amid an answer."""
    pid, chat = tmp_path / "pid", shlex.join(hint_command("chat", "--plain", "-m", "echo:10"))
    with RealTerminal(instead=["/bin/sh"], PS1="$ ") as terminal:
        terminal.sees("$ ")
        before = termios.tcgetattr(terminal.process.child_fd)
        terminal.type(f"sh -c 'echo $$ >{pid}; exec {chat}'; echo $?.\r")
        terminal.sees("> ")
        if busy:
            terminal.type("going on for a while\r")
            terminal.until(lambda: terminal.written.count(b"going") == 2)

        def killed() -> bool:
            with suppress(ProcessLookupError):  # at the moment when readline begins to wait: again
                os.kill(int(pid.read_text()), signal.SIGTERM)
            return b"143.\r\n" in terminal.written

        terminal.until(killed)
        assert termios.tcgetattr(terminal.process.child_fd) == before


def test_lines_take_up_a_conversation(home: Path, hint: Hint) -> None:
    """You should see the last turn of the conversation that goes on."""
    hint("chat", "--plain", "-m", "echo", input="what was said\n")
    with RealTerminal("chat", "--plain", "--continue") as terminal:
        terminal.until(lambda: terminal.screen.count("what was said") == 2)
        terminal.type("/quit\r")
        assert terminal.ended() == 0


def test_what_is_typed_before_there_is_a_box(home: Path) -> None:
    """You should find in the box what you typed while the chat was starting."""
    with RealTerminal("chat", "-m", "echo", HINTERLAND_HOME=str(home)) as terminal:
        terminal.type("typed ")
        terminal.until(lambda: b"\x1b[?1049h" in terminal.written)  # the screen is taken
        terminal.type("ahead")
        terminal.sees("typed ahead")


def test_what_is_sent_before_there_is_a_box(home: Path) -> None:
    """You should see a prompt asked whose Enter you pressed while the chat was starting."""
    with RealTerminal("chat", "-m", "echo", HINTERLAND_HOME=str(home)) as terminal:
        terminal.type("so early\r")
        terminal.sees("> so early")

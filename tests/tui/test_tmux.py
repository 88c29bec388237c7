"""The chat within tmux: what a person sees who detaches, comes back from elsewhere, or loses it all.

Where there is no tmux this is skipped, but not where CI is set.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from hinterland.history import History
from hinterland.paths import Paths
from tests.running import hint_command, wait_until
from tests.tui.terminals import PATIENCE, RealTerminal

DETACH = "\x02d"  # Ctrl+B d
F3, F5, F7 = "\x1bOR", "\x1b[15~", "\x1b[18~"


class Tmux:
    """A tmux server of our own, with nobody's settings."""

    def __init__(self, folder: Path) -> None:
        self._command = ("tmux", "-u", "-f", os.devnull, "-S", str(folder / "s"))

    def run(self, *arguments: str) -> str:
        ran = subprocess.run(
            [*self._command, *arguments], check=True, capture_output=True, text=True, timeout=60
        )
        return ran.stdout.strip()

    def hint(self, *arguments: str, columns: int = 80, rows: int = 24) -> RealTerminal:
        """Begin a session with `hint` in it, and sit before it."""
        begin = [*self._command, "new-session", *hint_command(*arguments)]
        return RealTerminal(instead=begin, columns=columns, rows=rows, TMUX="")

    def attach(self, columns: int = 80, rows: int = 24) -> RealTerminal:
        """Come back to it."""
        back = [*self._command, "attach-session"]
        return RealTerminal(instead=back, columns=columns, rows=rows, TMUX="")

    def process(self) -> psutil.Process:
        """What runs in it."""
        return psutil.Process(int(self.run("display-message", "-p", "#{pane_pid}")))


@pytest.fixture
def tmux() -> Iterator[Tmux]:
    if shutil.which("tmux") is None:
        assert not os.environ.get("CI"), "CI has to have tmux"
        pytest.skip("there is no tmux here")
    # The name of a socket may have 107 characters: pytest's folders can have longer ones.
    with tempfile.TemporaryDirectory() as folder:
        found = Tmux(Path(folder))
        yield found
        if (Path(folder) / "s").exists():
            subprocess.run([*found._command, "kill-server"], check=False, capture_output=True)


def kept(paths: Paths) -> str:
    """Wait until the last answer has ended, and return it as it was kept."""
    history = History(paths)
    wait_until(lambda: not history.running() and bool(history.list()), "the answer ends")
    return history.conversation(history.list()[0].id).turns[-1].answer


def test_detach_and_come_back(paths: Paths, tmux: Tmux) -> None:
    """You should see the answer going on when you are back on a smaller screen, and all of it when
    you are back on a larger one after it has ended while nobody looked."""
    words = [f"w{number}" for number in range(60)]
    with tmux.hint("chat", "-m", "echo:15") as first:
        first.sees("ready", "offline", "^q Quit")
        first.paste(" ".join(words))
        first.sees("w59")
        first.type("\r")
        first.sees("> w0 w1", "\n w0 w1", "tokens/s")
        first.type(DETACH)
        assert first.ended() == 0
    assert tmux.process().is_running()
    with tmux.attach(50, 14) as smaller:
        smaller.sees("w0 w1", "^q Quit", "4,096 tokens")
        assert len(smaller.screen.split("\n")) == 14
        smaller.type(DETACH)
        assert smaller.ended() == 0
    assert kept(paths).split() == words
    with tmux.attach(100, 30) as larger:
        larger.sees("ready")
        larger.until(lambda: set(words) <= set(larger.screen.split()))
        larger.until(lambda: "^q Quit" in larger.screen.split("\n")[-2])  # tmux has the last row
        assert larger.screen.count("w59") == 2
        larger.type("\x11")
        assert larger.ended() == 0


def test_what_is_left_when_tmux_is_killed(paths: Paths, tmux: Tmux) -> None:
    """You should find nothing of the chat left, and with `--continue` the whole answer."""
    words = [f"w{number}" for number in range(40)]
    with tmux.hint("chat", "-m", "echo:20") as before:
        before.sees("ready")
        before.paste(" ".join(words))
        before.sees("w39")
        before.type("\r")
        before.sees("> w0 w1", "\n w0 w1", "tokens/s")
        lost = tmux.process()
        tmux.run("kill-server")
        assert before.ended() in (0, 1)
    lost.wait(PATIENCE)
    assert kept(paths).split() == words
    with tmux.hint("--continue") as after:
        after.sees("ready", "echo:20")
        after.until(lambda: after.screen.count("w39") == 2)
        after.type("\x11")
        assert after.ended() == 0


def test_an_evening_in_tmux(paths: Paths, tmux: Tmux) -> None:
    """You should be able to type, see the answer come, stop it, have another, go back to the branch,
    find a word and change the size, with the keys as tmux passes them on."""
    with tmux.hint("chat", "-m", "echo:5") as terminal:
        terminal.sees("ready", "^q Quit")
        terminal.type("where is the **needle**\r")
        terminal.sees("> where is", "\n where is the needle ", "ready")
        terminal.paste("again " * 60)
        terminal.sees("again again")
        terminal.type("\r")
        terminal.sees("> again", "writing")
        terminal.type("\x1b")
        terminal.sees("! Stopped.", "stopped")
        terminal.type(F5)
        terminal.sees("‹2/2›", "writing")
        terminal.type("\x1b")
        terminal.sees("! Stopped.")
        terminal.type(F7)
        terminal.sees("‹1/2›")
        for columns, rows in ((40, 12), (120, 40)):
            terminal.resize(columns, rows)
            terminal.until(lambda: "^q Quit" in terminal.screen.split("\n")[-2])
            terminal.sees("! Stopped.", "offline")
        terminal.type(F3)
        terminal.sees("Text:")
        terminal.type("needle\r")
        terminal.sees("where is the needle", "ready")
        terminal.type("\x11")
        assert terminal.ended() == 0

"""The chat behind a bad line and a real sshd: what a person on a far machine has.

Needs OpenSSH's `ssh`, `ssh-keygen` and `sshd` (Debian: openssh-server), and as root its user `sshd`
and folder `/run/sshd`, which that package makes; without them this is skipped, and says why.
"""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from hinterland.history import History
from hinterland.paths import Paths
from tests.running import wait_until
from tests.tui.terminals import RealTerminal

pytestmark = pytest.mark.soak
BAD_LINE = (sys.executable, str(Path(__file__).parents[1] / "bad_line.py"))


class Server:
    """An sshd of our own on the loopback address, which lets us in with a key of our own."""

    def __init__(self, folder: Path) -> None:
        where = f"{os.environ.get('PATH', '')}:/usr/sbin"
        programs = {name: shutil.which(name, path=where) for name in ("sshd", "ssh", "ssh-keygen")}
        missing = [name for name, path in programs.items() if path is None]
        if missing:
            pytest.skip(f"there is no {' and no '.join(missing)} here")
        for key in ("host", "user"):
            keygen = [
                str(programs["ssh-keygen"]),
                "-qt",
                "ed25519",
                "-N",
                "",
                "-f",
                str(folder / key),
            ]
            subprocess.run(keygen, check=True)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        settings = folder / "settings"
        settings.write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\n"
            f"AuthorizedKeysFile {folder}/user.pub\nStrictModes no\nUsePAM no\n"
            f"PidFile {folder}/pid\n"
        )
        self.said = folder / "said"
        with self.said.open("wb") as said:
            command = [str(programs["sshd"]), "-D", "-e", "-f", str(settings)]
            self.process = subprocess.Popen(command, stderr=said)
        wait_until(lambda: self.process.poll() is not None or self._listens(), "sshd listens")
        if self.process.poll() is not None:
            pytest.skip(f"sshd does not start: {self.said.read_text().strip()}")
        self.command = [str(programs["ssh"]), "-q", "-tt", "-i", str(folder / "user")]
        for option in ("BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null"):
            self.command += ["-o", option]
        self.command += ["-p", str(self.port), f"{getpass.getuser()}@127.0.0.1"]

    def _listens(self) -> bool:
        with socket.socket() as knock:
            return knock.connect_ex(("127.0.0.1", self.port)) == 0

    def sessions(self) -> list[psutil.Process]:
        """What runs for those who are logged in."""
        return list(psutil.Process(self.process.pid).children(recursive=True))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    folder = tmp_path / "ssh"
    folder.mkdir()
    found = Server(folder)
    yield found
    found.process.terminate()
    found.process.wait()


def test_a_line_that_is_lost(home: Path, paths: Paths, server: Server) -> None:
    """You should see the slow line found out, your keys while the answer streams, nothing of the
    chat left after the line is lost, and the whole answer when you are back."""
    words = " ".join(f"w{number}" for number in range(120))
    there = ["env", f"HINTERLAND_HOME={os.environ['HINTERLAND_HOME']}"]
    behind = [*BAD_LINE, *server.command, *there]
    with RealTerminal("chat", "-m", "echo:10", behind=behind, answers=True) as terminal:
        terminal.sees("slow line", "ready")
        terminal.paste(words)
        terminal.sees("w119")
        terminal.type("\r")
        terminal.sees("tokens/s")
        for key in "jmpq":
            before = len(terminal.written)
            terminal.type(key)
            terminal.until(lambda: key in terminal.screen.split("\n")[-2])  # noqa: B023 - called at once
            assert len(terminal.written) - before < 8192 * 0.4
        terminal.hang_up()
    wait_until(lambda: not server.sessions(), "nothing is left of the session")
    history = History(paths)
    deadline = time.monotonic() + 60
    while history.running() and time.monotonic() < deadline:
        time.sleep(0.05)
    with RealTerminal("chat", "--continue", behind=behind, answers=True) as terminal:
        terminal.sees("w119")
        terminal.type("\x11")
        assert terminal.ended() == 0
    (summary,) = history.list()
    (turn,) = history.conversation(summary.id).turns
    assert turn.answer.split() == words.split()

"""`hint box top` and `hint box report` on a real box: its numbers, who may see them, and a kill."""

from __future__ import annotations

import csv
import grp
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.running import Hint, hint_command, wait_until
from tests.tui.terminals import RealTerminal

STRANGER = "daemon"
"""A user that every machine has; root lets its group use the box, and asks as that user."""


class Box:
    """A shared box in a folder of its own, and whoever asks it."""

    def __init__(self, folder: Path, **limits: int) -> None:
        site, self.state = folder / "site", folder / "state"
        site.mkdir()
        gid = pwd.getpwnam(STRANGER).pw_gid if os.getuid() == 0 else os.getgid()
        lines = [
            f'group = "{grp.getgrgid(gid).gr_name}"',
            f'socket = "{folder}/run/box.sock"',
            "[limits]",
            *(f"{name} = {value}" for name, value in limits.items()),
        ]
        (site / "box.toml").write_text("\n".join(lines))
        (site / "config.toml").write_text('model = "echo:20"\n')
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith("XDG_")
        } | {
            "HINTERLAND_SITE": str(site),
            "HINTERLAND_HOME": str(folder / "home"),
            "STATE_DIRECTORY": str(self.state),
        }
        self._socket = folder / "run/box.sock"
        self._service: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        self._socket.unlink(missing_ok=True)
        self._service = subprocess.Popen(
            [sys.executable, "-m", "hinterland.box.serve"], env=self.environment
        )
        wait_until(lambda: self.hint("box", "top").returncode == 0, "the box listens")

    def kill(self) -> None:
        assert self._service is not None
        self._service.kill()
        self._service.wait()

    def stop(self) -> None:
        assert self._service is not None
        self._service.send_signal(signal.SIGTERM)
        self._service.wait()

    def hint(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            hint_command(*arguments),
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def top(self) -> Any:
        shown = self.hint("box", "top", "--json")
        assert shown.returncode == 0, shown.stderr
        return json.loads(shown.stdout)

    def ask(self, words: int) -> subprocess.Popen[bytes]:
        """Have that many words said again, twenty in a second."""
        return subprocess.Popen(
            hint_command("ask", "--no-history", "word " * words),
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    """A box whose people have 1000 tokens a day; its folder has a short name and is open to all."""
    folder = Path(tempfile.mkdtemp(prefix="hb"))
    folder.chmod(0o755)
    made = Box(folder, tokens_a_day=1000)
    yield made
    made.stop()
    shutil.rmtree(folder)


@pytest.mark.parametrize("command", ["top", "report"])
def test_without_a_box_it_is_said_so(hint: Hint, command: str) -> None:
    refused = hint("box", command)
    assert refused.returncode == 2
    assert "This machine has no shared box." in refused.stderr


def test_a_terminal_shows_the_numbers_until_it_is_left(box: Box) -> None:
    """You should see the numbers change, and your shell again after q."""
    site, home = box.environment["HINTERLAND_SITE"], box.environment["HINTERLAND_HOME"]
    with RealTerminal(
        *("box", "top", "--every", "0.2"), HINTERLAND_SITE=site, HINTERLAND_HOME=home
    ) as terminal:
        terminal.sees("shared box", "0 running", "tokens/s", "today")
        asking = box.ask(200)
        terminal.sees("1 running", "echo:20: ready")
        terminal.resize(40, 12)
        terminal.sees("1 running")
        asking.kill()
        asking.wait()
        terminal.sees("0 running")
        terminal.type("q")
        assert terminal.ended() == 0
        assert terminal.written.rstrip().endswith(b"\x1b[?25h\x1b[?1049l")


def test_a_pipe_is_as_wide_as_any_terminal_unless_it_is_told(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(box.environment, "LANGUAGE", "fr")
    monkeypatch.setitem(box.environment, "LANG", "C.UTF-8")
    monkeypatch.delitem(box.environment, "COLUMNS", raising=False)
    widest = {}
    for columns in ("", "no number", "200"):
        monkeypatch.setitem(box.environment, "COLUMNS", columns)
        shown = box.hint("box", "top")
        assert "utilisateur" in shown.stdout, shown.stderr
        widest[columns] = max(map(len, shown.stdout.splitlines()))
    assert widest[""] == widest["no number"] <= 80 < widest["200"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_gives_the_terminal_back(box: Box, number: signal.Signals) -> None:
    site, home = box.environment["HINTERLAND_SITE"], box.environment["HINTERLAND_HOME"]
    with RealTerminal("box", "top", HINTERLAND_SITE=site, HINTERLAND_HOME=home) as terminal:
        terminal.sees("shared box", "0 running")
        os.kill(terminal.process.pid, number)
        assert terminal.ended() == 128 + number
        assert terminal.written.rstrip().endswith(b"\x1b[?25h\x1b[?1049l")


@pytest.mark.parametrize("form", [(), ("--json",), ("--csv",)])
def test_a_report_of_a_class_that_there_is_not_is_an_error(box: Box, form: tuple[str]) -> None:
    roles = Path(box.environment["HINTERLAND_SITE"]) / "roles"
    no_classes = box.hint("box", "report", "--class", "5b", *form)
    assert "There is no class '5b'." in no_classes.stderr
    assert "There are no classes." in no_classes.stderr
    roles.mkdir()
    (roles / "5a.toml").write_text('group = "class-5a"\n')
    try:
        refused = box.hint("box", "report", "--class", "5b", *form)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert "There is no class '5b'." in refused.stderr
        assert "There are: 5a." in refused.stderr
        assert box.hint("box", "report", "--class", "5a", *form).returncode == 0
    finally:
        shutil.rmtree(roles)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can ask as somebody else")
def test_people_see_themselves_and_totals_only(box: Box) -> None:
    assert box.ask(4).wait() == 0
    ask = f"""
import asyncio, os, pwd
import msgspec
from hinterland.box import asking
box = asking.settings()
who = pwd.getpwnam({STRANGER!r})
os.setgroups([])
os.setgid(who.pw_gid)
os.setuid(who.pw_uid)
status = asyncio.run(asking.now(box))
lines = asyncio.run(asking.lines(box, 0, 1e10))
print(msgspec.json.encode([status, lines]).decode())
"""
    told = subprocess.run(
        [sys.executable, "-c", ask], env=box.environment, capture_output=True, check=True
    )
    status, lines = json.loads(told.stdout)
    assert status["everybody"] is None
    assert status["you"]["uid"] == pwd.getpwnam(STRANGER).pw_uid
    assert lines == []
    assert [share["uid"] for share in box.top()["everybody"]] == [0]
    everything = json.loads(box.hint("box", "report", "--json").stdout)
    assert [each["uid"] for each in everything["users"]] == [0]
    kept = box.state / "usage"
    assert kept.stat().st_mode & 0o777 == 0o700


@pytest.mark.soak
def test_a_killed_box_remembers_what_everybody_had(box: Box) -> None:
    assert box.ask(4).wait() == 0
    before = box.top()["you"]
    asking = box.ask(800)
    wait_until(lambda: _held(box) > 800, "what the answer took is noted")
    box.kill()
    asking.kill()
    asking.wait()
    box.start()
    found = box.top()["you"]
    assert found["tokens_today"] > before["tokens_today"] + 800  # the prompt at least
    assert found["answers_today"] == before["answers_today"] > 0
    if os.getuid():  # root has no limit
        refused = box.hint("ask", "--no-history", "more")
        assert refused.returncode == 4
        assert "1,000 tokens" in refused.stderr
    report = json.loads(box.hint("box", "report", "--json").stdout)
    assert report["total"]["tokens"] == found["tokens_today"]
    (row,) = csv.DictReader(box.hint("box", "report", "--csv").stdout.splitlines())
    assert row["user"] == pwd.getpwuid(os.getuid()).pw_name
    assert int(row["answers"]) == found["answers_today"]


def _held(box: Box) -> int:
    lines = b"".join(path.read_bytes() for path in (box.state / "usage").glob("*")).splitlines()
    return max((json.loads(line).get("held", 0) for line in lines), default=0)

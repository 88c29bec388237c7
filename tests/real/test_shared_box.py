"""A user's `hint` on a machine with a shared box: a real service, and what becomes of its answers."""

from __future__ import annotations

import asyncio
import grp
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from hinterland.conversation import Conversation
from hinterland.engine import journal, lasting, shared
from hinterland.engine.client import EngineClient
from hinterland.engine.protocol import Done, Failed, Note, Queued, TextDelta
from hinterland.errors import ConfigError
from hinterland.late_history import LateHistory
from hinterland.models import header
from hinterland.models.store import ModelStore
from hinterland.paths import Paths, find
from hinterland.turns import Turn
from tests.boxes import Box
from tests.conftest import SMALL_MODEL
from tests.doctoring import WITHOUT_PRIVILEGES
from tests.running import Hint, asking, hint_command, wait_until

WORDS = " ".join(f"word{number}" for number in range(24))


def turns(hint: Hint) -> list[dict[str, str]]:
    shown = hint("history", "show", "--json")
    assert shown.returncode == 0, shown.stderr
    found: list[dict[str, str]] = json.loads(shown.stdout)["turns"]
    return found


def said(home: Path) -> str:
    """Return what the journals of this account hold of an answer that is being written."""
    held = (journal.read(each) for each in journal.paths(home / "state" / "journal"))
    return "".join(
        event.text
        for found in held
        if found
        for event in found.events
        if isinstance(event, TextDelta)
    )


def test_the_box_answers_and_the_account_keeps(box: Box, hint: Hint, home: Path) -> None:
    box.start()
    assert "shared box" in hint("engine", "status").stdout
    asked = hint("ask", "one", "two")
    assert (asked.returncode, asked.stdout) == (0, "one two\n"), asked.stderr
    assert [turn["answer"] for turn in turns(hint)] == ["one two"]
    assert not (home / "state" / "engine.lock").exists(), "an engine of the account's own ran"
    assert not list((home / "state" / "journal").iterdir())
    kept = [path for path in box.state.rglob("*") if path.is_file()]
    assert not [path for path in kept if b"one two" in path.read_bytes()]
    looked = json.loads(hint("doctor", "--json").stdout)
    kinds = {finding["kind"] for finding in looked["findings"]}
    assert "shared-box" in kinds
    assert not kinds & {"engine-idle", "engine-runs"}


def test_a_stopped_box_is_a_reason_or_an_engine_of_ones_own(box: Box, hint: Hint) -> None:
    asked = hint("ask", "-m", "echo", "one")
    assert asked.returncode == 4
    assert "The shared box of this machine is stopped." in asked.stderr
    assert "stopped" in hint("engine", "status").stdout

    box.decide(own_engine=True)
    asked = hint("ask", "-m", "echo", "one")
    assert (asked.returncode, asked.stdout) == (0, "one\n")
    assert "is stopped. Your own engine answers." in asked.stderr
    assert [turn["answer"] for turn in turns(hint)] == ["one"]


def _foreign_group() -> str:
    mine = {os.getgid(), *os.getgroups()}
    return next(group.gr_name for group in grp.getgrall() if group.gr_gid not in mine)


@pytest.mark.parametrize(
    ("group", "folder", "reason"),
    [
        (None, 0o000, "and its socket"),
        ("foreign", 0o000, "You are not in the group"),
        ("no-such-group", 0o000, "is not set up to the end"),
        ("no-such-group", 0o700, "is not set up to the end"),
    ],
)
def test_the_reason_is_told_apart(box: Box, group: str | None, folder: int, reason: str) -> None:
    if group is not None:
        box.decide(group=_foreign_group() if group == "foreign" else group)
    box.run.chmod(folder)
    try:
        told = subprocess.run(
            [sys.executable, "-c", WITHOUT_PRIVILEGES, *hint_command("engine", "status")],
            capture_output=True,
            text=True,
            check=True,
        )
    finally:
        box.run.chmod(0o700)
    assert reason in told.stdout
    assert "Ask who looks after this machine." in told.stdout


def test_nobody_else_can_stand_in_for_the_box(box: Box) -> None:
    """A folder that others may write to proves nothing of who listens there."""
    if os.getuid() != 0:
        pytest.skip("only root can listen as another user")
    box.run.chmod(0o777)
    listen = (
        "import os, socket, sys\n"
        "os.setuid(65534)\n"
        "s = socket.socket(socket.AF_UNIX)\n"
        "s.bind('box.sock'); s.listen(); print(flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", listen],
        cwd=box.run,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as stranger:
        assert stranger.stdout is not None
        stranger.stdout.readline()
        found = shared.find()
        assert found is not None
        trouble = asyncio.run(shared.trouble(found))
        stranger.communicate()
    assert trouble is not None
    assert "is not that of the shared box" in trouble.message


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.soak
def test_an_answer_goes_on_when_the_box_is_back(
    box: Box, hint: Hint, home: Path, how: signal.Signals
) -> None:
    box.start()
    with asking("-m", "echo:20", WORDS) as process:
        wait_until(lambda: "word3" in said(home), "some of the answer is kept")
        box.end(how)
        box.start()
        rest, told = process.communicate(timeout=60)
    assert process.returncode == 0, told
    assert rest.strip().endswith(WORDS[-40:])
    assert "the answer goes on" in told
    assert [turn["answer"] for turn in turns(hint)] == [WORDS]


@pytest.mark.soak
def test_a_request_that_waits_is_asked_again(box: Box, paths: Paths, home: Path) -> None:
    """One answer takes the only slot of the box; the other waits when it is killed."""
    box.start()

    async def ask(prompt: str, events: list[object]) -> None:
        talk = Conversation(EngineClient(paths), LateHistory(paths), model="echo:8")
        async for event in talk.ask(prompt):
            events.append(event)  # noqa: PERF401 - another task looks on

    async def both() -> list[list[object]]:
        heard: list[list[object]] = [[], []]
        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            for number, (events, until) in enumerate(zip(heard, (TextDelta, Queued), strict=True)):
                group.create_task(ask(f"{number} {WORDS}", events))
                while not any(isinstance(event, until) for event in events):
                    await asyncio.sleep(0.02)
            await asyncio.to_thread(box.end)
            await asyncio.to_thread(box.start)
        return heard

    heard = asyncio.run(both())
    for number, events in enumerate(heard):
        answer = "".join(event.text for event in events if isinstance(event, TextDelta))
        assert answer == f"{number} {WORDS}"
        assert isinstance(events[-1], Done)
    notes = [{event.text for event in events if isinstance(event, Note)} for events in heard]
    assert "The shared box is back; the answer goes on." in notes[0]
    assert "The shared box is back and was asked again." in notes[1]
    assert not list(journal.paths(home / "state" / "journal"))


def test_a_box_that_stays_away_ends_the_answer_with_what_came(
    box: Box, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lasting, "PATIENCE", 0.5)
    box.start()
    events: list[object] = []

    async def ask() -> Turn:
        talk = Conversation(EngineClient(paths), LateHistory(paths), model="echo:20")
        async for event in talk.ask(WORDS):
            events.append(event)
            if isinstance(event, TextDelta) and box.process is not None:
                await asyncio.to_thread(box.end)
        return talk.turns[-1]

    turn = asyncio.run(ask())
    end = events[-1]
    assert isinstance(end, Failed)
    assert "in the middle of the answer" in end.message
    assert "/continue" in end.hint
    shown = "".join(event.text for event in events if isinstance(event, TextDelta))
    assert shown
    assert turn.answer == shown


@pytest.mark.soak
def test_what_went_on_in_the_box_is_collected(box: Box, hint: Hint, home: Path) -> None:
    box.start()
    with asking("-m", "echo:20", WORDS) as process:
        wait_until(lambda: "word3" in said(home), "some of the answer is kept")
        process.kill()
        process.communicate()
    assert turns(hint)[0]["finish_reason"] == "interrupted"
    asked = hint("ask", "--continue", "-m", "echo", "and", "then")
    assert (asked.returncode, asked.stdout) == (0, "and then\n"), asked.stderr
    assert [turn["answer"] for turn in turns(hint)] == [WORDS, "and then"]


@pytest.mark.soak
def test_what_did_not_go_on_stays_as_it_was(box: Box, hint: Hint, home: Path) -> None:
    box.start()
    with asking("-m", "echo:8", WORDS) as process:
        wait_until(lambda: "word3" in said(home), "some of the answer is kept")
        process.kill()
        process.communicate()
    box.end()
    box.start()
    kept = turns(hint)[0]["answer"]
    asked = hint("ask", "--continue", "-m", "echo", "and", "then")
    assert (asked.returncode, asked.stdout) == (0, "and then\n"), asked.stderr
    assert [turn["answer"] for turn in turns(hint)] == [kept, "and then"]
    assert WORDS.startswith(kept)


def test_an_ordinary_user_may_not_start_or_stop_it(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hinterland.cli import engine

    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    for command in (["start"], ["stop"], ["bench"], ["build"], ["logs"]):
        with pytest.raises(ConfigError, match="shared box"):
            engine.command(command, standalone_mode=False)


@pytest.mark.model
def test_a_small_model_is_written_again_for_many(
    home: Path,
    model_shelf: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    hint: Hint,
) -> None:
    """Once, and what is of no model any more goes."""
    monkeypatch.setenv("XDG_DATA_DIRS", str(model_shelf))
    box = Box(tmp_path / "x", SMALL_MODEL)
    monkeypatch.setenv("HINTERLAND_SITE", str(box.site))
    box.decide(models=[SMALL_MODEL])
    folder = box.state / "cache" / "for_many"
    folder.mkdir(parents=True, mode=0o700)
    (folder / "of-nothing.gguf").write_bytes(b"GGUF")
    box.start()
    try:
        (made,) = folder.iterdir()
        (model,) = ModelStore(find()).installed()
        assert made.name == f"{model.sha256}.gguf"
        assert header.read(made) == msgspec.structs.replace(model.facts, file_type=7)
        asked = hint("ask", "--max-tokens", "8", "Hi.")
        assert asked.returncode == 0, asked.stderr
        assert asked.stdout.strip()
        assert box.process is not None
        service = box.process.pid
        (worker,) = Path(f"/proc/{service}/task/{service}/children").read_text().split()
        assert str(made).encode() in Path(f"/proc/{worker}/cmdline").read_bytes()
        before = made.stat()
        box.end(signal.SIGTERM)
        box.start()
        assert made.stat() == before
    finally:
        box.end(signal.SIGTERM)

"""An answer on a disk that becomes full in the middle of it: said at once, and nothing shown is lost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from hinterland.conversation import Conversation
from hinterland.engine import lasting
from hinterland.engine.client import EngineClient
from hinterland.engine.journal import Header
from hinterland.engine.patient_journal import PatientJournal
from hinterland.engine.protocol import Event, Failed, Note, TextDelta
from hinterland.engine.service.answers import Answer
from hinterland.engine.service.house import Caller, Terms
from hinterland.engine.wire import Connection
from hinterland.errors import StorageError
from hinterland.late_history import LateHistory
from hinterland.paths import find
from tests.boxes import Box
from tests.history_samples import fill, tiny_disk
from tests.running import Hint, asking, running_status, stop_engine, wait_until
from tests.tui.terminals import RealTerminal

FULL = "The disk is full: this answer is not being saved."
AGAIN = "The disk can be written to again: this answer is being saved."
WORDS = " ".join(f"word{number}" for number in range(60))
MORE_WORDS = " ".join(f"word{number}" for number in range(200))
"""A journal of one's own has a page of the disk for some seventy of them."""


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A small disk with a fresh account on it, which has asked something."""
    with tiny_disk(tmp_path / "disk", "1m") as disk:
        monkeypatch.setenv("HINTERLAND_HOME", str(disk / "home"))
        monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path / "share"))
        yield disk
        stop_engine()


def test_ask_says_it_while_the_answer_comes(hint: Hint, disk: Path) -> None:
    with asking("-m", "echo:10", WORDS) as process:
        filler = fill(disk)
        assert process.stderr is not None
        assert process.stderr.readline() == f"hint: {FULL}\n"
        assert process.poll() is None, "it was said at the end only"
        rest, errors = process.communicate(timeout=60)
    assert rest.strip().endswith(WORDS[-40:])
    assert process.returncode == 5
    assert FULL not in errors
    assert errors.count("hint: The disk is full") == 1

    again = hint("ask", "-m", "echo", "once more")
    assert again.stdout == "once more\n"
    assert f"hint: {FULL}" in again.stderr, "a journal that could not be begun"
    filler.unlink()


def test_an_answer_that_nobody_reads_is_saved_when_there_is_space(hint: Hint, disk: Path) -> None:
    with asking("-m", "echo:20", WORDS) as process:
        filler = fill(disk)
        assert process.stderr is not None
        assert process.stderr.readline() == f"hint: {FULL}\n"
        process.kill()
        process.communicate()
    filler.unlink()
    wait_until(lambda: running_status().running == 0, "the answer is finished")
    shown = json.loads(hint("history", "show", "--json").stdout)
    assert [turn["answer"] for turn in shown["turns"]] == [WORDS]


@pytest.mark.parametrize("options", [(), ("--plain",)])
def test_the_chat_says_it_while_the_answer_comes(disk: Path, options: tuple[str, ...]) -> None:
    with RealTerminal("chat", "-m", "echo:8", *options) as terminal:
        terminal.sees("Ask something" if not options else "Type a prompt")
        terminal.type(f"{WORDS}\r")
        terminal.sees("word3")
        filler = fill(disk)
        terminal.sees("The disk is full", "being saved")
        assert "word59" not in terminal.screen.partition("word3 ")[2].partition("word3 ")[2]
        if not options:
            terminal.sees("not saved · writing")
            terminal.type("\x11")
            terminal.until(lambda: "it is lost" in terminal.screen)
            assert "--continue" not in terminal.screen
        else:
            terminal.sees("word59", "Free some space")
        filler.unlink()


def test_a_caller_without_our_events_is_told_in_a_comment(hint: Hint, disk: Path) -> None:
    """OpenAI's clients pass over it; what they read is the whole answer."""
    assert hint("engine", "start", "-m", "echo:20").returncode == 0
    body = {
        "model": "echo:20",
        "stream": True,
        "messages": [{"role": "user", "content": WORDS}],
        "hint": {"conversation_id": "c", "turn_id": "t"},
    }

    async def ask() -> bytes:
        connection = await Connection.open(find().socket)
        filler = fill(disk)
        assert (
            await connection.send("POST", "/v1/chat/completions", json.dumps(body).encode()) == 200
        )
        read = b""
        async for piece in connection.chunks():
            read += piece
            if b"not being saved" in read:
                filler.unlink(missing_ok=True)
        connection.close()
        return read

    blocks = asyncio.run(ask()).decode().split("\n\n")
    told = [block.removeprefix(": hint.note ") for block in blocks if block.startswith(":")]
    assert [(json.loads(each)["text"], json.loads(each)["saved"]) for each in told] == [
        (FULL, False),
        (AGAIN, True),
    ]
    chunks = [block for block in blocks if block and not block.startswith(":")]
    assert all(block.startswith("data: ") for block in chunks)
    assert chunks.pop() == "data: [DONE]"
    deltas = [json.loads(each[6:])["choices"][0]["delta"].get("content") for each in chunks]
    assert "".join(each or "" for each in deltas) == WORDS


def test_nothing_is_added_to_an_answer_that_is_one_json_text(disk: Path) -> None:
    async def read() -> bytes:
        fill(disk)
        header = Header(conversation_id="c", turn_id="t", created=0.0, prompt="", model="echo")
        answer = Answer(Caller(0, Terms()), PatientJournal(disk / "journal", header), plain=True)
        answer.pass_on(b'{"choices": []}\n\n')
        answer.pass_on(b"\n\n")
        answer.end()
        return b"".join([piece async for piece in answer.follow()])

    assert json.loads(asyncio.run(read())) == {"choices": []}


@pytest.fixture
def box(
    disk: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Box]:
    """A box that runs, on a disk of its own."""
    box = Box(tmp_path_factory.mktemp("b") / "x")
    monkeypatch.setenv("HINTERLAND_SITE", str(box.site))
    box.start()
    yield box
    box.end()


def test_a_box_that_goes_away_meanwhile_leaves_nothing_to_go_on_with(
    box: Box, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lasting, "PATIENCE", 0.5)
    events: list[Event] = []

    async def ask() -> None:
        talk = Conversation(EngineClient(find()), LateHistory(find()), model="echo:20")
        async for event in talk.ask(MORE_WORDS):
            if isinstance(event, TextDelta) and not list(disk.glob("filler")):
                fill(disk)
            if isinstance(event, Note) and event.saved is False:
                await asyncio.to_thread(box.end)
            events.append(event)

    with pytest.raises(StorageError, match="The disk is full"):
        asyncio.run(ask())
    assert [event.text for event in events if isinstance(event, Note) and event.text == FULL]
    end = events[-1]
    assert isinstance(end, Failed)
    assert "in the middle of the answer" in end.message
    assert end.hint == "Ask again."


def test_who_asks_a_shared_box_is_told_it_of_their_own_disk(
    hint: Hint, disk: Path, box: Box
) -> None:
    with asking("-m", "echo:20", MORE_WORDS) as process:
        filler = fill(disk)
        assert process.stderr is not None
        assert process.stderr.readline() == f"hint: {FULL}\n"
        filler.unlink()
        assert process.stderr.readline() == f"hint: {AGAIN}\n"
        rest, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")
    assert rest.strip().endswith(MORE_WORDS[-40:])
    shown = json.loads(hint("history", "show", "--json").stdout)
    assert [turn["answer"] for turn in shown["turns"]] == [MORE_WORDS]

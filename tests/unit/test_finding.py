"""Conversations are marked, found by their titles, and deleted so that they can come back."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from hinterland import titles
from hinterland.conversation import Conversation
from hinterland.engine.client import EngineClient
from hinterland.engine.echo import EchoEngine
from hinterland.engine.protocol import Failed, Message, Priority, Request
from hinterland.errors import InputError
from hinterland.history import History, Titled, fuzzy
from hinterland.paths import Paths
from hinterland.taking_out import run_export
from hinterland.turns import new_id
from tests.history_samples import a_turn, files_of, journal_writer, strict
from tests.running import Hint
from tests.tui.chatting import scene, told_of_class

ONE, TWO = "01aaaaaaaaaa000000000001", "01aaaaaaaabb000000000002"


@pytest.fixture
def history(paths: Paths) -> History:
    history = strict(paths)
    history.add_turn(ONE, a_turn("Why do we boil water?", created=1e9))
    history.add_turn(TWO, a_turn("Comment purifier l'eau ?", created=1.1e9))
    return history


def test_marks_stay_and_filter_the_list(history: History, paths: Paths) -> None:
    history.pin(ONE)
    history.tag(ONE, ["Water", "#health", "water"])
    history.archive(TWO)
    history = strict(paths)
    assert [each.id for each in history.list(pinned=True)] == [ONE]
    assert [each.id for each in history.list(archived=True)] == [TWO]
    assert [each.id for each in history.list(tag="WATER")] == [ONE]
    assert history.conversation(ONE).tags == ("Water", "health")
    history.add_turn(ONE, a_turn("And then?", created=1.2e9))
    assert history.conversation(ONE).pinned
    with pytest.raises(InputError, match="cannot be a tag"):
        history.tag(ONE, ["two words"])


def test_files_and_an_index_of_an_older_release_are_read(history: History, paths: Paths) -> None:
    file = paths.history / "conversations" / f"{ONE}.json"
    assert b"pinned" not in file.read_bytes()  # what is not set is not written
    history.tag(ONE, ["water"])
    history._index._write({})
    index = paths.history / "index.json"
    older = msgspec.json.decode(index.read_bytes())
    older["schema"]["1"]["version"] = 1
    for row in older["conversations"].values():
        row["summary"].pop("tags")
    index.write_bytes(msgspec.json.encode(older))
    assert [each.id for each in strict(paths).list(tag="water")] == [ONE]


def test_a_model_never_replaces_the_title_of_a_person(history: History) -> None:
    assert history.suggest_title(ONE, "Boiling water")
    assert not history.suggest_title(ONE, "Another one")
    history.rename(TWO, "Eau")
    assert not history.suggest_title(TWO, "Purifier l'eau")
    assert history.conversation(ONE).titled is Titled.MODEL
    assert [each.title for each in history.list()] == ["Eau", "Boiling water"]


def test_deleted_and_brought_back_whole(history: History, paths: Paths) -> None:
    before = history.conversation(ONE)
    journal_writer(paths, ONE, a_turn("unfinished", created=1.3e9)).close()
    assert history.running() == []
    history.set_aside(ONE[:11])
    assert [each.id for each in strict(paths).list()] == [TWO]
    assert history.search("boil") == []
    with pytest.raises(InputError):
        history.conversation(ONE)
    assert history.bring_back() == ONE
    assert history.bring_back() is None
    assert history.conversation(ONE).turns[: len(before.turns)] == before.turns
    assert len(history.conversation(ONE).turns) == 2  # its journal was kept for it
    assert len(history.search("boil")) == 1


def test_what_is_being_answered_is_not_deleted(history: History, paths: Paths) -> None:
    writer = journal_writer(paths, ONE, a_turn("unfinished", created=1.3e9))
    with pytest.raises(InputError, match="still being written"):
        history.set_aside(ONE)
    writer.close()
    history.set_aside(ONE)


@scene
async def test_a_title_for_what_was_deleted_meanwhile(history: History) -> None:
    engine = EchoEngine(answer=lambda request: "Boiling water")
    talk = Conversation(engine, history, record=history.conversation(ONE), model="echo")
    history.set_aside(ONE)
    assert await talk.suggest_title()
    assert not talk.titled


@scene
async def test_no_title_is_asked_for_where_a_teacher_reads_along(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    told_of_class(monkeypatch)
    asked: list[Request] = []

    def answer(request: Request) -> str:
        asked.append(request)
        return "Boiling water"

    engine = EchoEngine(answer=answer)
    talk = Conversation(engine, history, record=history.conversation(ONE), model="echo")
    assert await talk.suggest_title()
    assert (asked, talk.titled) == ([], False)


def test_what_was_said_elsewhere_meanwhile_stays_too(history: History) -> None:
    history.rename(ONE, "Water")
    history.set_aside(ONE)
    history.add_turn(ONE, a_turn("Still here?", created=1.4e9))
    assert history.bring_back() == ONE
    record = history.conversation(ONE)
    assert [turn.prompt for turn in record.turns] == ["Why do we boil water?", "Still here?"]
    assert record.title == "Water"


def test_deleting_is_finished_at_the_end(history: History, paths: Paths) -> None:
    history.search("boil")
    history.set_aside(ONE)
    assert b"boil" in files_of(paths.history)
    history.finish_deleting()
    assert b"boil" not in files_of(paths.history)
    assert not (paths.history / "deleted").exists()
    assert history.bring_back() is None


def test_deleting_is_finished_for_whoever_was_killed(history: History, paths: Paths) -> None:
    """What a person deleted stays deleted: the next look at the history removes it."""
    kill_oneself = (
        "import os, signal; from hinterland.history import History; from hinterland import paths; "
        f"History(paths.find()).set_aside({ONE!r}); os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", kill_oneself], check=False).returncode == -9
    assert len(os.listdir(paths.history / "deleted")) == 1
    assert [each.id for each in strict(paths).list()] == [TWO]
    assert b"boil" not in files_of(paths.history)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("boil", ["Boil water", "Why boil milk", "parboiled rice"]),
        ("BÖIL wat", ["Boil water"]),
        ("wtr", ["Boil water"]),
        ("煮水", ["为什么要煮水"]),
        ("#he", ["Why boil milk"]),
        ("health", ["Why boil milk"]),
        ("#he rice", []),
        ("bwrm", []),
        ("", ["Why boil milk", "parboiled rice", "Boil water", "为什么要煮水"]),
    ],
)
def test_titles_are_found_by_what_one_remembers(query: str, found: list[str]) -> None:
    among = ["Why boil milk", "parboiled rice", "Boil water", "为什么要煮水"]
    prepared = [
        fuzzy.prepare(title, title, ["Health"] if "milk" in title else []) for title in among
    ]
    assert fuzzy.find(query, prepared) == found


@pytest.mark.parametrize(
    ("said", "cut", "title"),
    [
        ('"Boiling River Water"\n\nI hope', False, "Boiling River Water"),
        ("**Title:** Well depth.", False, "Well depth"),
        ("Titre : L'eau potable", False, "L'eau potable"),
        ("How to keep goats healthy in the dry sea", True, "How to keep goats healthy in the dry"),
        ("天空为什么是蓝", True, "天空为什么是蓝"),
        ("Unfinish", True, ""),
        ("Give our conversation a title", False, ""),
        ("\n \n", False, ""),
        ("\x1b]0;evil\x07 Well", False, "␛]0;evil␇ Well"),
    ],
)
def test_what_a_model_says_becomes_a_title(said: str, cut: bool, title: str) -> None:
    assert titles.cleaned(said, "Give our conversation a title of five words.", cut=cut) == title


@scene
async def test_a_title_is_asked_for_after_what_was_said(paths: Paths) -> None:
    """The engine has only the question to read; nothing but the title changes."""
    engine = EchoEngine(answer=lambda request: "Clean water" if request.when_idle else "Boil it.")
    talk = Conversation(engine, strict(paths), model="echo", system="Be brief.")
    assert [event async for event in talk.ask("How do I make water safe?")]
    assert await talk.suggest_title()
    asked, request = engine.requests
    assert request.messages[: len(asked.messages)] == asked.messages
    assert (request.priority, request.conversation_id) == (Priority.BATCH, None)
    assert (request.sampling.max_tokens or 99) <= 12
    (summary,) = strict(paths).list()
    assert (summary.title, summary.turns) == ("Clean water", 1)
    assert await talk.suggest_title()
    assert len(engine.requests) == 2  # it has one


@scene
async def test_an_open_conversation_follows_its_title(paths: Paths, tmp_path: Path) -> None:
    """It was renamed from the list, or in another window: the export has the new one."""
    engine = EchoEngine(answer=lambda request: "Clean water" if request.when_idle else "Boil it.")
    talk = Conversation(engine, strict(paths), model="echo")
    assert [event async for event in talk.ask("How do I make water safe?")]
    strict(paths).rename(talk.id, "The well")
    chat: Any = SimpleNamespace(talk=talk, say=lambda text: None)
    file = tmp_path / "talk.md"
    await run_export(chat, str(file))
    assert file.read_text().startswith("# The well")
    assert await talk.suggest_title()
    assert talk.title == "The well"
    assert len(engine.requests) == 1  # nobody is asked for another


@scene
async def test_a_question_ends_the_making_of_a_title(paths: Paths) -> None:
    import asyncio

    engine = EchoEngine(20.0, lambda request: "a title " * 400 if request.when_idle else "yes")
    talk = Conversation(engine, strict(paths), model="echo")
    assert [event async for event in talk.ask("first")]
    request = titles.request
    try:
        titles.request = lambda said, model: msgspec.structs.replace(
            request(said, model), sampling=talk.sampling
        )
        entitling = asyncio.create_task(talk.suggest_title())
        while len(engine.requests) < 2:
            await asyncio.sleep(0)
        assert [event async for event in talk.ask("second")]
        assert not await entitling
    finally:
        titles.request = request
    assert strict(paths).conversation(talk.id).title == "first"


@scene
async def test_when_idle_loads_and_delays_nothing(paths: Paths, hint: Hint) -> None:
    client = EngineClient(paths)
    wanted = Request((Message("user", "hello"),), "echo", turn_id=new_id(), when_idle=True)

    async def last() -> object:
        return [event async for event in client.stream(wanted)][-1]

    assert isinstance(await last(), Failed)
    assert await client.status() is None  # not even the service was started
    assert hint("ask", "-m", "echo:20", "hello").returncode == 0
    assert isinstance(await last(), Failed)  # another model is in memory
    status = await client.status()
    assert status is not None
    assert [worker.model for worker in status.workers] == ["echo:20"]
    wanted = msgspec.structs.replace(wanted, model="echo:20", turn_id=new_id())
    assert not isinstance(await last(), Failed)
    long = Request((Message("user", "word " * 1000),), "echo:20", turn_id=new_id())
    slow = client.stream(long)
    await anext(slow)
    busy = msgspec.structs.replace(wanted, turn_id=new_id())
    assert isinstance([event async for event in client.stream(busy)][-1], Failed)
    await slow.aclose()  # type: ignore[attr-defined] # a generator, typed as an iterator


def test_marks_from_the_command_line(history: History, hint: Hint) -> None:
    for arguments in (
        ("pin", ONE),
        ("tag", ONE, "water", "#health"),
        ("untag", ONE, "HEALTH"),
        ("rename", ONE, "Boiling", "water"),
        ("archive", TWO),
    ):
        ran = hint("history", *arguments)
        assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    listed = hint("history", "list").stdout
    assert listed.endswith("1  * Boiling water #water\n")
    assert len(listed.splitlines()) == 1
    assert hint("history", "list", "--archived").stdout.startswith("01aaaaaaaab  ")
    assert (
        '"tags": [\n        "water"\n' in hint("history", "list", "--tag", "WATER", "--json").stdout
    )
    ran = hint("history", "untag", ONE, "nothing")
    assert (ran.returncode, "It has: water." in ran.stderr) == (2, True)


def test_commands_of_the_plain_chat(history: History, hint: Hint, paths: Paths) -> None:
    said = f"/open {ONE[:11]}\n/pin\n/tag water\n/title Boiling\nanother\n/delete\n/new\n/delete undo\n"
    ran = hint("chat", "--plain", "-m", "echo", input=said)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "another\n", "")
    record = strict(paths).conversation(ONE)
    assert (record.title, record.pinned, record.tags) == ("Boiling", True, ("water",))
    assert [turn.prompt for turn in record.turns] == ["Why do we boil water?", "another"]
    ran = hint("chat", "--plain", "-m", "echo", input=f"/open {ONE}\n/delete\n")
    assert [each.id for each in strict(paths).list()] == [TWO]
    assert b"Boiling" not in files_of(paths.history)

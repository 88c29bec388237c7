"""The list of conversations: what was said is found again, marked, deleted and brought back."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from pathlib import Path

import pytest

from hinterland.config import Config, UiSettings
from hinterland.conversation import Conversation
from hinterland.engine.echo import EchoEngine
from hinterland.engine.protocol import Request
from hinterland.history import History, Hits
from hinterland.paths import Paths
from hinterland.tui import finding
from hinterland.tui.screens import conversations
from hinterland.tui.screens.conversations import ConversationsScreen
from tests.answers import collect
from tests.history_samples import a_turn, strict
from tests.tui.chatting import Person, chat, scene
from tests.tui.terminals import RealTerminal

DAY = 86_400


@pytest.fixture
def history(paths: Paths) -> History:
    """Three conversations of three days; the oldest is long."""
    history = strict(paths)
    now = time.time()
    history.add_turn("well", a_turn("How deep is the well?", "Thirty metres.", created=now - 60))
    history.add_turn("eau", a_turn("Où trouver de l'eau ?", "Au puits.", created=now - DAY - 60))
    for number in range(40):
        answer = "The needle lies here." if number == 12 else "Only hay. " * 40
        turn = a_turn(f"Question {number}", answer, created=now - 9 * DAY + number)
        history.add_turn("hay", turn)
    history.rename("hay", "A stack of hay")
    return history


async def browse(person: Person, key: str = "ctrl+o") -> ConversationsScreen:
    await person.press(key)
    await person.until(lambda: isinstance(person.app.screen, ConversationsScreen))
    screen = person.app.screen
    assert isinstance(screen, ConversationsScreen)
    await person.until(lambda: screen._prepared is not None)
    return screen


def rows(person: Person) -> list[str]:
    return [line.strip() for line in person.screen.split("\n")[1:-1] if line.strip()]


def found(person: Person) -> list[str]:
    """Return what is marked on the screen as found."""
    styles = person.app.screen._compositor.render_strips()
    return [
        segment.text
        for strip in styles
        for segment in strip
        if segment.style and segment.style.reverse and segment.style.bold
    ]


def engine() -> EchoEngine:
    return EchoEngine()


@scene
async def test_grouped_by_day_and_found_as_one_types(history: History) -> None:
    """You should see the days, pinned ones first, and fewer titles with every letter."""
    history.pin("hay")
    async with chat(engine()) as person:
        await browse(person)
        await person.sees(
            "Pinned", "A stack of hay", "Today", "How deep", "Yesterday", "Où trouver"
        )
        lines = rows(person)
        assert [lines.index(day) for day in ("Pinned", "Today", "Yesterday")] == [0, 2, 4]
        assert lines[1].startswith(">* A stack of hay")
        assert "40" in lines[1]
        await person.press(*"ou tr")
        await person.until(lambda: len(rows(person)) == 1)
        assert "Où trouver de l'eau" in person.screen
        await person.press("escape")
        await person.until(lambda: person.app.screen is person.app._chat)


@scene
async def test_found_in_its_place_and_opened_there(history: History, paths: Paths) -> None:
    """You should see the words where they were said, and be there after Enter, marked."""

    def resume(conversation_id: str) -> Conversation:
        record, running = History(paths).resume(conversation_id)
        return Conversation(engine(), strict(paths), record=record, running=running)

    async with chat(engine()) as person:
        person.chat.resume = resume
        await browse(person, "f3")
        await person.press(*"needl", "enter")  # in one burst: Enter waits for what is found
        await person.until(lambda: person.app.screen is person.app._chat)
        await person.until(lambda: "needle lies here" in person.screen)
        await person.until(lambda: found(person) == ["needl"])
        assert person.chat.conversation is not None
        assert person.chat.conversation.id == "hay"
        assert not person.chat.transcript.following
        await person.ask("more")
        await person.answered()
        await person.sees("> more")
        assert found(person) == []
        screen = await browse(person, "f3")
        await person.press(*"puits")
        await person.sees("Au puits.")
        assert found(person) == ["puits"]
        assert screen.list.chosen is not None


@pytest.mark.parametrize("size", [(40, 12), (80, 24)])
def test_marks_and_deletion_by_keys(history: History, paths: Paths, size: tuple[int, int]) -> None:
    """You should see what each key did, and what was deleted come back."""

    @scene
    async def marks() -> None:
        async with chat(engine(), size=size) as person:
            await browse(person)
            await person.sees("How deep is the well")
            await person.press("down", "p")
            await person.until(lambda: strict(paths).conversation("well").pinned)
            await person.sees("Pinned", ">*")
            await person.press("r", "ctrl+u", *"Depth", "enter")
            await person.sees("Depth")
            await person.press("t", *"Water", "enter")
            await person.until(lambda: strict(paths).conversation("well").tags == ("Water",))
            await person.press("a")
            await person.until(lambda: strict(paths).conversation("well").archived)
            await person.until(lambda: "Depth" not in person.screen)
            await person.press("v")
            await person.sees("Depth")
            await person.press("up", "up", "slash", *"#wat")
            await person.until(lambda: sum("Depth" in row for row in rows(person)) == 1)
            await person.press("down", "d")
            await person.until(lambda: len(strict(paths).list()) == 2)
            await person.until(lambda: all("Depth" not in row for row in rows(person)[4:]))
            await person.press("ctrl+z")
            await person.until(lambda: len(strict(paths).list()) == 3)
            await person.until(lambda: strict(paths).conversation("well").title == "Depth")

    marks()


@scene
async def test_all_archived_can_still_be_reached(paths: Paths) -> None:
    """You should see archived conversations with Down and v also where there are no others."""
    strict(paths).add_turn("well", a_turn("How deep is the well?", "Thirty metres."))
    strict(paths).archive("well", True)
    async with chat(EchoEngine()) as person:
        await browse(person)
        await person.sees("All conversations are archived.")
        await person.press("down", "v")
        await person.sees("How deep is the well?", "[archived]")


@scene
async def test_a_damaged_conversation_is_told_of(paths: Paths) -> None:
    """You should see the other conversations, and which file is damaged."""
    History(paths).add_turn("well", a_turn("How deep is the well?", "Thirty metres."))
    History(paths).add_turn("dry", a_turn("Is it dry?", "No."))
    (damaged,) = paths.history.rglob("dry.json")
    damaged.write_text("{", encoding="utf-8")
    async with chat(EchoEngine(), size=(120, 30)) as person:
        await browse(person)
        await person.sees("How deep is the well?", "put it back from a backup")
        # The folder is as long as its test's number: the name may be broken anywhere.
        assert "dry.json" in "".join(person.screen.replace("▌", "").split())
        assert "hint:" not in person.screen


@scene
async def test_commands_go_where_they_lead(history: History, paths: Paths) -> None:
    """You should see the list for /find, a new chat after /delete, and the old one after its undo."""

    def resume(conversation_id: str) -> Conversation:
        record, running = History(paths).resume(conversation_id)
        return Conversation(engine(), strict(paths), record=record, running=running)

    record, _ = history.resume("well")
    talk = Conversation(engine(), strict(paths), record=record)
    async with chat(engine(), talk) as person:
        person.chat.resume = resume
        await person.ask("/title The well")
        await person.sees("The title is “The well” now.")
        await person.answered()
        await person.ask("/delete")
        await person.until(lambda: person.chat.conversation is not talk)
        assert "well" not in {each.id for each in strict(paths).list()}
        await person.until(lambda: person.chat.answering is None)
        await person.ask("/delete undo")
        await person.until(lambda: "Thirty metres." in person.screen)
        await person.answered()
        await person.ask("/find puits")
        await person.until(lambda: "Au puits." in person.screen)
        assert isinstance(person.app.screen, ConversationsScreen)


@scene
async def test_found_on_a_branch_that_is_not_shown(paths: Paths) -> None:
    """You should be on the branch where the words were said, in this conversation and from another."""
    talk = Conversation(engine(), strict(paths), model="echo")
    for prompt in ("How deep is it?", "A needle, they say."):
        await collect(talk.ask(prompt))
    await collect(talk.edit(talk.turns[0].id, "How wide is it?"))

    def resume(conversation_id: str) -> Conversation:
        record, running = History(paths).resume(conversation_id)
        return Conversation(engine(), strict(paths), record=record, running=running)

    for shown in (talk, None):
        async with chat(engine(), shown) as person:
            person.chat.resume = resume
            if shown is not None:
                await person.sees("‹2/2› How wide is it?")
            assert "needle" not in person.screen
            await browse(person, "f3")
            await person.press(*"needle", "enter")
            await person.until(lambda: person.app.screen is person.app._chat)
            await person.sees("‹1/2› How deep is it?", "> A needle, they say.")
            await person.until(lambda: set(found(person)) == {"needle"})
            assert person.chat.conversation is not None
            prompts = [turn.prompt for turn in person.chat.conversation.turns]
            assert prompts == ["How deep is it?", "A needle, they say."]
            await person.press("f8")
            await person.sees("‹2/2› How wide is it?")
            await person.answered()


@scene
async def test_a_search_begins_when_no_more_letters_come(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    """You should not wait for a search of every letter on the way to your word."""
    monkeypatch.setattr(conversations, "_PAUSE", 1.0)
    sought: list[str] = []
    search = History.search

    def noting(self: History, query: str, limit: int = 20) -> Hits:
        sought.append(query)
        return search(self, query, limit)

    monkeypatch.setattr(History, "search", noting)
    async with chat(engine()) as person:
        screen = await browse(person, "f3")
        for typed in ("n", "ne", "nee", "need"):
            screen.box.value = typed
        await person.sees("needle lies here")
        assert sought == ["need"]


@scene
async def test_movement_as_in_vi(history: History) -> None:
    """You should move in the list with vi's letters, and write them in the line above."""
    config = Config(ui=UiSettings(vim=True))
    async with chat(engine(), config=config) as person:
        screen = await browse(person)
        await person.press("j")
        assert screen.box.value == "j"
        await person.press("backspace", "down")
        moves = {"G": "hay", "k": "eau", "g": "well", "j": "eau", "ctrl+u": "well", "ctrl+d": "hay"}
        for key, chosen in moves.items():
            await person.press(key)
            assert screen.list.chosen is not None
            assert screen.list.chosen.conversation_id == chosen, key
        assert screen.list.has_focus and screen.box.value == ""


@pytest.mark.parametrize("size", [(40, 12), (80, 24)])
def test_marks_stay_in_view(history: History, size: tuple[int, int]) -> None:
    """You should see that a conversation is pinned and archived, however long its title is, and the
    key of your own that undeletes."""
    history.rename("well", "How deep is the well that everybody in the village talks about? " * 2)
    history.tag("well", ["water", "wells", "a-very-long-tag-that-takes-much-room"])
    history.pin("well")
    history.archive("well")

    @scene
    async def story() -> None:
        config = Config(keys={"conversations.undo": "f12", "chat.stop": "", "edit.cancel": "f11"})
        async with chat(engine(), size=size, config=config) as person:
            await browse(person)
            await person.press("down", "v")
            await person.sees("[archived]")
            row = next(row for row in rows(person) if "[archived]" in row)
            assert row.startswith(">*" if ">*" in row else "*")
            assert "How deep" in row or "How de" in row
            await person.press("d")
            told = person.app._notifications
            await person.until(lambda: any("F12 brings it back" in each.message for each in told))

    story()


@scene
async def test_titles_from_right_to_left(history: History) -> None:
    """You should see a Hebrew title as it is read, where the settings ask for it."""
    history.rename("well", "שלום עולם")
    async with chat(engine(), config=Config(ui=UiSettings(shaping="on"))) as person:
        await browse(person)
        await person.sees("םלוע םולש")
        await person.press("escape")
        await person.until(lambda: person.app.screen is person.app._chat)
        person.chat.status.status = replace(person.chat.status.status, model="מודל")
        await person.sees("לדומ")


@scene
async def test_a_title_comes_by_itself(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    """You should find the conversation under a short title, once the model had nothing to do."""
    monkeypatch.setattr(finding, "_REST", 0.05)

    def says(request: Request) -> str:
        return "Safe water." if request.when_idle else "Boil it."

    talk = Conversation(EchoEngine(answer=says), strict(paths), model="echo")
    async with chat(engine(), talk) as person:
        person.chat.titles = True
        await person.ask("What do I have to do so that water is safe?")
        await person.until(lambda: talk.title == "Safe water")
        await browse(person)
        await person.sees("Safe water")


def test_open_search_jump_in_a_real_terminal(home: Path, history: History) -> None:
    """You should find a word said long ago, and land on it, on a small terminal without colour."""
    with RealTerminal("chat", "-m", "echo", columns=40, rows=12, NO_COLOR="1") as terminal:
        terminal.sees("ready")
        terminal.type("\x0f")  # Ctrl+O
        terminal.sees("Today", "How deep is the well")
        terminal.type("\x1b[Bp")  # Down, and a key of the list, in one burst
        terminal.sees("Pinned")
        terminal.type("\x1bOR")  # F3
        terminal.sees("Text:")
        terminal.type("needle lies\r")
        terminal.sees("The needle lies here.", "ready")
        marked = [
            "".join(cell.data for cell in row.values() if cell.reverse and cell.bold).strip()
            for row in terminal._screen.buffer.values()
        ]
        assert "needlelies" in marked
        terminal.type("\x11")
        assert terminal.ended() == 0
    styles = re.findall(rb"\x1b\[([0-9;]*)m", terminal.written)
    numbers = {int(number) for style in styles for number in style.split(b";") if number}
    assert numbers
    assert not numbers & {*range(30, 39), *range(40, 49), *range(90, 98), *range(100, 108)}

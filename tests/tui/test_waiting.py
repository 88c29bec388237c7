"""What waits: prompts behind a command, files with the conversation they were attached in."""

from __future__ import annotations

from pathlib import Path

import pytest

from hinterland.conversation import Conversation
from hinterland.durable import locked
from hinterland.engine.echo import EchoEngine
from hinterland.history import History
from hinterland.paths import Paths
from hinterland.prompt_memory import PromptMemory
from hinterland.tui.conversation_rows import Place
from hinterland.tui.screens.conversations import Outcome
from tests.history_samples import a_turn, strict
from tests.tui.chatting import chat, scene


@pytest.fixture
def history(paths: Paths) -> History:
    """A conversation with two branches, and another one."""
    history = strict(paths)
    for turn_id, prompt, parent in (("a", "first", ""), ("b", "left", "a"), ("c", "right", "a")):
        turn = a_turn(prompt, f"{prompt} answer", id=turn_id, parent=parent)
        history.add_turn("talk", turn)
    history.add_turn("other", a_turn("elsewhere", "yes"))
    return history


def opened(paths: Paths, conversation_id: str) -> Conversation:
    record, running = strict(paths).resume(conversation_id)
    conversation = Conversation(EchoEngine(), strict(paths), record=record, running=running)
    conversation.memory = PromptMemory(paths, conversation_id)
    return conversation


@scene
async def test_a_prompt_waits_for_a_command(history: History, paths: Paths) -> None:
    """You should see the prompt go when the command is done, and stay in the box after Esc."""
    talk = opened(paths, "talk")
    async with chat(EchoEngine(), talk) as person:
        box = person.chat.prompt
        with locked(paths.history / "conversations" / "talk.json"):  # the disk takes its time
            await person.ask("/pin")
            await person.ask("and then?")
            assert box.text == "and then?"
        await person.sees("It is pinned.", "> and then?")
        await person.answered()
        assert [turn.prompt for turn in talk.turns] == ["first", "right", "and then?"]
        with locked(paths.history / "conversations" / "talk.json"):
            await person.ask("/pin")
            await person.ask("not this")
            await person.press("escape")
        await person.answered()
        assert box.text == "not this"
        assert len(talk.turns) == 3


@scene
async def test_a_prompt_waits_until_the_branch_is_gone_to(history: History, paths: Paths) -> None:
    """You should see what you sent on the branch that you chose in the list."""
    talk = opened(paths, "talk")
    async with chat(EchoEngine(), talk) as person:
        await person.sees("right answer")
        with locked(paths.history / "conversations" / "talk.json"):
            person.chat._browsed(Outcome(Place("talk", "b"), frozenset()))
            await person.ask("and then?")
        await person.sees("left answer", "> and then?")
        await person.answered()
        assert "right answer" not in person.screen
        assert [turn.prompt for turn in talk.turns] == ["first", "left", "and then?"]
    assert [turn.prompt for turn in opened(paths, "talk").turns] == ["first", "left", "and then?"]


@scene
async def test_files_wait_with_their_conversation(
    history: History, paths: Paths, tmp_path: Path
) -> None:
    """You should find what you had attached, and the text beside it, when you come back."""
    note = tmp_path / "note.txt"
    note.write_text("The pump is broken.")
    async with chat(EchoEngine(), opened(paths, "talk")) as person:
        person.chat.resume = lambda conversation_id: opened(paths, conversation_id)
        await person.ask(f"/file {note}")
        await person.sees("Attached: note.txt")
        await person.answered()
        await person.type("what is this?")
        person.chat._browsed(Outcome(Place("other"), frozenset()))
        await person.sees("elsewhere", "What you had")
        await person.until(lambda: "Attached" not in person.screen)
        person.chat._browsed(Outcome(Place("talk"), frozenset()))
        await person.sees("Attached: note.txt", "what is this?")
        await person.press("enter")
        await person.sees("[file: note.txt")
        await person.answered()
        assert "Attached" not in person.screen

"""An answer that fails, breaks off, cannot be kept, or is slow to keep."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial

import pytest

from hinterland.conversation import Conversation
from hinterland.engine.protocol import Event, Failed, Note, Request, TextDelta
from hinterland.errors import EngineError, StorageError
from hinterland.turns import Turn
from tests.tui.chatting import PromptedEngine, chat, scene


@scene
async def test_a_failure_gives_the_prompt_back() -> None:
    """You should see why it failed, and your prompt in the box before what you typed since."""
    engine = PromptedEngine()
    async with chat(engine) as person:
        await person.ask("A question that took long to type")
        await person.type("and the next one")
        engine.say(Failed("EngineError", "The worker crashed.", "Ask again."))
        await person.answered()
        await person.sees("! The worker crashed. Ask again.", "failed")
        assert len(person.app._notifications) == 1
        assert person.chat.prompt.text == "A question that took long to type\nand the next one"
        engine.answer("Fine now.")
        await person.press("enter")
        await person.sees("Fine now.")


@scene
async def test_errors_do_not_pile_up() -> None:
    """You should see the last error at the top right; each stays in the transcript."""
    async with chat(PromptedEngine()) as person:
        for command in ("/retry", "/copy", "/title so"):
            await person.ask(command)
        await person.sees("! Nothing was asked yet.", "! There is no answer", "! Nothing of this")
        assert len(person.app._notifications) == 1


@scene
async def test_an_answer_that_cannot_be_kept() -> None:
    """You should see the whole answer and that it is not on the disk; the chat goes on."""

    class FullDisk(Conversation):
        async def _keep(self, turn: object) -> None:
            raise StorageError("The disk is full.", "Free some space.")

    engine = PromptedEngine()
    async with chat(engine, FullDisk(engine, None)) as person:
        await person.ask("Hello")
        engine.answer("Good morning.")
        await person.answered()
        await person.sees("Good morning.", "! The disk is full. Free some space.")
        assert len(person.app._notifications) == 1
        await person.ask("Again")
        engine.answer("Good evening.")
        await person.sees("Good evening.")


class SlowToKeep(Conversation):
    """A conversation on a disk that takes its time: an answer is kept when the test says so."""

    def __init__(self, engine: PromptedEngine) -> None:
        super().__init__(engine, None, model="small-model")
        self.may_keep = asyncio.Event()

    async def _keep(self, turn: Turn) -> None:
        await self.may_keep.wait()
        await super()._keep(turn)


def _asked(engine: PromptedEngine, times: int) -> bool:
    return len(engine.requests) == times


@scene
async def test_what_is_asked_for_while_an_answer_is_being_kept_is_done_then() -> None:
    """You should have your next prompt sent by Enter, and another answer by F5, as soon as the
    answer that has ended is kept."""
    engine = PromptedEngine()
    conversation = SlowToKeep(engine)
    async with chat(engine, conversation) as person:
        await person.ask("one")
        for asked, (prompt, key) in enumerate((("two", "enter"), ("", "f5")), 2):
            conversation.may_keep.clear()
            engine.answer("Said.")
            await person.sees("ready")
            await person.type(prompt)
            await person.press(key)
            await person.pilot.pause()
            conversation.may_keep.set()
            await person.until(partial(_asked, engine, asked))
            assert "Esc stops" not in person.screen
        assert engine.requests[1].messages[-1].content == "two"
        assert engine.requests[2].messages[-1].content == "two"


@scene
async def test_esc_while_an_answer_is_being_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """You should see the answer kept, and the chat ready, when Esc comes just after its end."""
    monkeypatch.setattr("hinterland.tui.screens.answering._PATIENCE_WITH_STOP", 0.01)
    engine = PromptedEngine()
    conversation = SlowToKeep(engine)
    async with chat(engine, conversation) as person:
        await person.ask("one")
        engine.answer("Said.")
        await person.sees("ready")
        await person.press("escape")
        await person.pilot.pause(0.05)
        conversation.may_keep.set()
        await person.answered()
        assert "ready" in person.screen
        assert "Stopped." not in person.screen


@scene
async def test_what_was_typed_when_an_answer_failed_is_not_sent_with_its_prompt() -> None:
    """You should find both prompts in the box, and nothing sent, when the first one failed just
    before you pressed Enter."""
    engine = PromptedEngine()
    conversation = SlowToKeep(engine)
    async with chat(engine, conversation) as person:
        await person.ask("one")
        engine.say(TextDelta("Some"), Failed("EngineError", "It broke."))
        await person.sees("It broke.")
        await person.type("two")
        await person.press("enter")
        await person.pilot.pause()
        conversation.may_keep.set()
        await person.answered()
        assert person.chat.prompt.text.split() == ["one", "two"]
        assert len(engine.requests) == 1


class Breaking(PromptedEngine):
    """An engine that is gone after the first word."""

    async def stream(self, request: Request) -> AsyncIterator[Event]:
        yield TextDelta("Be")
        raise EngineError("The engine ended.", "Start it again.")


@scene
async def test_an_answer_that_breaks_off_was_not_stopped() -> None:
    """You should see why there is no more, and nothing of a stop that nobody asked for."""
    async with chat(Breaking()) as person:
        await person.ask("Why?")
        await person.sees("! The engine ended.", "failed")
        await person.answered()
        assert "topped" not in person.screen
        assert person.chat.prompt.text == "Why?"


@scene
async def test_a_disk_that_is_full_in_mid_answer() -> None:
    """You should see at once that what is shown is not saved, and all of the answer; after the
    answer, or when there is space, no more."""
    engine = PromptedEngine()
    full = Note("The disk is full: this answer is not being saved.", saved=False)
    async with chat(engine) as person:
        for _ in range(2):  # each answer is another one that is not saved
            await person.ask("Hello")
            engine.say(TextDelta("```\nWell "), full, TextDelta("met"))
            await person.sees("Well met", "The disk is full", "not saved · ")
            engine.answer(", you.\n```")
            await person.answered()
            assert "Well met, you." in person.screen
            assert "not saved" not in person.screen
        await person.ask("Again")
        engine.say(full, TextDelta("So"))
        await person.sees("not saved · ", "So")
        engine.say(Note("The disk can be written to again.", saved=True))
        await person.until(lambda: "not saved" not in person.screen)
        engine.end()
        await person.answered()

"""Conversations begun, taken up again and left."""

from __future__ import annotations

import sys
import time

from hinterland.conversation import Conversation
from hinterland.engine.echo import EchoEngine
from hinterland.engine.protocol import FinishReason, Note, TextDelta
from hinterland.errors import StorageError
from hinterland.history import Record
from hinterland.tui.app import ChatApp
from hinterland.turns import Turn
from tests.tui.chatting import PromptedEngine, chat, scene


def record(*turns: Turn) -> Record:
    return Record("c1", "Water", 0.0, 0.0, list(turns))


def turn(number: int, reason: FinishReason = FinishReason.STOP) -> Turn:
    return Turn(
        id=f"t{number}",
        created=float(number),
        prompt=f"question {number}",
        answer=f"*answer* {number}",
        model="old-model",
        finish_reason=reason,
    )


@scene
async def test_a_new_chat() -> None:
    """You should see an empty chat after Ctrl+N, and nothing of the old one is sent."""
    engine = EchoEngine()
    async with chat(engine) as person:
        await person.ask("remember me")
        await person.answered()
        await person.press("ctrl+n")
        await person.until(lambda: "remember me" not in person.screen)
        await person.ask("who am I?")
        await person.answered()
        assert [m.content for m in engine.requests[1].messages] == ["who am I?"]


@scene
async def test_no_new_chat_in_mid_answer() -> None:
    """You should see that an answer has to be stopped before a new chat."""
    engine = PromptedEngine()
    async with chat(engine) as person:
        await person.ask("One")
        engine.say(TextDelta("Answ"))
        await person.sees("Answ")
        await person.press("ctrl+n")
        await person.sees("Esc stops the answer first")
        engine.answer("er.")
        await person.sees("Answer.")


@scene
async def test_going_on() -> None:
    """You should see the conversation you go on with, and what was cut off in it."""
    engine = PromptedEngine()
    old = Conversation(engine, None, record=record(turn(1), turn(2, FinishReason.INTERRUPTED)))
    async with chat(engine, old) as person:
        await person.sees(
            "> question 1", "answer 1", "answer 2", "! The answer was interrupted.", "old-model"
        )
        assert "*answer*" not in person.screen
        await person.ask("question 3")
        engine.answer("answer 3")
        await person.answered()
        assert len(engine.requests[0].messages) == 5
        await person.press("up", "up")
        assert person.chat.prompt.text == "question 2"


@scene
async def test_an_answer_still_being_written() -> None:
    """You should see an answer whose chat has died go on to its end."""
    engine = PromptedEngine()
    running = turn(2, FinishReason.INTERRUPTED)
    engine.say(TextDelta("*answer* 2 and"))
    old = Conversation(engine, None, record=record(turn(1)), running=running)
    async with chat(engine, old) as person:
        await person.sees("> question 2", "answer 2 and", "writing")
        engine.answer(" its end")
        await person.sees("answer 2 and its end", "ready")
        assert [t.answer for t in old.turns] == ["*answer* 1", "*answer* 2 and its end"]


@scene
async def test_a_long_conversation_opens_at_its_end() -> None:
    """You should see the last of thousands of messages at once, and the first with Ctrl+Home."""
    engine = EchoEngine()
    old = Conversation(engine, None, record=record(*(turn(number) for number in range(2000))))
    async with chat(engine, old) as person:
        await person.sees("> question 1999", "answer 1999")
        await person.press("ctrl+home")
        await person.sees("> question 0", "answer 0")
        for _ in range(3):
            await person.press("pagedown")
        await person.press("pageup", "pageup", "pageup", "pageup")
        await person.sees("> question 0", "answer 0")
        assert (
            sum(entry.strips is not None for entry in person.chat.transcript._layout.entries) < 400
        )


@scene
async def test_ctrl_q_leaves() -> None:
    """You should be out of the chat after Ctrl+Q, with nothing going on behind you."""
    app = ChatApp(lambda: Conversation(EchoEngine(), None))
    async with app.run_test() as pilot:
        await pilot.press("ctrl+q")
    assert app.return_value is False
    assert app.return_code == 0


@scene
async def test_ctrl_c_twice_leaves() -> None:
    """You should see Ctrl+C stop the answer, say what a second one does, and then leave."""
    engine = PromptedEngine()
    async with chat(engine) as person:
        await person.ask("One")
        engine.say(TextDelta("Answ"))
        await person.sees("Answ")
        await person.press("ctrl+c")
        await person.answered()
        await person.sees("! Stopped.")
        person.chat._interrupted_at = -100.0
        await person.press("ctrl+c")
        await person.sees("Ctrl+C again leaves.")
        await person.press("ctrl+c")
        await person.until(lambda: person.app._exit)


@scene
async def test_leaving_in_mid_answer() -> None:
    """You should be told that the answer goes on, when it is kept."""

    class Kept(Conversation):
        kept = True

    engine = PromptedEngine()
    async with chat(engine, Kept(engine, None)) as person:
        await person.ask("One")
        engine.say(TextDelta("Answ"))
        await person.sees("Answ")
        await person.press("ctrl+q")
    assert person.app.return_value is True
    assert not person.app.left_unsaved


@scene
async def test_leaving_an_answer_that_is_not_saved() -> None:
    """You should not be told that it can be opened again."""

    class Kept(Conversation):
        kept = True

    engine = PromptedEngine()
    async with chat(engine, Kept(engine, None)) as person:
        await person.ask("One")
        engine.say(Note("The disk is full.", saved=False), TextDelta("Answ"))
        await person.sees("Answ", "not saved")
        await person.press("ctrl+q")
    assert person.app.left_unsaved


@scene
async def test_a_conversation_that_cannot_be_opened() -> None:
    """You should be out of the chat, which has the reason for the command line to tell."""

    def fail() -> Conversation:
        raise StorageError("The folder is not yours.", "Take another.")

    app = ChatApp(fail)
    async with app.run_test() as pilot:
        deadline = time.monotonic() + 20
        while not app._exit and time.monotonic() < deadline:
            await pilot.pause(0.01)
    assert isinstance(app.error, StorageError)


@scene
async def test_a_new_chat_that_cannot_be_opened() -> None:
    """You should see why, and still have the old one."""
    engine = PromptedEngine()

    def fail() -> Conversation:
        raise StorageError("The disk is gone.")

    async with chat(engine, Conversation(engine, None), open_conversation=fail) as person:
        await person.press("ctrl+n")
        await person.sees("! The disk is gone.")
        await person.ask("Still there?")
        engine.answer("Yes.")
        await person.sees("Yes.")


@scene
async def test_warnings_are_not_lost_under_the_screen() -> None:
    """You should see what something wrote to standard error."""
    async with chat(PromptedEngine()) as person:
        print("hint: the file x.json cannot be read", file=sys.stderr)
        await person.sees("the file x.json cannot be read")

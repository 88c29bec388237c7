"""The box a prompt is written in."""

from __future__ import annotations

import threading

from textual import events

from hinterland.conversation import Conversation
from hinterland.engine.echo import EchoEngine
from hinterland.engine.protocol import TextDelta
from hinterland.tui.app import ChatApp
from tests.tui.chatting import Person, PromptedEngine, chat, scene


@scene
async def test_new_lines() -> None:
    """You should see the box grow with Ctrl+J and Alt+Enter, up to a few lines; Enter sends them all."""
    engine = EchoEngine()
    async with chat(engine) as person:
        await person.press("a", "ctrl+j", "b", "alt+enter", "c")
        await person.until(lambda: person.chat.prompt.size.height == 3)
        await person.type("\nd" * 10)
        await person.until(lambda: person.chat.prompt.size.height == 6)
        await person.press("enter")
        await person.answered()
        assert engine.requests[0].messages[-1].content == "a\nb\nc" + "\nd" * 10
        await person.until(lambda: person.chat.prompt.size.height == 1)


@scene
async def test_typing_ahead() -> None:
    """You should see a prompt sent that you wrote while the chat was still being opened."""
    engine = EchoEngine()
    opened = threading.Event()

    def slowly() -> Conversation:
        opened.wait()
        return Conversation(engine, None)

    app = ChatApp(slowly)
    async with app.run_test() as pilot:
        person = Person(app, pilot)
        await person.sees("opening")
        await person.ask("early")
        assert engine.requests == []
        opened.set()
        await person.sees("> early", "ready")
        assert engine.requests[0].messages[-1].content == "early"


@scene
async def test_leaving_by_a_command_leaves_no_draft() -> None:
    """You should find an empty box in the next chat after /quit."""
    async with chat(EchoEngine()) as person:
        await person.ask("/quit")
        await person.until(lambda: person.app._exit)
        assert person.chat.written == ""


@scene
async def test_a_prompt_while_a_new_chat_is_opened() -> None:
    """You should stay where you asked something, and see its answer there."""
    engine = PromptedEngine()
    opened = threading.Event()
    opened.set()

    def slowly() -> Conversation:
        opened.wait()
        return Conversation(engine, None)

    async with chat(engine, open_conversation=slowly) as person:
        here = person.chat.conversation
        opened.clear()
        await person.press("ctrl+n")
        await person.ask("Why?")
        await person.until(lambda: engine.requests)
        opened.set()
        await person.sees("Esc stops the answer first.")
        engine.answer("Because.")
        await person.answered()
        assert person.chat.conversation is here
        await person.sees("> Why?", "Because.")


@scene
async def test_an_empty_prompt_is_not_sent() -> None:
    """You should see nothing happen when you press Enter on nothing or on blanks."""
    engine = EchoEngine()
    async with chat(engine) as person:
        await person.press("enter", "space", "ctrl+j", "enter")
        await person.pilot.pause()
        assert engine.requests == []


@scene
async def test_earlier_prompts_come_back() -> None:
    """You should see your earlier prompts with Up on an empty box, and never lose one you changed."""
    async with chat(EchoEngine()) as person:
        for prompt in ("first", "second\nof two lines"):
            await person.ask(prompt)
            await person.answered()
        box = person.chat.prompt
        await person.press("up")
        assert box.text == "second\nof two lines"
        await person.press("up")
        assert box.text == "first"
        await person.press("up")
        assert box.text == "first"
        await person.press("down")
        assert box.text == "second\nof two lines"
        await person.press("down")
        assert box.text == ""
        await person.press("up", "x", "up")
        assert box.text == "second\nof two linesx"


@scene
async def test_typing_while_an_answer_comes() -> None:
    """You should see what you type stay in the box when the chat is not ready to send it."""
    engine = PromptedEngine()
    async with chat(engine) as person:
        await person.ask("One")
        engine.say(TextDelta("Answ"))
        await person.sees("Answ")
        await person.ask("Two")
        await person.sees("Esc stops the answer first")
        assert person.chat.prompt.text == "Two"
        engine.answer("er.")
        await person.answered()
        await person.press("enter")
        engine.answer("Second answer.")
        await person.sees("Second answer.")
        assert len(engine.requests) == 2


@scene
async def test_a_large_paste() -> None:
    """You should see a paste of 100 KB taken whole, and be able to send it."""
    pasted = "".join(f"{number}: the quick brown fox, 漢字 and all\r\n" for number in range(2800))
    assert len(pasted.encode()) > 100_000
    engine = PromptedEngine()
    async with chat(engine) as person:
        person.app.post_message(events.Paste(pasted))
        await person.sees("2799: the quick brown fox, 漢字 and all")
        await person.press("enter")
        engine.answer("Understood.")
        await person.answered()
        await person.sees("Understood.")
        assert engine.requests[0].messages[-1].content == pasted.replace("\r\n", "\n").strip("\n")

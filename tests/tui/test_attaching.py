"""Files with the next prompt: `/file`, the picker, and the line above the box."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from hinterland.engine.protocol import Failed
from hinterland.history import History
from hinterland.paths import Paths
from hinterland.tui.screens.chat import ChatScreen
from tests.running import Hint
from tests.tui.chatting import PromptedEngine, chat, scene
from tests.tui.terminals import RealTerminal


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "files"
    (folder / "more").mkdir(parents=True)
    (folder / "notes.txt").write_text("Water boils at 100 degrees.")
    (folder / "more" / "my report.md").write_text("# Report\n\nAll is well.")
    (folder / "program").write_bytes(b"\x7fELF\0\0\0")
    (folder / ".hidden").write_text("hidden")
    Image.new("RGB", (20, 10), "red").save(folder / "photo.png")
    monkeypatch.chdir(folder)
    return folder


def test_file_with_a_question(folder: Path) -> None:
    """You should see the file's name with your question, and the model gets the file's text; after
    a failure both are there to be sent again."""

    @scene
    async def shown() -> None:
        engine = PromptedEngine()
        async with chat(engine) as person:
            box = person.chat.prompt
            await person.ask("/file notes.txt When does it boil?")
            await person.until(lambda: engine.requests)
            await person.sees("> [file: notes.txt, 27 characters]", "When does it boil?")
            sent = engine.requests[0].messages[-1].content
            assert "Water boils at 100 degrees." in sent
            assert sent.endswith("When does it boil?")
            engine.say(Failed("EngineError", "It broke."))
            await person.answered()
            assert box.text == "When does it boil?"
            await person.sees("Attached: notes.txt (27 characters)")
            await person.press("enter")
            engine.answer("At 100.")
            await person.sees("At 100.")
            await person.answered()
            assert engine.requests[1].messages == engine.requests[0].messages
            assert "Attached:" not in person.screen
            for typed, says in (
                ("/file program", "is not a text, PDF or Word file"),
                ("/file nothing.txt why", "there is no such file"),
                ("/file more", "is a folder"),
            ):
                await person.ask(typed)
                await person.sees(says)
                await person.answered()
            assert len(engine.requests) == 2

    shown()


@pytest.mark.parametrize("size", [(80, 24), (40, 12)])
def test_the_picker(folder: Path, size: tuple[int, int]) -> None:
    """You should find a file with the keyboard alone, and take it off again with Backspace."""

    @scene
    async def shown() -> None:
        engine = PromptedEngine()
        async with chat(engine, size=size) as person:
            await person.press("f9")
            screen = person.app.screen
            await person.sees("more/", "notes.txt", "photo.png", "program", "4 entries")
            assert ".hidden" not in person.screen
            await person.press(".")
            await person.sees(".hidden", "1 entry")
            await person.press("backspace", "down", "up", "enter")  # into more/
            await person.sees("my report.md", "1 entry")
            await person.press("left")
            await person.sees("more/", "notes.txt")
            await person.press("t", "e", "s")
            await person.until(lambda: "photo.png" not in person.screen)
            await person.press("enter")
            await person.until(lambda: person.app.screen is not screen)
            await person.sees("notes.txt (27 characters)")
            await person.press("f9")
            await person.sees("photo.png")
            await person.press("p", "h", "enter")
            await person.until(lambda: len(person.chat._pictures) == 1)
            await person.sees("photo.png")
            await person.press("backspace")
            await person.until(lambda: "photo.png" not in person.screen)
            await person.press("f9")
            await person.sees("program")
            await person.press("p", "r", "o", "g", "enter")
            told = person.app._notifications
            await person.until(lambda: any("not a text" in each.message for each in told))
            await person.press("f9")
            await person.sees("program")
            await person.press("escape")
            await person.until(lambda: isinstance(person.app.screen, ChatScreen))
            await person.press("backspace")
            await person.until(lambda: "Attached:" not in person.screen)
            await person.ask("Plain?")
            engine.answer("Plain.")
            await person.answered()
            assert engine.requests[0].messages[-1].content == "Plain?"

    shown()


def test_what_is_attached_while_an_answer_comes(folder: Path) -> None:
    """You should see a file that you attach meanwhile stay for the next prompt; the one that was
    sent goes, but not where you stop the answer before its first word."""

    @scene
    async def shown() -> None:
        engine = PromptedEngine()
        async with chat(engine) as person:
            await person.ask("/file notes.txt one")
            await person.until(lambda: engine.requests)
            await person.press("f9")
            await person.sees("program")
            await person.press("p", "h", "enter")
            await person.sees("Attached: photo.png")
            await person.press("backspace", "backspace")
            await person.until(lambda: "Attached:" not in person.screen)
            await person.press("f9")
            await person.sees("program")
            await person.press("p", "h", "enter")
            await person.sees("Attached: photo.png")
            engine.answer("1")
            await person.answered()
            await person.sees("Attached: photo.png")
            assert "Water" in engine.requests[0].messages[-1].content
            await person.ask("two")
            await person.until(lambda: len(engine.requests) == 2)
            await person.press("escape")
            await person.answered()
            await person.sees("Attached: photo.png")

    shown()


def test_a_changed_prompt_with_a_file(folder: Path) -> None:
    """You should be able to attach a document to an earlier prompt, and see its name, then and when
    it is asked again, instead of its text."""

    @scene
    async def shown() -> None:
        engine = PromptedEngine()
        async with chat(engine) as person:
            await person.ask("Why?")
            engine.answer("Because.")
            await person.answered()
            await person.ask("/file notes.txt")
            await person.sees("Attached: notes.txt")
            await person.answered()
            await person.press("f6", "!", "enter")
            await person.sees("> ‹2/2› [file: notes.txt, 27 characters]", "Why?!")
            engine.answer("At 100.")
            await person.answered()
            sent = engine.requests[-1].messages[-1].content
            assert "Water boils" in sent
            assert sent.endswith("Why?!")
            assert "Attached:" not in person.screen
            await person.press("f5")
            await person.sees("> ‹3/3› [file: notes.txt, 27 characters]")
            assert "Water boils" not in person.screen
            engine.answer("At 100, again.")
            await person.answered()
            assert engine.requests[-1].messages[-1].content == sent

    shown()


def test_the_plain_chat(home: Path, paths: Paths, folder: Path, hint: Hint) -> None:
    """You should get answers about a file in lines, from a pipe, and complete its name with Tab."""
    piped = hint("chat", "--plain", "-m", "echo", input="/file notes.txt Why?\nAnd then?\n")
    assert piped.returncode == 0, piped.stderr
    assert "Water boils" in piped.stdout
    (summary,) = History(paths).list()
    first, second = History(paths).conversation(summary.id).turns
    assert first.prompt.endswith("Why?")
    assert second.prompt == "And then?"
    assert summary.title == "Why?"
    with RealTerminal("chat", "--plain", "-m", "echo") as terminal:
        terminal.sees("> ")
        terminal.type("/fil\tno\t Why?\r")
        terminal.sees("/file notes.txt Why?", "Water boils at 100 degrees.")
        assert b"\x1b" not in terminal.written
        terminal.type("/think \t\t")
        terminal.sees("off\n"[:3], "low", "high", "> /think")


def test_a_prompt_that_had_a_file_is_changed(folder: Path) -> None:
    """You should get back what you typed, with the file attached; Esc takes it off again."""

    @scene
    async def shown() -> None:
        engine = PromptedEngine()
        async with chat(engine) as person:
            await person.ask("/file notes.txt")
            await person.sees("Attached: notes.txt")
            await person.answered()
            assert person.screen.count("notes.txt") == 1
            await person.ask("Why?")
            await person.sees("> [file: notes.txt, 27 characters]")
            assert person.screen.count("notes.txt") == 1
            engine.answer("Because.")
            await person.answered()
            await person.ask("Plain?")
            engine.answer("Plain.")
            await person.answered()
            await person.press("f6")
            assert person.chat.prompt.text == "Plain?"
            assert "Attached:" not in person.screen
            await person.press("f6")
            assert person.chat.prompt.text == "Why?"
            await person.sees("Attached: notes.txt (27 characters)")
            await person.press("escape")
            await person.until(lambda: "Attached:" not in person.screen)
            assert person.chat.prompt.text == ""
            await person.press("f6", "f6", "!", "enter")
            await person.sees("‹2/2› [file: notes.txt, 27 characters]", "Why?!")
            engine.say(Failed("EngineError", "It broke."))
            await person.answered()
            await person.sees("Attached: notes.txt")
            await person.press("enter")
            engine.answer("At 100.")
            await person.answered()
            first, *_, last = (each.messages[-1].content for each in engine.requests)
            assert last == first + "!"
            assert "Attached:" not in person.screen

    shown()

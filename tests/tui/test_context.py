"""A conversation that outgrows its window on the screen, and the commands of the chat."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hinterland import config
from hinterland.config import Config
from hinterland.conversation import Conversation
from hinterland.engine.client import EngineClient
from hinterland.engine.echo import EchoEngine
from hinterland.engine.protocol import Request, Think
from hinterland.history import History
from hinterland.paths import Paths
from tests.answers import collect
from tests.tui.chatting import Person, chat, scene

WORDS = "word " * 28


def answer(request: Request) -> str:
    question = request.messages[-1].content
    return "A **short** summary." if question.startswith("Summarise") else "yes " * 30


def crowded(engine: EchoEngine, history: History | None = None) -> Conversation:
    """Return a conversation with three turns of about 60 tokens in a window of 256."""
    conversation = Conversation(engine, history, model="echo")

    async def talk() -> None:
        for number in range(3):
            await collect(conversation.ask(f"question {number} {WORDS}"))

    asyncio.run(talk())
    return conversation


def engine(rate: float | None = None) -> EchoEngine:
    return EchoEngine(rate, answer=answer, context=256)


def spaced(way: str) -> str:
    """Return an answer of the choice as it stands on the screen."""
    return way.replace(" ", "\N{NO-BREAK SPACE}")


SUMMARY, DROP = spaced("c send a summary"), spaced("d leave them out")
LONG = ("and now " + "word " * 60).strip()


def test_compacting(paths: Paths) -> None:
    """You should see what would no longer be seen; the summary; and then your answer."""
    echo = engine()
    conversation = crowded(echo, History(paths))

    @scene
    async def see() -> None:
        async with chat(echo, conversation) as person:
            await person.sees("/256 tokens")
            await person.ask(LONG)
            await person.sees("no longer be seen", SUMMARY, DROP, "raise", "Esc")
            await person.sees("the window is full")
            assert person.chat.prompt.text == LONG
            assert len(conversation.turns) == 3
            await person.press("x")  # not an answer
            await person.press("c")
            await person.sees("Summary of", "A short summary.", "> and now", "yes yes")
            await person.answered()
            assert person.chat.prompt.text == ""
        assert [turn.replaces != () for turn in conversation.turns] == [False] * 3 + [True, False]
        record = History(paths).conversation(conversation.id)
        async with chat(echo, Conversation(echo, None, record=record)) as person:
            await person.sees(
                "! Summary of", "earlier turns, sent in their place", "A short summary."
            )
            await person.press("ctrl+home")
            await person.sees("> question 0")

    see()


def test_dropping_and_cancelling() -> None:
    """You should get your prompt back with Esc, change it, and be asked again."""
    echo = engine()
    conversation = crowded(echo)

    @scene
    async def see() -> None:
        async with chat(echo, conversation, size=(40, 12)) as person:
            await person.ask(LONG)
            await person.sees(DROP, "Esc")
            await person.press("escape")
            await person.until(lambda: person.chat.prompt.has_focus)
            assert not person.chat.choice.asking
            assert person.chat.prompt.text == LONG
            await person.press("!", "enter")
            await person.sees(DROP)
            await person.press("d")
            await person.answered()
            await person.sees("yes yes")
            sent = [message.content for message in echo.requests[-1].messages]
            assert sent[-1] == LONG + "!"
            assert not any("question 0" in text for text in sent)
            await person.press("ctrl+home")
            await person.sees("> question 0")

    see()


def test_choosing_with_keys_of_your_own() -> None:
    """You should see your own key at what it does, and the one that came with it do nothing."""
    echo = engine()
    conversation = crowded(echo)

    @scene
    async def see() -> None:
        config = Config(keys={"choice.drop": "f12", "choice.cancel": "ctrl+r"})
        async with chat(echo, conversation, config=config) as person:
            await person.ask(LONG)
            await person.sees(SUMMARY, spaced("F12 leave them out"), "Ctrl+R")
            await person.press("d", "escape")
            assert person.chat.choice.asking
            await person.press("ctrl+r")
            await person.until(lambda: person.chat.prompt.has_focus)
            await person.press("enter")
            await person.sees(SUMMARY)
            await person.press("f12")
            await person.sees("yes yes")
            await person.answered()

    see()


def test_stopping_a_summary_changes_nothing() -> None:
    """You should see Esc end the summary, and your prompt still in the box."""
    conversation = crowded(engine())
    slow = EchoEngine(20, answer=lambda _: "word " * 400, context=256)
    conversation._engine = slow

    @scene
    async def see() -> None:
        async with chat(slow, conversation) as person:
            await person.ask(LONG)
            await person.sees(SUMMARY)
            await person.press("c")
            await person.sees("Summary of", "word word")
            await person.press("escape")
            await person.sees("Stopped. Nothing was changed.")
            await person.answered()
            assert person.chat.prompt.text == LONG
            assert len(conversation.sent) == len(conversation.turns) == 3

    see()


def test_raising(paths: Paths) -> None:
    """You should see the window grow, and the answer, with every turn still sent."""
    config_change = paths.config_file
    config_change.parent.mkdir(parents=True)
    config_change.write_text("[engine]\ncontext = 256 # small\n")
    client = EngineClient(paths)
    conversation = Conversation(client, History(paths), model="echo")

    @scene
    async def see() -> None:
        for number in range(2):
            await collect(conversation.ask(f"question {number} {WORDS}"))
        async with chat(client, conversation) as person:
            await person.ask(LONG + " word" * 60)
            await person.sees(spaced("r raise the window to 512"))
            await person.press("r")
            await person.until(lambda: len(conversation.turns) == 3)
            await person.answered()
            await person.sees("/512 tokens")
        assert len(conversation.sent) == 3

    see()
    assert config.load(paths.config_file).engine.context == 512
    assert "# small" in paths.config_file.read_text()


@scene
async def test_commands() -> None:
    """You should see what each command did, and be told of one that does not exist."""
    echo = EchoEngine(answer=answer, context=4096)
    conversation = Conversation(echo, None, model="echo")
    async with chat(echo, conversation) as person:
        await command(person, "/help")
        await person.sees("/context [N]", "/new", "//…")
        await command(person, "/compact")
        await person.sees("Nothing was said yet")
        await command(person, "/think off")
        await person.sees("The model thinks not at all")
        await command(person, "/think hard")
        await person.sees("'hard' is not how much a model may think.")
        assert conversation.think is Think.OFF
        for number in range(3):
            await person.ask(f"question {number}")
            await person.sees(f"> question {number}")
            await person.answered()
        await command(person, "/context")
        await person.sees("of the window's 4,096 tokens are taken, by 3 turns.")
        await command(person, "/drop 1")
        await person.sees("1 earlier turn is not sent any more; the history keeps them.")
        await command(person, "/compact")
        await person.sees("A short summary.")
        assert [turn.prompt for turn in conversation.sent][1:] == ["question 2"]
        person.app.clear_notifications()  # what was refused above stands there for a minute
        await person.ask("/nonsense please")
        await person.until(lambda: len(person.app._notifications) == 1)
        assert person.chat.prompt.text == "/nonsense please"
        person.chat.prompt.load_text("")
        await person.ask("/etc/fstab is what?")
        await person.sees("> /etc/fstab is what?")
        await person.answered()
        await person.ask("//help me")
        await person.answered()
        assert echo.requests[-1].messages[-1].content == "/help me"


@scene
async def test_an_image_goes_with_the_next_prompt(tmp_path: Path) -> None:
    """You should see which image goes with your prompt, and why a file cannot."""
    from PIL import Image

    Image.new("RGB", (8, 8), "red").save(tmp_path / "red.png")
    (tmp_path / "no.png").write_text("no image")
    echo = EchoEngine()
    async with chat(echo, Conversation(echo, None, model="echo")) as person:
        await command(person, f"/image {tmp_path / 'no.png'}")
        await person.until(lambda: len(person.app._notifications) == 1)
        person.app.clear_notifications()
        await command(person, f"/image {tmp_path / 'red.png'}")
        await person.sees("Attached: red.png (")
        await person.ask("What is it?")
        await person.sees("> [image: red.png]")
        await person.answered()
        await person.ask("And now?")
        await person.until(lambda: len(echo.requests) == 2)
        await person.answered()
    first, second = echo.requests
    assert [len(message.images) for message in first.messages] == [1]
    assert [len(message.images) for message in second.messages] == [1, 0, 0]


async def command(person: Person, text: str) -> None:
    await person.ask(text)
    await person.pilot.pause()
    await person.answered()


@scene
async def test_the_window_fills() -> None:
    """You should see how full the window is, and be warned once before it is."""
    echo = EchoEngine(answer=answer, context=256)
    async with chat(echo, Conversation(echo, None, model="echo")) as person:
        for number, used in enumerate((60, 120, 180)):
            await person.ask(f"question {number} {WORDS}")
            await person.sees(f" {used}/256 tokens")
            await person.answered()
        assert not person.app._notifications
        await person.ask("and " + "word " * 12)
        await person.sees("223 of the", "/compact")
        person.app.clear_notifications()
        await person.sees("! 223/256 tokens")


@pytest.mark.parametrize("width", [80, 60, 40, 24])
def test_the_status_line_keeps_its_width(width: int) -> None:
    from rich.cells import cell_len

    from hinterland.tui.status import Status, of_fill
    from hinterland.window import Fill

    fill = of_fill(Fill(30_400, 32_768))
    assert fill == "! 30,400/32,768 tokens"
    line = Status("writing 12.3 tokens/s", "qwen2.5-coder-1.5b-instruct", fill=fill).line(width)
    assert cell_len(line) == width
    assert ("30,400/32,768" in line) == (width >= 60)
    assert ("qwen" in line) == (width >= 80)

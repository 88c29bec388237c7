"""Translation in the chat, as somebody with a letter meets it: typed, side by side, put right, saved."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from hinterland import config, paths
from hinterland.conversation import Conversation
from hinterland.opening import open_conversation
from hinterland.plugins.translation.screen.form import TranslateScreen
from hinterland.plugins.translation.screen.sheet import State
from hinterland.plugins.translation.screen.view import Page
from hinterland.tui import keys
from hinterland.tui.screens.chat import ChatScreen
from tests.hostile import DONE, Call, Hostile, chunk, serving, stream
from tests.running import Hint
from tests.tui.chatting import Person, PromptedEngine, chat, scene, told_of_class
from tests.tui.terminals import RealTerminal

pytestmark = pytest.mark.usefixtures("home")


def kept(model: str = "echo", *, keep_history: bool = True) -> Conversation:
    """Open a conversation as the chat does."""
    found = paths.find()
    settings = config.load(found.config_file)
    return open_conversation(found, settings, model=model, keep_history=keep_history)


def form(person: Person) -> TranslateScreen:
    screen = person.app.screen
    assert isinstance(screen, TranslateScreen), screen
    return screen


async def opened(person: Person, *, source: str = "", target: str = "") -> None:
    """Open the screen and choose languages."""
    await person.ask("/translate")
    await person.until(lambda: isinstance(person.app.screen, TranslateScreen))
    await person.sees("Type or paste")
    for key, code in (("f2", source), ("f3", target)):
        if code:
            await choose(person, key, code)


async def choose(person: Person, key: str, language: str) -> None:
    """Choose a language."""
    before = form(person).page
    await person.press(key)
    await person.sees("A code or a name")
    form(person).box.put(language)
    await person.press("enter")
    await person.until(lambda: form(person).page is before)


async def write(person: Person, text: str) -> None:
    """Put text into the box as a paste does."""
    form(person).box.insert(text)
    await person.pilot.pause()


async def done(person: Person) -> None:
    await person.until(lambda: form(person).sheet is not None and form(person).running is None)


def rows(person: Person) -> list[State]:
    sheet = form(person).sheet
    assert sheet is not None
    return [row.state for row in sheet.rows]


class Model:
    """Translates on the other side of a connection, by a list of sentences and their beginnings; what
    is not in it it says again."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self.words = words
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.asked: list[str] = []

    def __call__(self, call: Call) -> None:
        text = json.loads(call.body)["messages"][-1]["content"].strip().split("\n")[-1]
        self.asked.append(text)
        assert self.may_answer.wait(60)
        said = next((self.words[each] for each in self.words if text.startswith(each)), text)
        stream(chunk(said), chunk(finish="stop"), DONE)(call)


@pytest.mark.parametrize("size", [(80, 24), (40, 12)])
def test_what_a_class_keeps_is_told_on_every_page(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """You should see that a teacher can read along before you type, and with every question."""

    @scene
    async def story() -> None:
        async with chat(PromptedEngine(), open_conversation=kept, size=size) as person:
            await opened(person)
            assert told in person.words
            await person.press("f3")
            await person.sees("A code or a name")
            await write(person, "f")
            await person.sees("French (fr)", "Go on")
            assert told in person.words
            await write(person, "r")
            await person.press("enter")
            await write(person, "Hello world. The dose is 5 mg. It is late. Good night.")
            await person.press("ctrl+t")
            await person.sees("Done.", "4/4", "> Hello world.")
            assert told in person.words
            await person.press("s")
            await person.sees("Where shall the translation be saved?", "> Hello world.", "Go on")
            assert told in person.words

    told = told_of_class(monkeypatch)
    story()


@scene
async def test_a_letter_is_translated_put_right_and_saved(tmp_path: Path) -> None:
    """You should see each sentence beside its translation, or above it where the screen is narrow;
    what you change by hand is in the file, and is there the next time without being written again."""

    file = tmp_path / "letter.txt"
    async with chat(PromptedEngine(), open_conversation=kept) as person:
        await opened(person, source="english", target="Français")
        await write(person, "Hello world. The dose is 5 mg.\n\nIt is late.")
        await person.press("ctrl+t")
        await person.sees("Done.", "English → français", "3/3", " │ The dose is 5 mg.")
        await person.press("down", "enter")
        await person.sees("Enter takes it")
        await person.press("ctrl+u")
        await write(person, "La dose est de 5 mg.")
        await person.press("enter")
        await person.sees(" │ La dose est de 5 mg.", "[by hand]")
        await person.pilot.resize_terminal(40, 12)
        await person.sees("  → Hello world.", "> The dose is 5 mg.", "  → La dose est de 5 mg.")
        await person.press("down")
        await person.sees("> It is late.", "  → It is late.", "⏎ Change s Save")
        assert all(len(row) <= 40 for row in person.screen.split("\n"))
        for said in ("Saved:", "There is a file"):
            await person.press("s")
            await person.sees("translation.fr.txt")
            form(person).box.put(str(file))
            await person.press("enter")
            await person.sees(*said.split())
        assert file.read_text() == "Hello world. La dose est de 5 mg.\n\nIt is late."
        await person.press("escape", "escape")
        await person.until(lambda: isinstance(person.app.screen, ChatScreen))
    async with chat(PromptedEngine(), open_conversation=kept) as person:
        await opened(person)
        await person.sees("English → français")
        await write(person, "The dose is 5 mg.")
        await person.press("ctrl+t")
        await person.sees("1/1", " │ La dose est de 5 mg.")
        await person.press("p")
        await person.until(lambda: isinstance(person.app.screen, ChatScreen))
        assert person.chat.prompt.text == "La dose est de 5 mg."


def test_what_is_unsure_says_why_and_a_stop_loses_nothing(hint: Hint) -> None:
    """You should be told before a model is asked that does not know a language; see in words what was
    not translated and why; and after a stop have only the rest asked for."""
    model = Model({"The cat sleeps.": "Le chat dort.", "Take ": "Prenez-en."})

    @scene
    async def story() -> None:
        async with chat(PromptedEngine(), open_conversation=lambda: kept("qwen")) as person:
            await opened(person, source="en", target="sw")
            await write(person, "Take 5 mg now. The cat sleeps.")
            await person.press("ctrl+t")
            await person.sees("qwen does not cover Swahili", "The key again")
            assert model.asked == []
            await choose(person, "f3", "fr")
            await person.press("ctrl+t")
            await person.sees("1 unsure", "Le chat dort.", "[not translated:")
            assert rows(person) == [State.UNSURE, State.DONE]
            await person.press("down", "n", "enter")
            await person.until(lambda: form(person).page is Page.ROW)
            form(person).box.put("Prenez 5 mg maintenant.")
            await person.press("enter")
            await done(person)
            assert rows(person) == [State.BY_HAND, State.DONE]
            model.may_answer.clear()
            model.words = {"A new day.": "Un nouveau jour."}
            await person.press("b")
            await person.until(lambda: form(person).page is Page.TEXT)
            await write(person, " A new day.")
            await person.press("ctrl+t")
            await person.until(lambda: "A new day." in model.asked)
            await person.sees("running", "2/3", "Prenez 5 mg maintenant.", "Le chat dort.")
            await person.press("escape")
            await person.sees("Stopped.", "2/3")
            model.may_answer.set()
            before = len(model.asked)
            await person.press("ctrl+t")
            await person.sees("Un nouveau jour.", "3/3")
            assert set(model.asked[before:]) == {"A new day."}

    with serving(Hostile()) as remote:
        remote.chat = [model]
        assert hint("config", "set", "engines.qwen.url", remote.url).returncode == 0
        story()


@scene
async def test_a_file_is_opened_and_saved_beside_itself(tmp_path: Path) -> None:
    """You should be able to open a file with its name begun, and get it back with the same form; a file
    that is none of the formats is refused in a sentence."""
    file = tmp_path / "messages.po"
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
    file.write_text(f'{head}msgid "Save %s now"\nmsgstr ""\n\nmsgid "Done"\nmsgstr "Fini"\n')
    async with chat(PromptedEngine(), open_conversation=kept) as person:
        await opened(person, source="en", target="fr")
        await person.press("ctrl+o")
        form(person).box.put(str(tmp_path / "mess"))
        await person.press("tab")
        await person.until(lambda: form(person).box.text == str(file))
        await person.press("enter")
        await person.sees("0/1", "messages.po", "Save %s now")
        await person.press("ctrl+t")
        await person.sees("1/1", "Done.")
        await person.press("s")
        assert form(person).box.text == str(tmp_path / "messages.fr.po")
        await person.press("enter")
        await person.sees("Saved:")
        assert 'msgstr "Save %s now"' in (tmp_path / "messages.fr.po").read_text()
        for name, said in (("none.txt", "cannot be read"), ("a.exe", "does not say what")):
            await person.press("ctrl+o")
            form(person).box.put(str(tmp_path / name))
            await person.press("enter")
            await person.sees(*said.split())
            await person.press("escape")


@scene
async def test_without_a_history_nothing_is_left(tmp_path: Path) -> None:
    """You should find no trace of what was translated in a chat that keeps nothing, and be asked
    before it is lost."""
    keys.check({"translate.translate": "f5"}, keys.of_plugins)

    def unkept() -> Conversation:
        return kept(keep_history=False)

    async with chat(PromptedEngine(), open_conversation=unkept) as person:
        await opened(person, source="en", target="fr")
        await write(person, "A secret.")
        await person.press("ctrl+t")
        await person.sees("1/1", "Done.")
        await person.press("enter", "ctrl+u")
        await write(person, "Un secret.")
        await person.press("enter")
        await person.sees("[by hand]")
        await person.press("escape")
        await person.sees("What is not saved is lost.")
        await person.press("y")
        await person.until(lambda: isinstance(person.app.screen, ChatScreen))
    found = paths.find()
    left = [each.read_bytes() for each in found.data.rglob("*") if each.is_file()]
    assert not any(b"secret" in each for each in left)
    assert not found.translations.exists()


def test_words_are_translated_as_an_answer_and_keys_of_a_burst_kept_in_order(hint: Hint) -> None:
    """You should get the translation in the chat when you type it with the command, in lines too; and
    the same from keys that were all typed before anything was drawn."""
    assert hint("config", "set", "model", "echo").returncode == 0
    words = "The weather is very good today and we are all happy about it."
    with RealTerminal("chat", "--plain", columns=80, rows=24) as terminal:
        terminal.sees("> ")
        terminal.type(f"/translate fr {words}\r")
        terminal.until(lambda: terminal.screen.count("The weather") >= 3)
        terminal.type("/translate\r")
        terminal.sees("Say a language and what to translate")
    with RealTerminal("chat", columns=80, rows=24) as terminal:
        terminal.sees("Ask something")
        terminal.type(f"/translate fr {words}\r")
        terminal.until(lambda: terminal.screen.count("The weather") == 2)
        terminal.type("/translate\r")
        terminal.sees("Type or paste")
        terminal.type("\x02en\r\x07fr\rGood morning.\x14")
        terminal.sees("English → français", "1/1", "│ Good morning.")
        terminal.type("e\x15Bonjour.\r")
        terminal.sees("│ Bonjour.", "[by hand]")
        terminal.type("\x1b")
        terminal.sees("What is not saved is lost.")
        terminal.type("y")
        terminal.sees("Ask something")

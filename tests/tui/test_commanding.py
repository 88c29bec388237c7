"""The palette, keys of one's own, models, roles, and what plugins bring."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hinterland import config as configuration
from hinterland.config import Config, UiSettings
from hinterland.conversation import Conversation
from hinterland.engine.echo import EchoEngine
from hinterland.history.search import Only
from hinterland.models.store import ModelStore
from hinterland.paths import Paths, private_folder
from hinterland.tui.screens.chat import ChatScreen
from hinterland.tui.screens.models import ModelsScreen
from hinterland.tui.screens.palette import PaletteScreen
from tests.gguf_files import write_model
from tests.history_samples import strict
from tests.plugin_shelf import Shelf
from tests.running import Hint
from tests.tui.chatting import Person, PromptedEngine, chat, scene
from tests.tui.terminals import RealTerminal

pytestmark = pytest.mark.usefixtures("home")


async def palette(person: Person) -> None:
    """Open the palette."""
    await person.press("ctrl+p")
    await person.until(lambda: isinstance(person.app.screen, PaletteScreen))


async def back(person: Person) -> None:
    """Wait until the chat is shown again."""
    await person.until(lambda: isinstance(person.app.screen, ChatScreen))
    await person.pilot.pause()


@pytest.mark.parametrize("size", [(40, 12), (80, 24)])
def test_the_palette(size: tuple[int, int]) -> None:
    """You should see what can be done, with its key, find it by a few letters and do it, in a small
    terminal too; what is in the box stays there."""

    @scene
    async def story() -> None:
        async with chat(PromptedEngine(), size=size) as person:
            first = person.chat.conversation
            await person.type("a draft")
            await palette(person)
            await person.sees("What do you want to do?", "New chat", "^n", "Models", "f2")
            await person.press(*"helpsoffice")
            await person.sees("Role: administrator")
            await person.press("escape")
            await back(person)
            await palette(person)
            await person.press(*"nwcht")
            await person.until(lambda: person.screen.split("\n")[1].startswith("New chat"))
            await person.press("enter")
            await back(person)
            await person.until(lambda: person.chat.conversation is not first)
            assert person.chat.prompt.text == "a draft"

    story()


@scene
async def test_a_command_from_the_palette_takes_what_follows_it() -> None:
    """You should see the palette wait for the rest of a command that has one."""
    async with chat(PromptedEngine()) as person:
        await palette(person)
        await person.press(*"/thin", "enter")
        await person.until(lambda: "/think " in person.screen.split("\n")[0])
        await person.press(*"low", "enter")
        await back(person)
        await person.sees("The model thinks a little")


@scene
async def test_keys_of_your_own() -> None:
    """You should see your own keys at the bottom and in the help, and they do what you set them to."""
    config = Config(keys={"chat.new": "f5, Ctrl+R", "prompt.send": "ctrl+s", "app.quit": ""})
    engine = EchoEngine()
    async with chat(engine, config=config) as person:
        await person.sees("f5 New chat", "^s Send")
        assert "Quit" not in person.screen
        await person.type("one")
        await person.press("enter", "t", "ctrl+s")
        await person.answered()
        assert engine.requests[0].messages[-1].content == "one\nt"
        first = person.chat.conversation
        await person.press("ctrl+n")
        await person.pilot.pause()
        assert person.chat.conversation is first
        await person.press("ctrl+r")
        await person.until(lambda: person.chat.conversation is not first)
        await person.press("f1")
        await person.sees("f5 ^r", "New chat", "Everywhere")
        await person.press("escape")
        await back(person)


@scene
async def test_movement_as_in_vi() -> None:
    """You should see Esc lead from the box to the conversation, j, k, g and G move it, and i lead
    back."""
    async with chat(EchoEngine(), size=(40, 12), config=Config(ui=UiSettings(vim=True))) as person:
        await person.ask("\n\n".join(f"line {number}" for number in range(30)))
        await person.answered()
        view = person.chat.transcript
        await person.until(lambda: view.scroll_offset.y > 20)
        end = view.scroll_offset.y
        await person.press("escape", "g")
        await person.until(lambda: view.scroll_offset.y == 0)
        await person.press("j", "j", "k")
        await person.until(lambda: view.scroll_offset.y == 1)
        await person.press("ctrl+d")
        await person.until(lambda: view.scroll_offset.y > 2)
        await person.press("G")
        await person.until(lambda: view.scroll_offset.y == end)
        await person.press("i", "a")
        assert person.chat.prompt.text == "a"


@scene
async def test_no_movement_as_in_vi_unless_it_is_wanted() -> None:
    """You should see letters in the box whatever you pressed before, and no vi in the help."""
    async with chat(EchoEngine()) as person:
        await person.press("escape", "g", "j")
        assert person.chat.prompt.text == "gj"
        await person.press("f1")
        await person.sees("Everywhere")
        assert "half_down" not in person.screen and "Half a page" not in person.screen


@pytest.fixture
def shelved(paths: Paths, tmp_path: Path) -> list[str]:
    """Two installed models and two remote engines."""
    for name in ("small-one", "other-one"):
        ModelStore(paths).add(write_model(tmp_path / f"{name}.gguf", name))
    private_folder(paths.config)
    paths.config_file.write_text(
        "[engines.gpu]\nurl = 'https://gpu.example.org/v1'\n", encoding="utf-8"
    )
    return ["small-one", "other-one", "gpu"]


def test_another_model(shelved: list[str], paths: Paths) -> None:
    """You should see the models with what is known of them, and the next prompt go to the one you
    choose; a remote engine is forbidden where the settings say offline."""

    @scene
    async def story() -> None:
        engine = EchoEngine()
        async with chat(engine, size=(40, 12)) as person:
            await person.press("f2")
            await person.until(lambda: isinstance(person.app.screen, ModelsScreen))
            await person.sees("small-one", "other-one", "fits", "tokens/s", "licence unknown")
            await person.sees("words leave: gpu.example.org")
            await person.press("down", "enter")
            await back(person)
            await person.sees("The next prompt goes to small-one.")
            await person.ask("hi")
            await person.answered()
            assert [request.model for request in engine.requests] == ["small-one"]
            assert person.chat.conversation is not None
            assert person.chat.conversation.turns[-1].model
            await person.ask("/model gpu")
            await person.sees("The next prompt goes to gpu.", "gpu.example.org.")
            person.app.clear_notifications()  # they cover what is looked for, for a minute
            await person.until(lambda: "words leave" in person.screen.split("\n")[-3])
            configuration_text = paths.config_file.read_text(encoding="utf-8")
            paths.config_file.write_text("offline = true\n" + configuration_text, encoding="utf-8")
            await person.ask("/model other")
            await person.sees("goes to other-one")
            await person.ask("/model gpu")
            await person.until(lambda: person.app._notifications)
            person.app.clear_notifications()
            await person.sees("remote engine")
            await person.press("f2")
            await person.sees("forbidden")

    story()


@scene
async def test_roles_and_system_prompts() -> None:
    """You should see the roles, and the model be sent the one you take, your own text, or nothing."""
    engine = EchoEngine()
    async with chat(engine) as person:
        await person.ask("/role")
        await person.sees("/role nurse", "/role teacher", "/role plain")
        for typed in ("/role nurse", "/system Be brief.", "/system off"):
            await person.ask(typed)
            await person.answered()
            await person.ask("hi")
            await person.answered()
        system = [request.messages[0] for request in engine.requests]
        assert system[0].role == "system" and "nurse" in system[0].content
        assert system[1].content == "Be brief."
        assert system[2].role == "user"
        await person.ask("/role nobody")
        await person.sees("no role named 'nobody'", "teacher")


WATER = """
    from hinterland.hookspecs import ChatTool, Screen, hookimpl

    async def cans(text):
        yield "**3** "
        yield text

    async def leaks(text):
        yield "drip"
        raise KeyError("lamp")

    @hookimpl
    def register_tools(register):
        register(ChatTool("cans", "Counts jerrycans.", cans))
        register(ChatTool("leaks", "Fails.", leaks))

    @hookimpl
    def register_screens(register):
        register(Screen("water", "Water of this box", "water_screen:Water"))
        register(Screen("torn", "Fails when it is shown", "water_screen:Torn"))
        register(Screen("gone", "Is not there", "water_screen:Gone"))
        register(Screen("absent", "Is nowhere", "no_such_module:Gone"))
"""
WATER_SCREEN = """
    from textual.screen import Screen
    from textual.widgets import Static

    class Water(Screen):
        BINDINGS = [("w", "write", "Write")]

        def compose(self):
            yield Static("The tank holds 300 litres.")

        def action_write(self):
            self.dismiss("Is 300 litres enough?")

    class Torn(Screen):
        def compose(self):
            raise KeyError("lamp")
            yield
"""


@pytest.fixture
def water(shelf: Shelf, paths: Paths) -> Iterator[Shelf]:
    """A plugin from elsewhere that is turned on."""
    import sys

    shelf.add("water-package", water="water")
    shelf.module("water", WATER)
    shelf.module("water_screen", WATER_SCREEN)
    private_folder(paths.config)
    paths.config_file.write_text("plugins = ['water']\n", encoding="utf-8")
    yield shelf
    for name in ("water", "water_screen"):
        sys.modules.pop(name, None)


def test_a_screen_of_a_plugin(water: Shelf) -> None:
    """You should see a plugin's screen in the palette and by its name, imported when you open it;
    one that is broken costs a sentence."""

    @scene
    async def story() -> None:
        async with chat(PromptedEngine()) as person:
            assert not water.imported("water")
            await palette(person)
            await person.press(*"/waterof")
            await person.sees("/water: Water of this box")
            assert not water.imported("water_screen")
            await person.press("enter")
            await person.sees("The tank holds 300 litres.")
            assert water.imported("water_screen")
            await person.press("w")
            await back(person)
            assert person.chat.prompt.text == "Is 300 litres enough?"
            person.chat.prompt.load_text("")
            for name, said in (
                ("torn", "torn of a plugin failed (KeyError: 'lamp')"),
                ("gone", "gone of a plugin cannot be opened (AttributeError"),
                ("absent", "absent of a plugin cannot be opened (ModuleNotFoundError"),
            ):
                await person.ask(f"/{name}")
                await person.until(lambda: not person.app.screen.is_modal)
                await back(person)
                await person.until(lambda: person.app._notifications)
                person.app.clear_notifications()  # it covers the transcript for a minute
                await person.until(
                    lambda said=said: said in " ".join(person.screen.split())  # type: ignore[misc] # bound now
                )
            await person.ask("/water")
            await person.sees("The tank holds 300 litres.")

    story()


def test_a_tool_of_a_plugin(water: Shelf) -> None:
    """You should see the tools of plugins listed, and one answer; one that fails costs a sentence."""

    @scene
    async def story() -> None:
        async with chat(PromptedEngine()) as person:
            await person.ask("/tool")
            await person.sees("/cans  Counts jerrycans.", "/leaks")
            await person.answered()
            await person.ask("/cans for us")
            await person.sees("3 for us")
            await person.answered()
            await person.ask("/tool leaks")
            await person.sees("drip", "The tool leaks failed (KeyError: 'lamp')")
            await person.answered()
            await person.ask("/nonsense")
            await person.sees("There is no /nonsense")
            assert person.chat.prompt.text == "/nonsense"

    story()


def test_what_a_tool_answered_is_kept_and_told_to_no_model(
    water: Shelf, paths: Paths, hint: Hint
) -> None:
    """You should find it again with `--tool`, also in the conversation when you come back to it."""
    history = strict(paths)
    engine = PromptedEngine()
    first = Conversation(engine, history, model="small-model", system="Be brief.")

    def said(request: int) -> list[str]:
        return [message.content for message in engine.requests[request].messages]

    @scene
    async def story() -> None:
        async with chat(engine, first) as person:
            engine.answer("Wells.")
            await person.ask("Where is water?")
            await person.sees("Wells.")
            await person.answered()
            await person.ask("/cans for us")
            await person.sees("3 for us")
            await person.answered()
            engine.answer("More wells.")
            await person.ask("/retry")
            await person.sees("More wells.")
            await person.answered()
            await person.ask("/cans again")
            await person.sees("3 again")
            await person.answered()
            engine.answer("Rivers.")
            await person.ask("And where else?")
            await person.sees("Rivers.")
            await person.answered()
        assert said(1) == ["Be brief.", "Where is water?"]
        assert said(2) == [*said(1), "More wells.", "And where else?"]

    @scene
    async def another_day() -> None:
        again = Conversation(engine, history, record=history.conversation(first.id))
        assert (again.model, again.system) == ("small-model", "Be brief.")
        async with chat(engine, again) as person:
            await person.sees("/cans again", "3 again", "Rivers.")
            await person.press("up")
            await person.until(lambda: person.chat.prompt.text == "And where else?")

    story()
    another_day()
    assert [hit.after for hit in history.search("3", 9, Only(tool="CANS"))] == [
        "** again",
        "** for us",
    ]
    found = hint("history", "search", "cans", "--tool", "/cans")
    assert found.stdout.count("/cans") == 2, found
    assert hint("history", "search", "cans", "--tool", "leaks").stdout == ""
    assert "## /cans\n\n**3** again" in hint("history", "export", first.id).stdout


def test_keys_that_cannot_be(paths: Paths) -> None:
    """You should see in one sentence what is wrong with your keys, before there is a screen."""
    private_folder(paths.config)
    paths.config_file.write_text("[keys]\nchat.new = 'escape'", encoding="utf-8")
    with RealTerminal("chat", "-m", "echo") as terminal:
        assert terminal.ended() == 2
        assert "it is the key of chat.stop" in " ".join(terminal.written.decode().split())


def test_without_the_mouse(paths: Paths) -> None:
    """You should see the terminal keep the mouse where the settings say so."""
    private_folder(paths.config)
    paths.config_file.write_text("[ui]\nmouse = false\n", encoding="utf-8")
    assert not configuration.load(paths.config_file).ui.mouse
    with RealTerminal("chat", "-m", "echo") as terminal:
        terminal.sees("ready")
        assert b"\x1b[?1000h" not in terminal.written
        terminal.type("\x11")
        assert terminal.ended() == 0

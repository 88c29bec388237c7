"""Colours: the terminal's, a palette's, none; and what the keys and commands of this do."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from hinterland import config
from hinterland.config import Config, UiSettings
from hinterland.conversation import Conversation
from hinterland.engine.echo import EchoEngine
from hinterland.errors import ConfigError
from hinterland.paths import Paths
from hinterland.tui import themes
from hinterland.tui.app import ChatApp
from tests.tui.chatting import Person, chat, scene
from tests.tui.terminals import RealTerminal


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_every_palette_can_be_read() -> None:
    palettes = themes.palettes()
    assert {"terminal", "none", *palettes} == set(config.THEMES)
    for name, palette in palettes.items():
        least = 7.0 if name == "contrast" else 4.5
        for colour in (palette.foreground, *palette.colors[1:]):
            assert contrast(colour, palette.background) >= least, (name, colour)


@pytest.mark.parametrize("text", ["[dark]\nbackground = 'blue'", "dark = 1", "["])
def test_a_file_of_themes_that_cannot_be_used(tmp_path: Path, text: str) -> None:
    file = tmp_path / "themes.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=r"themes\.toml"):
        themes.palettes(file)


def colours(person: Person) -> set[str]:
    """The names of the colours on the screen."""
    found = set()
    for row in person.app.screen._compositor.render_strips():
        for segment in row:
            for colour in (segment.style.color, segment.style.bgcolor) if segment.style else ():
                found.add(colour.name if colour is not None else "none")
    return found


@scene
async def test_a_theme_is_worn_at_once() -> None:
    """You should see the palette's colours when it is chosen, and your terminal's again after."""
    async with chat(EchoEngine()) as person:
        await person.ask("`code`")
        await person.answered()
        own = colours(person)
        assert not any(name.startswith("#") for name in own)
        person.app.wear("contrast")
        await person.until(lambda: "#00ffff" in colours(person))
        assert "#000000" in colours(person)
        person.app.wear("none")
        await person.until(lambda: colours(person) <= {"default", "none"})
        person.app.wear("terminal")
        await person.until(lambda: colours(person) == own)


@scene
async def test_no_color_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """You should see no colour where NO_COLOR is set, whatever the settings say."""
    monkeypatch.setenv("NO_COLOR", "1")
    app = ChatApp(
        lambda: Conversation(EchoEngine(), None), config=Config(ui=UiSettings(theme="dark"))
    )
    async with app.run_test() as pilot:
        person = Person(app, pilot)
        await person.sees("ready")
        assert colours(person) <= {"default", "none"}


@pytest.mark.parametrize("term", ["linux", "vt100"])
def test_old_terminals(home: Path, term: str) -> None:
    """You should see the chat on terminals that know little, and nothing that they would not."""
    with RealTerminal("chat", "-m", "echo:200", TERM=term) as terminal:
        terminal.sees("ready", "^q Quit")
        terminal.type("`code` and **bold**\r")
        terminal.sees("\n code and bold ", "ready 200.0 tokens/s")
        terminal.type("\x11")
        assert terminal.ended() == 0
    assert b"$p" not in terminal.written  # which these show as a "p"
    assert (b"\x1b[36m" in terminal.written or b";36" in terminal.written) == (term != "vt100")


def test_copy_and_theme_by_key_and_command(home: Path, paths: Paths, tmp_path: Path) -> None:
    """You should have the answer in the clipboard after F4 and in a file after /copy FILE, and the
    theme you chose the next time too."""
    file = tmp_path / "kept.md"
    with RealTerminal("chat", "-m", "echo:200", COLORTERM="truecolor") as terminal:
        terminal.sees("ready")
        terminal.type("\x1bOS")  # F4
        terminal.sees("no answer to copy yet")
        terminal.type("some *words*\r")
        terminal.sees("\n some words ", "ready 200.0 tokens/s")
        terminal.type("\x1bOS")
        terminal.sees("12 characters were sent", "/copy FILE")
        assert b"\x1b]52;c;" + base64.b64encode(b"some *words*") + b"\x07" in terminal.written
        terminal.sees("ready")
        terminal.type(f"/copy {file}\r")
        terminal.sees("Written to")
        terminal.until(lambda: file.exists() and file.read_text() == "some *words*\n")
        terminal.sees("ready")
        terminal.type("/theme light\r")
        terminal.sees("The theme is light from now on.")
        terminal.type("\x11")
        assert terminal.ended() == 0
    assert b"251;250;247" in terminal.written
    assert config.load(paths.config_file).ui.theme == "light"

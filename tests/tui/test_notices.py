"""What a class has its pupils told, in the chat and in the screens of plugins, while it changes."""

from __future__ import annotations

import threading

import pytest

from hinterland import notices
from tests.tui.chatting import Person, PromptedEngine, chat, scene, told_of_class

OTHER = "Your teacher can read what you ask and what is answered here (\x1b[7m\u202e6b)."


async def hears(person: Person, notice: str) -> None:
    """Have another thread, as one that asked the box, hear what holds now."""
    thread = threading.Thread(target=notices.hear, args=(notice,))
    thread.start()
    await person.until(lambda: not thread.is_alive())


@pytest.mark.parametrize("opens", ["", "/diagnose", "/translate"])
@scene
async def test_what_is_open_says_what_holds_now(
    monkeypatch: pytest.MonkeyPatch, opens: str
) -> None:
    """You should see what is told appear and go without a key, and nothing that changes the screen."""
    told = told_of_class(monkeypatch)
    async with chat(PromptedEngine(), size=(60, 20)) as person:
        if opens:
            screen = person.app.screen
            await person.ask(opens)
            await person.until(lambda: person.app.screen is not screen)
        await person.until(lambda: told in person.words)
        await hears(person, "")
        await person.until(lambda: "teacher" not in person.words)
        await hears(person, OTHER)
        await person.until(lambda: "teacher" in person.words)
        assert "6b" in person.words
        assert not {"\x1b", "\u202e"} & set(person.screen)

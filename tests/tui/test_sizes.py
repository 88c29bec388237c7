"""The screen at every size."""

from __future__ import annotations

import pytest

from hinterland.engine.echo import EchoEngine
from hinterland.engine.protocol import TextDelta
from tests.tui.chatting import PromptedEngine, chat, scene

STORY = (
    "# Water\n\nBoil it for *one* minute. "
    + "It is worth the wait. " * 12
    + "\n\n```python\nfor minute in range(1): boil(water, until='it rolls and rolls and rolls')\n```\n\n"
    + "| where | how long |\n|---|---|\n| sea level | one minute |\n| mountains | three minutes |\n\n"
    + "The end of the story."
)


@scene
async def test_resizing_wraps_again() -> None:
    """You should see the same text in the new width, the last line still in view."""
    engine = PromptedEngine()
    async with chat(engine) as person:
        await person.ask("Tell me")
        engine.say(TextDelta(STORY))
        for size in ((40, 12), (100, 30), (33, 10), (80, 24)):
            await person.pilot.resize_terminal(*size)
            await person.sees("The end of the story.")
            assert all(len(row) <= size[0] for row in person.screen.split("\n"))
        engine.answer(" Really.")
        await person.answered()
        await person.sees("story. Really.")


@scene
async def test_resizing_keeps_the_place() -> None:
    """You should see the paragraph you were reading after the terminal changes its width."""
    engine = EchoEngine(
        answer=lambda _: "\n\n".join(f"paragraph {n} " + "x " * 60 for n in range(60))
    )
    async with chat(engine) as person:
        await person.ask("Tell me")
        await person.answered()
        await person.press("pageup", "pageup", "pageup")
        await person.pilot.pause()
        reading = next(row for row in person.screen.split("\n") if "paragraph" in row).split()[:2]
        await person.pilot.resize_terminal(50, 24)
        await person.sees(" ".join(reading))


@pytest.mark.parametrize("size", [(80, 24), (40, 12), (24, 8), (10, 5), (300, 100)])
def test_every_size(size: tuple[int, int]) -> None:
    """You should see the end of the answer and the status at any size that holds them."""

    @scene
    async def at_size() -> None:
        engine = PromptedEngine()
        async with chat(engine, size=size) as person:
            await person.ask("Tell me")
            engine.answer(STORY)
            await person.answered()
            if size[0] >= 40:
                await person.sees("The end of the story.", "ready", "offline")
            rows = person.screen.split("\n")
            assert len(rows) == size[1]
            await person.press("pageup", "ctrl+home", "ctrl+end")

    at_size()


@scene
async def test_the_box_growing_keeps_the_last_line() -> None:
    """You should see the last line of the answer when the box takes more rows."""
    engine = PromptedEngine()
    async with chat(engine, size=(60, 16)) as person:
        await person.ask("Tell me")
        engine.answer(STORY)
        await person.answered()
        await person.press("a", *["ctrl+j"] * 4)
        await person.until(lambda: person.chat.prompt.size.height == 5)
        await person.sees("The end of the story.")

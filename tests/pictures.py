"""The pictures in the documentation, taken of the running chat: `make pictures` takes them anew.

What the model says in them is what Qwen2.5-Coder 1.5B said, so that they can be taken anywhere.
"""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from hinterland.conversation import Conversation
from hinterland.engine.echo import EchoEngine
from hinterland.engine.protocol import Request, Timings
from hinterland.history import History, Record
from hinterland.paths import find
from hinterland.tui.app import ChatApp
from hinterland.turns import Turn
from tests.history_samples import a_turn
from tests.snapshots.golden import turn
from tests.tui.chatting import Person

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "images"
MODEL = "qwen2.5-coder-1.5b"
_FONTS = 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace'

SOAP = turn(
    "Why does soap clean hands? Two sentences.",
    "Soap is used to clean hands to remove dirt and bacteria.",
)
RIVER = turn(
    "Name two ways to make river water safe to drink, as a list. One sentence each.",
    "1. Use chlorine to disinfect the river water.\n2. Use UV lights to kill bacteria.",
)
CELSIUS = """\
```python
def fahrenheit_to_celsius(fahrenheit):
    celsius = (fahrenheit - 32) * 5 / 9
    return celsius
```

**Explanation**:
The function `fahrenheit_to_celsius` takes a Fahrenheit temperature as input and converts it to \
Celsius using the formula `(F - 32) * 5 / 9`. The result is then returned as the Celsius \
temperature. This function can be used to convert any Fahrenheit temperature to Celsius.
"""
CODE = turn(
    "Write a Python function that turns Fahrenheit into Celsius. Only the code.",
    CELSIUS,
    timings=Timings(predicted_per_second=10.7),
)


async def nothing(person: Person) -> None:
    """Take the picture as it is."""


async def a_long_prompt(person: Person) -> None:
    """Ask what no longer fits the window."""
    await person.ask("And now explain each of these three answers to a child. " * 12)
    await person.sees("Esc", "the window is full")


async def palette(person: Person) -> None:
    """Look for something that can be done."""
    await person.press("ctrl+p", *"co")
    await person.sees("Copy the last answer", "Do it")


async def conversations(person: Person) -> None:
    """Look at the conversations."""
    history, day = History(find()), 1_577_872_800.0  # 2020-01-01: shown alike for ever
    said = ["Water from the river", "Fractions for the fourth class", "The pump's filter"]
    for number, title in enumerate(said):
        for each in range(1 + number * 2):
            kept = a_turn(title, "Yes.", created=day - 90_000 * number + each)
            history.add_turn(f"c{number}", kept)
    history.tag("c1", ["school"])
    history.pin("c2")
    await person.press("ctrl+o")
    await person.sees(*said)


async def keys(person: Person) -> None:
    """Look at the keys."""
    await person.press("f1")
    await person.sees("Back")


@dataclass(frozen=True)
class Picture:
    name: str
    does: Callable[[Person], Awaitable[None]] = nothing
    turns: tuple[Turn, ...] = field(default=(SOAP, RIVER, CODE))
    size: tuple[int, int] = (84, 28)
    context: int = 4096


PICTURES = (
    Picture("chat"),
    Picture("small", turns=(SOAP, RIVER), size=(40, 12)),
    Picture("window", a_long_prompt, size=(84, 20), context=256),
    Picture("palette", palette, size=(84, 16)),
    Picture("conversations", conversations, size=(84, 16)),
    Picture("keys", keys),
)


async def take(picture: Picture) -> str:
    """Return the picture as SVG."""
    engine = EchoEngine(context=picture.context, answer=_said)
    record = Record("c1", "Water", 1.0, 1.0, list(picture.turns))
    conversation = Conversation(engine, None, record=record, model=MODEL)
    app = ChatApp(lambda: conversation, conversation)
    async with app.run_test(size=picture.size, notifications=True) as pilot:
        person = Person(app, pilot)
        await person.sees("ready")
        await person.until(lambda: person.chat.transcript.shows_markdown)
        await picture.does(person)
        await pilot.pause(0.5)
        return local(app.export_screenshot(title="hint"))


def _said(request: Request) -> str:
    return request.messages[-1].content


def local(svg: str) -> str:
    """Return a picture that fetches no font from anywhere."""
    svg = re.sub(r"<!--.*?-->|@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    return re.sub(r"font-family: Fira Code[^;]*;", f"font-family: {_FONTS};", svg)


def main() -> None:
    """Take all pictures."""
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"HINTERLAND_HOME": home, "LC_ALL": "C", "TZ": "UTC", "XDG_DATA_DIRS": home}
        for picture in PICTURES:
            svg = asyncio.run(take(picture))
            (FOLDER / f"{picture.name}.svg").write_text(svg, encoding="utf-8")
            print(f"docs/images/{picture.name}.svg")


if __name__ == "__main__":
    main()

"""Golden screens of the chat. After a change that is meant: `pytest tests/snapshots --snapshot-update`,
and look at the pictures before they are committed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from hinterland.conversation import Conversation
from hinterland.engine.protocol import Failed, FinishReason, Loading, TextDelta
from hinterland.history import Record
from hinterland.tui.app import ChatApp
from hinterland.turns import Turn
from tests.tui.chatting import Person, PromptedEngine

Compare = Callable[..., bool]

ANSWER = """\
Boiling **kills germs**: bacteria, viruses and parasites.

## How long

1. Bring it to a *rolling* boil.
2. Wait one minute, three above 2,000 m.

| where | minutes |
|:------|--------:|
| coast | 1 |
| mountains | 3 |

```python
def minutes(metres: float) -> int:
    return 3 if metres > 2000 else 1
```

> Boiling does not remove chemicals.

烧开的水是安全的。 الماء المغلي آمن 👍
"""


def turn(prompt: str, answer: str, reason: FinishReason = FinishReason.STOP, **more: Any) -> Turn:
    return Turn(
        id=prompt,
        created=1.0,
        prompt=prompt,
        answer=answer,
        finish_reason=reason,
        model="small-model",
        **more,
    )


@pytest.fixture(autouse=True)
def no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pictures do not depend on who takes them."""
    for name in ("NO_COLOR", "TEXTUAL", "TEXTUAL_ANIMATIONS", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)


def screen(*turns: Turn) -> tuple[ChatApp, PromptedEngine]:
    engine = PromptedEngine()
    record = Record("c1", "Water", 1.0, 1.0, list(turns)) if turns else None
    conversation = Conversation(engine, None, record=record, model="small-model")
    return ChatApp(lambda: conversation, conversation), engine


def ready(
    app: ChatApp, then: Callable[[Person], Awaitable[None]] | None = None
) -> Callable[[Pilot[bool]], Awaitable[None]]:
    async def wait(pilot: Pilot[bool]) -> None:
        person = Person(app, pilot)
        await person.sees("ready")
        await person.until(lambda: person.chat.transcript.shows_markdown)
        if then is not None:
            await then(person)
        await pilot.pause()

    return wait


def test_empty(snap_compare: Compare) -> None:
    """You should see an empty chat that says what to do."""
    app, _ = screen()
    assert snap_compare(app, terminal_size=(80, 24), run_before=ready(app))


@pytest.mark.parametrize("size", [(80, 40), (40, 12)], ids=["wide", "narrow"])
def test_answer(snap_compare: Compare, size: tuple[int, int]) -> None:
    """You should see an answer with everything Markdown has, at both sizes."""
    reasoning = "The user asks about water."
    app, _ = screen(turn("Why do we boil drinking water?", ANSWER, reasoning=reasoning))
    assert snap_compare(app, terminal_size=size, run_before=ready(app))


def test_writing(snap_compare: Compare) -> None:
    """You should see an answer that was cut off, and the next one being written after loading."""

    async def ask(person: Person) -> None:
        await person.ask("And milk?\nIs it the same?")
        engine.say(TextDelta("Milk is *heated*, n"))
        await person.sees("Milk is heated, n")
        engine.say(Loading("small-model", 0.5))
        await person.sees("loading the model 50%")

    app, engine = screen(turn("Why boil water?", "It kills", FinishReason.CANCELLED))
    assert snap_compare(app, terminal_size=(80, 24), run_before=ready(app, ask))


def test_failure(snap_compare: Compare) -> None:
    """You should see why it failed, and the prompt back in the box."""

    async def ask(person: Person) -> None:
        await person.ask("Why boil water?")
        engine.say(Failed("EngineError", "The worker crashed.", "Ask again."))
        await person.answered()
        await person.sees("failed")

    app, engine = screen()
    assert snap_compare(app, terminal_size=(80, 24), run_before=ready(app, ask))

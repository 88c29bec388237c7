"""Whatever a model, a title or a file says, the terminal does not obey it."""

from __future__ import annotations

import unicodedata

from textual import events
from textual.strip import Strip

from hinterland.conversation import Conversation
from hinterland.engine.protocol import (
    Done,
    Failed,
    FinishReason,
    Loading,
    ReasoningDelta,
    TextDelta,
)
from hinterland.turns import Turn
from tests.tui.chatting import Person, PromptedEngine, chat, scene
from tests.tui.test_leaving import record

HOSTILE = "\x1b]52;c;ZXZpbA==\x07 \x1b[2J \x9b31m \x9d0;title\x9c \u202egnp.exe\u202c \u2066x\u2069 \x00\x08\x7f"


def controls(person: Person) -> set[str]:
    rows: list[Strip] = person.app.screen._compositor.render_strips()
    text = "".join(segment.text for row in rows for segment in row)
    bidi = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    return {
        character
        for character in text
        if unicodedata.category(character) == "Cc" or unicodedata.bidirectional(character) in bidi
    }


@scene
async def test_everything_hostile_at_once() -> None:
    """You should see controls as visible stand-ins, wherever they come from."""
    engine = PromptedEngine()
    past = Turn(
        id="t1",
        created=1.0,
        prompt=HOSTILE,
        reasoning=HOSTILE,
        answer=f"{HOSTILE}\n\n```{HOSTILE}\n{HOSTILE}\n```\n\n[{HOSTILE}](http://x/{HOSTILE})",
        model=HOSTILE,
        finish_reason=FinishReason.INTERRUPTED,
        error=HOSTILE,
    )
    async with chat(
        engine, Conversation(engine, None, record=record(past)), size=(100, 60)
    ) as person:
        await person.sees("␛]52;c;ZXZpbA==")
        assert not controls(person)
        person.app.post_message(events.Paste(HOSTILE))
        await person.until(lambda: person.chat.prompt.text)
        assert not controls(person)
        await person.press("ctrl+t", "enter")
        engine.say(Loading(HOSTILE), ReasoningDelta(HOSTILE), TextDelta(HOSTILE))
        await person.sees("writing")
        assert not controls(person)
        engine.say(Failed("EngineError", HOSTILE, HOSTILE))
        await person.answered()
        assert not controls(person)
        engine.say(Done(FinishReason.STOP, model=HOSTILE))
        await person.press("enter")
        await person.answered()
        assert not controls(person)


@scene
async def test_markup_and_html_are_text() -> None:
    """You should see brackets, tags and links as they were written."""
    engine = PromptedEngine()
    async with chat(engine, size=(100, 30)) as person:
        await person.ask("[red]mine[/red] [link=file:///etc/passwd]x[/link]")
        engine.answer(
            "[bold]not bold[/bold] vector<int> <script>alert(1)</script>\n\n"
            "<div>block</div>\n\n[click](https://example.org) ![picture](https://example.org/p.png)\n\n"
            "[ref]: https://example.org/ref\n"
        )
        await person.answered()
        await person.sees(
            "> [red]mine[/red] [link=file:///etc/passwd]x[/link]",
            "[bold]not bold[/bold] vector<int> <script>alert(1)</script>",
            "<div>block</div>",
            "click (https://example.org)",
            "picture (https://example.org/p.png)",
            "[ref]: https://example.org/ref",
        )
        rows = person.app.screen._compositor.render_strips()
        styles = [segment.style for row in rows for segment in row if segment.style]
        assert not [style for style in styles if style.link]


@scene
async def test_markup_in_errors_is_text() -> None:
    """You should see the brackets of an error, in the notification too."""
    engine = PromptedEngine()
    async with chat(engine) as person:
        await person.ask("x")
        engine.say(Failed("EngineError", "Bad value [/] in [model]."))
        await person.answered()
        await person.until(lambda: person.screen.count("Bad value [/] in [model].") == 2)

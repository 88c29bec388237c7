"""Answers of any size and shape: nothing lost, and never more drawn at once than can be seen."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from textual.strip import Strip

from hinterland.engine.protocol import FinishReason, ReasoningDelta
from hinterland.tui.entries import Kind
from hinterland.tui.pieces import LONGEST, Piece
from hinterland.tui.widgets.transcript import Transcript
from hinterland.turns import Turn
from tests.tui.chatting import Person, PromptedEngine, chat, scene

EMOJI = "👩‍🚀🇳🇱👨‍👩‍👧‍👦🏳️‍🌈👍🏽"
PARAGRAPH = "Boil the water for one minute, see below.\n\n- first\n- second\n\n"
CASES: dict[str, Callable[[], str]] = {
    "prose": lambda: PARAGRAPH * 500,
    "10,000 lines of code": lambda: "```\n" + "".join(f"line {n}\n" for n in range(10_000)),
    "a line of 100,000": lambda: "".join(f"<{n}>" for n in range(18_000)),
    "5,000 emoji": lambda: EMOJI * 1_000,
}
MEGABYTE = PARAGRAPH * (1_000_000 // len(PARAGRAPH) + 1)
MOST = 8
"""Entries, of bounded length each, that may be drawn for one view of 24 rows."""


def shown(transcript: Transcript) -> str:
    """Return all that a reader who scrolls through it sees, without white space."""
    entries = transcript._layout.entries
    for index in range(len(entries)):
        transcript._drawing.draw(index)
    rows = [strip.text for entry in entries for strip in entry.strips or []]
    return re.sub(r"[\s•>]", "", "".join(rows))


def said(text: str) -> str:
    return re.sub(r"[\s>`]|^- ", "", text, flags=re.MULTILINE)


@pytest.mark.parametrize("case", CASES)
@scene
async def test_nothing_is_lost(case: str) -> None:
    """You should see the end of it, all of it when you scroll, and so after opening it again."""
    text = CASES[case]()
    pieces = [text[start : start + 2000] for start in range(0, len(text), 2000)]
    async with chat(PromptedEngine(), size=(80, 24)) as person:
        transcript = person.chat.transcript
        transcript.ask("Go")
        for piece in pieces:
            transcript.write(piece)
            assert all(entry.chars <= 2 * LONGEST for entry in transcript._layout.entries[-3:])
        transcript.finish()
        whole = said(text)
        assert shown(transcript).removeprefix("Go") == whole
        assert transcript.is_vertical_scroll_end
        await at_the_end(person, text)


async def at_the_end(person: Person, text: str) -> None:
    last = said(text)[-3:]
    await person.until(lambda: last in re.sub(r"\s", "", person.screen))


def turn(answer: str) -> Turn:
    return Turn(id="1", created=0, prompt="Go", answer=answer, finish_reason=FinishReason.STOP)


@scene
async def test_only_what_is_in_view_is_drawn() -> None:
    """You should not wait for a long conversation when it opens, scrolls or is resized."""
    async with chat(PromptedEngine()) as person:
        transcript = person.chat.transcript
        drawn = counted(transcript)
        transcript.load([turn(MEGABYTE)])
        await person.until(lambda: not transcript._loading.goes_on)
        pieces = [piece for entry in transcript._layout.entries for piece in entry.pieces]
        assert said("\n".join(piece.text for piece in pieces)) == said(MEGABYTE)
        await at_the_end(person, MEGABYTE)
        assert 0 < sum(drawn) < MOST * LONGEST
        drawn.clear()
        await person.press("ctrl+home")
        await person.sees("> Go")
        assert 0 < sum(drawn) < 2 * MOST * LONGEST
        drawn.clear()
        await person.pilot.resize_terminal(100, 20)
        await person.until(lambda: transcript._layout.width > 90)
        assert 0 < sum(drawn) < 2 * MOST * LONGEST


@scene
async def test_text_that_arrives_redraws_the_last_piece_only() -> None:
    """You should not pay for the length of an answer with each word of it."""
    async with chat(PromptedEngine()) as person:
        transcript = person.chat.transcript
        transcript.ask("Go")
        transcript.write(PARAGRAPH * 1000)
        await person.pilot.pause()
        drawn = counted(transcript)
        for word in ("one ", "two ", "three\n\n", "four"):
            drawn.clear()
            transcript.write(word)
            transcript._draw_end()
            assert sum(drawn) < 2 * len(PARAGRAPH) + 40


@scene
async def test_what_is_slow_to_draw_is_drawn_in_haste_first() -> None:
    """You should see the text as it was written when there is no time, and soon after rendered."""
    async with chat(PromptedEngine()) as person:
        transcript = person.chat.transcript
        transcript.load([turn("**Boil** it\n\n" * 2000)])
        await person.until(lambda: not transcript._loading.goes_on)
        transcript._drawing.until = 0.0
        for entry in transcript._layout.entries:
            entry.forget(80)
        transcript._drawing.draw(len(transcript._layout.entries) - 1)
        last = transcript._layout.entries[-1]
        assert last.rough
        assert any("**Boil**" in strip.text for strip in last.strips or [])
        transcript._settle()
        await person.until(lambda: not last.rough)
        assert not any("**" in strip.text for strip in last.strips or [])


@scene
async def test_long_reasoning_folds_and_unfolds() -> None:
    """You should see its words counted, all of it when unfolded, and the answer below."""
    engine = PromptedEngine()
    thought = "".join(f"word{number} " for number in range(20_000))
    async with chat(engine) as person:
        await person.ask("Go")
        engine.say(
            *(ReasoningDelta(thought[at : at + 5000]) for at in range(0, len(thought), 5000))
        )
        await person.sees("word19999")
        engine.answer("So it is.")
        await person.sees("thought in 20000 words", "So it is.")
        transcript = person.chat.transcript
        await person.press("ctrl+t")
        await person.sees("word19999", "So it is.")
        assert said(thought) in shown(transcript)
        assert all(entry.chars <= LONGEST for entry in transcript._layout.entries)
        await person.press("ctrl+t")
        await person.sees("thought in 20000 words")


@scene
async def test_what_comes_while_a_conversation_is_read_waits_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """You should see a prompt below the conversation it was asked in, however long that is."""
    monkeypatch.setattr("hinterland.tui.loading._READING_FOR", 0.0)  # however fast the machine is
    async with chat(PromptedEngine()) as person:
        transcript = person.chat.transcript
        transcript.load([turn(PARAGRAPH * 6000)])
        assert transcript._loading.goes_on
        transcript.ask("And then?")
        transcript.write("Drink it.")
        transcript.finish()
        await person.sees("And then?", "Drink it.")
        kinds = [entry.kind for entry in transcript._layout.entries[-3:]]
        assert kinds == [Kind.ANSWER, Kind.PROMPT, Kind.ANSWER]


def counted(transcript: Transcript) -> list[int]:
    """Return a list that gets the length of each piece that is drawn from now on."""
    drawn: list[int] = []
    render = transcript._drawing.render_piece

    def noting(piece: Piece, width: int) -> list[Strip]:
        drawn.append(len(piece.text))
        return render(piece, width)

    transcript._drawing.render_piece = noting  # type: ignore[method-assign] # to count
    return drawn

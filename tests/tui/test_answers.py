"""Asking and being answered."""

from __future__ import annotations

from pathlib import Path

import pytest

from hinterland.config import Config
from hinterland.engine.echo import EchoEngine
from hinterland.engine.protocol import (
    Counted,
    Done,
    FinishReason,
    Loading,
    Note,
    PromptProgress,
    Queued,
    ReasoningDelta,
    SentTo,
    TextDelta,
    Usage,
)
from hinterland.tui.screens.chat import ChatScreen
from tests.tui.chatting import Person, PromptedEngine, chat, scene


def without_scrollbar(person: Person) -> list[str]:
    return [row[:-2] for row in person.screen.split("\n")[:15]]


@scene
async def test_prompt_and_answer() -> None:
    """You should see your prompt, and below it the answer as Markdown."""
    engine = PromptedEngine()
    async with chat(engine) as person:
        await person.ask("Why boil water?")
        engine.answer("It kills **germs**.\n\n- bacteria\n- viruses\n")
        await person.answered()
        await person.sees("> Why boil water?", "It kills germs.", " • bacteria", " • viruses")
        assert "**" not in person.screen
        assert person.chat.prompt.text == ""


@scene
async def test_the_answer_streams() -> None:
    """You should see the first words while the rest is still being written."""
    engine = PromptedEngine()
    async with chat(engine) as person:
        await person.ask("A story")
        engine.say(TextDelta("Once upon"))
        await person.sees("Once upon")
        assert person.chat.answering is not None
        engine.answer(" a time.")
        await person.sees("Once upon a time.")


@scene
async def test_the_last_line_stays_in_view() -> None:
    """You should see the newest line of a long answer, while it comes and when it is over."""
    engine = PromptedEngine()
    async with chat(engine) as person:
        await person.ask("Count")
        for number in range(60):
            engine.say(TextDelta(f"line {number}\n"))
        await person.sees("line 59")
        engine.answer("\nThe very end.")
        await person.answered()
        await person.sees("line 59", "The very end.")
        transcript = person.chat.transcript
        assert transcript.scroll_y == transcript.max_scroll_y > 0


@scene
async def test_scrolling_up_stops_following() -> None:
    """You should see the text you scrolled to stay, until you go back to the end."""
    engine = PromptedEngine()
    async with chat(engine) as person:
        await person.ask("Count")
        engine.say(TextDelta("\n\n".join(f"line {number}" for number in range(60))))
        await person.sees("line 59")
        await person.press("pageup", "pageup")
        assert not person.chat.transcript.following
        await person.pilot.pause()
        seen = without_scrollbar(person)
        engine.answer("".join(f"\n\nmore {number}" for number in range(60)))
        await person.answered()
        assert without_scrollbar(person) == seen
        await person.press("ctrl+end")
        await person.sees("more 59")
        assert person.chat.transcript.following


@scene
async def test_words_that_leave_this_machine() -> None:
    """You should see where your words go, before you send any and after the engine has said it."""
    engine = PromptedEngine()
    async with chat(engine, remotes={"small-model": "words leave: gpu.lan:8000"}) as person:
        await person.sees("ready", "small-model  words leave: gpu.lan:8000")
        assert "offline" not in person.screen
        await person.ask("Hello")
        engine.say(SentTo("small-model", "http://localhost:81/v1"))
        await person.sees("waiting for small-model", "this machine: localhost:81")
        engine.answer("Hi")
        await person.answered()
        await person.sees("this machine: localhost:81")


@scene
async def test_the_state_of_the_engine() -> None:
    """You should see what is being waited for, and how fast the answer comes."""
    engine = PromptedEngine()
    async with chat(engine) as person:
        await person.sees("ready", "small-model", "offline")
        await person.ask("Hello")
        await person.sees("waiting for the engine")
        engine.say(Loading("small-model", 0.45))
        await person.sees("loading the model 45%")
        engine.say(Queued(2))
        await person.sees("number 2 in line")
        engine.say(PromptProgress(512, 2048))
        await person.sees("reading prompt 512/2048")
        engine.say(ReasoningDelta("Hm."))
        await person.sees("thinking")
        engine.say(TextDelta("Well"))
        await person.sees("writing")
        for _ in range(40):
            engine.say(TextDelta(" la"))
            await person.pilot.pause(0.01)
        await person.until(lambda: " tokens/s" in person.screen)
        engine.end()
        await person.sees("ready 42.0 tokens/s")


@scene
async def test_esc_stops() -> None:
    """You should see the answer end at Esc, and be able to ask again."""
    engine = PromptedEngine()
    async with chat(engine) as person:
        await person.ask("A long story")
        engine.say(TextDelta("Once upon"))
        await person.sees("Once upon", "esc Stop")
        await person.press("escape")
        await person.answered()
        await person.sees("Once upon", "! Stopped.")
        assert "esc Stop" not in person.screen
        await person.ask("Another")
        engine.answer("Here it is.")
        await person.sees("Here it is.")
        assert [m.content for m in engine.requests[1].messages] == [
            "A long story",
            "Once upon",
            "Another",
        ]


@scene
async def test_an_engine_that_does_not_stop_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """You should see the chat free again though the engine never says that it stopped."""
    monkeypatch.setattr("hinterland.tui.screens.answering._PATIENCE_WITH_STOP", 0.05)

    class Deaf(PromptedEngine):
        async def cancel(self, turn_id: str) -> bool:
            return bool(turn_id)

    engine = Deaf()
    async with chat(engine) as person:
        await person.ask("A long story")
        engine.say(TextDelta("Once"))
        await person.sees("Once")
        await person.press("escape")
        await person.answered()
        await person.sees("! Stopped.")
        assert person.chat.prompt.text == "A long story"


@scene
async def test_an_answer_cut_off_says_so() -> None:
    """You should see that an answer reached its limit of tokens."""
    engine = PromptedEngine()
    async with chat(engine) as person:
        await person.ask("Everything, please")
        engine.answer("First of", FinishReason.LENGTH)
        await person.sees("First of", "! The answer was cut off")


@scene
async def test_an_answer_as_long_as_one_may_be_says_how_it_goes_on() -> None:
    """You should see how long an answer may be here, and what asks for the rest of it."""
    engine = PromptedEngine()
    async with chat(engine) as person:
        await person.ask("Everything, please")
        engine.say(Counted(4, 4096, longest=8), TextDelta("First of"))
        engine.say(Done(FinishReason.LENGTH, Usage(4, 8)))
        await person.sees("an answer has at most 8 tokens here.", "/continue asks")


@scene
async def test_reasoning_is_folded() -> None:
    """You should see reasoning while it comes, one line of it when the answer begins, all with Ctrl+T."""
    engine = PromptedEngine()
    async with chat(engine) as person:
        await person.ask("Think")
        engine.say(ReasoningDelta("Let me consider the first point."))
        await person.sees("· Let me consider the first point.")
        engine.answer("Done thinking.")
        await person.answered()
        await person.sees("· thought in 6 words", "Done thinking.")
        assert "consider" not in person.screen
        await person.press("ctrl+t")
        await person.sees("· Let me consider the first point.", "Done thinking.")
        await person.press("ctrl+t")
        await person.sees("· thought in 6 words")


@scene
async def test_no_token_is_lost() -> None:
    """You should see every word of an answer that comes as fast as it can."""
    words = [f"word{number}" for number in range(3000)]
    async with chat(EchoEngine(answer=lambda _: " ".join(words)), size=(80, 24)) as person:
        await person.ask("Go")
        await person.answered()
        entries = person.chat.transcript._layout.entries
        pieces = [piece for entry in entries for piece in entry.pieces]
        shown = " ".join(piece.text for piece in pieces).split()
        assert shown == words
        await person.sees("word2999")


@scene
async def test_what_there_is_to_tell_of_an_answer_is_told() -> None:
    """You should see the engine's note for a moment, and the answer all the same."""
    engine = PromptedEngine()
    async with chat(engine) as person:
        await person.ask("Hello")
        engine.say(Note("small-model always thinks."))
        await person.sees("small-model always thinks.")
        engine.answer("Well met.")
        await person.sees("Well met.")


@scene
async def test_looking_while_an_answer_comes(home: Path) -> None:
    """You should be able to open the palette, the models, the keys and the conversations meanwhile;
    what needs a chat at rest is refused, with the key that stops the answer."""
    engine = PromptedEngine()
    async with chat(engine, config=Config(keys={"chat.stop": "f12"})) as person:
        await person.ask("Why?")
        engine.say(TextDelta("Be"))
        await person.sees("Be")
        for opened, seen in (
            (["f2"], "hint models pull starter"),
            ([*"/model", "enter"], "hint models pull starter"),
            ([*"/keys", "enter"], "Everywhere"),
            ([*"/list", "enter"], "There are no conversations."),
            (["ctrl+p"], "What do you want to do?"),
        ):
            await person.press(*opened)
            await person.until(lambda: not isinstance(person.app.screen, ChatScreen))
            await person.sees(seen)
            await person.press("escape")
            await person.until(lambda: isinstance(person.app.screen, ChatScreen))
            assert person.chat.prompt.text == ""
        person.chat.command("/model other")
        await person.sees("F12 stops the answer first.")
        engine.answer("cause")
        await person.answered()
        await person.sees("Because")

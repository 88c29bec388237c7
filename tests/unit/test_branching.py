"""Conversations with branches: asked, kept, opened again, taken in from journals, shown."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Sequence
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from hinterland import images
from hinterland.conversation import Conversation
from hinterland.engine.echo import EchoEngine
from hinterland.engine.events import encode
from hinterland.engine.journal import Header, JournalWriter
from hinterland.engine.protocol import (
    Done,
    Event,
    Failed,
    FinishReason,
    Message,
    Request,
    Sampling,
    TextDelta,
    Usage,
)
from hinterland.errors import InputError
from hinterland.history import History
from hinterland.history.export import as_json, as_markdown, as_text, from_json
from hinterland.paths import Paths
from hinterland.turns import Turn
from hinterland.window import OutgrownError
from tests.answers import collect, last, said
from tests.history_samples import a_turn, strict

LONG = "one two three four five six seven eight"


class Failing(EchoEngine):
    """An echo engine that fails on demand."""

    failing = False

    async def stream(self, request: Request) -> AsyncIterator[Event]:
        if self.failing:
            yield Failed("EngineError", "It broke.")
            return
        async for event in super().stream(request):
            yield event


def talk(history: History | None, engine: EchoEngine | None = None, *prompts: str) -> Conversation:
    conversation = Conversation(engine or EchoEngine(), history, model="echo")
    for prompt in prompts:
        asyncio.run(collect(conversation.ask(prompt)))
    return conversation


def do(events: AsyncIterator[Event]) -> list[Event]:
    return asyncio.run(collect(events))


def prompts(turns: list[Turn]) -> list[str]:
    return [turn.prompt for turn in turns]


def opened(paths: Paths, conversation: Conversation) -> Conversation:
    """Return the conversation as another process finds it."""
    record, running = strict(paths).resume(conversation.id)
    return Conversation(EchoEngine(), strict(paths), record=record, running=running)


def asked(conversation: Conversation) -> Sequence[Message]:
    """Return the messages that were sent last."""
    engine = conversation._engine
    assert isinstance(engine, EchoEngine)
    return engine.requests[-1].messages


def sent(conversation: Conversation) -> list[str]:
    return [message.content for message in asked(conversation)]


def test_branches_are_kept_and_switched_between(paths: Paths) -> None:
    history = strict(paths)
    conversation = talk(history, None, "a", "b", "c")
    first = conversation.turns[1]
    assert said(do(conversation.retry())) == "c"
    assert sent(conversation) == ["a", "a", "b", "b", "c"]
    assert len(conversation.siblings(conversation.turns[-1])) == 2
    assert said(do(conversation.edit(first.id, "B"))) == "B"
    assert sent(conversation) == ["a", "a", "B"]
    do(conversation.ask("d"))
    assert prompts(conversation.turns) == ["a", "B", "d"]
    again = opened(paths, conversation)
    assert prompts(again.turns) == ["a", "B", "d"]
    asyncio.run(again.switch(first.id))
    assert prompts(again.turns) == ["a", "b", "c"]
    assert again.turns[2].id == conversation.tree.branches()[1].id, "the newer answer to c"
    assert opened(paths, conversation).turns == again.turns, "the choice is kept"
    do(again.ask("e"))
    third = opened(paths, conversation)
    assert prompts(third.turns) == ["a", "b", "c", "e"]
    assert [prompts(third.tree.line(tip.id)) for tip in third.tree.branches()] == [
        ["a", "b", "c"],
        ["a", "b", "c", "e"],
        ["a", "B", "d"],
    ]
    assert history.list()[0].turns == 4
    with pytest.raises(InputError):
        asyncio.run(third.switch("nothing"))
    with pytest.raises(InputError):
        do(third.edit(conversation.turns[1].id, "on the other branch"))


def test_the_first_prompt_can_be_changed(paths: Paths) -> None:
    conversation = talk(strict(paths), None, "a", "b")
    do(conversation.edit(conversation.turns[0].id, "A"))
    assert prompts(opened(paths, conversation).turns) == ["A"]
    assert opened(paths, conversation).turns[0].parent == ""


def test_what_fails_leaves_the_branch_as_it_was(paths: Paths) -> None:
    engine = Failing()
    conversation = talk(strict(paths), engine, "a", "b")
    before = list(conversation.turns)
    engine.failing = True
    assert isinstance(last(do(conversation.retry())), Failed)
    assert isinstance(last(do(conversation.edit(before[0].id, "A"))), Failed)
    assert conversation.turns == before == opened(paths, conversation).turns
    small = talk(None, EchoEngine(context=60), "x " * 10, "y")
    before = list(small.turns)
    with pytest.raises(OutgrownError):
        do(small.edit(before[1].id, "z " * 40))
    assert small.turns == before
    with pytest.raises(InputError):
        do(talk(None).retry())


def test_what_is_not_sent_any_more_stays_away_on_a_new_branch(paths: Paths) -> None:
    conversation = talk(strict(paths), None, "a", "b", "c")
    asyncio.run(conversation.drop(conversation.sent[:1]))
    do(conversation.retry())
    assert sent(conversation) == ["b", "b", "c"]
    again = opened(paths, conversation)
    assert prompts(again.sent) == ["b", "c"]
    assert len(again.tree.branches()) == 2
    do(again.edit(again.turns[0].id, "A"))
    assert sent(again) == ["A"]


def test_images_stay_with_a_changed_prompt(paths: Paths, tmp_path: Path) -> None:
    drawn = BytesIO()
    Image.new("RGB", (8, 8), "red").save(drawn, "PNG")
    (tmp_path / "red.png").write_bytes(drawn.getvalue())
    engine = Failing()
    conversation = Conversation(engine, strict(paths), model="echo")
    picture = images.load(tmp_path / "red.png")
    do(conversation.ask("What is this?", images=[picture]))
    again = opened(paths, conversation)
    do(again.edit(again.turns[0].id, "What colour?"))
    assert asked(again)[-1].images == (picture.url,)
    assert opened(paths, conversation).turns[0].images == conversation.turns[0].images
    engine.failing = True
    do(conversation.retry())
    assert strict(paths).image(conversation.id, conversation.turns[0].images[0])


def test_an_image_that_another_window_sent_stays(paths: Paths, tmp_path: Path) -> None:
    Image.new("RGB", (8, 8), "red").save(tmp_path / "red.png")
    picture = images.load(tmp_path / "red.png")
    engine = Failing()
    conversation = talk(strict(paths), engine, "a")
    elsewhere = opened(paths, conversation)
    do(elsewhere.ask("What is this?", images=[picture]))
    engine.failing = True
    do(conversation.ask("What is this?", images=[picture]))
    assert strict(paths).image(conversation.id, elsewhere.turns[-1].images[0])


def test_what_is_asked_while_a_branch_is_gone_to_follows_it(paths: Paths) -> None:
    """The disk takes its time; nothing that was said is lost, and the last choice counts."""
    may_show = threading.Event()

    class SlowHistory(History):
        def show(self, conversation_id: str, turn_id: str) -> None:
            assert may_show.wait(20)
            super().show(conversation_id, turn_id)

    conversation = talk(SlowHistory(paths), None, "a", "b")
    first = conversation.turns[-1]
    do(conversation.edit(first.id, "B"))

    async def ask_meanwhile() -> None:
        going = asyncio.create_task(conversation.switch(first.id))
        await asyncio.sleep(0)
        asked = asyncio.create_task(collect(conversation.ask("c")))
        while conversation.running is None:
            await asyncio.sleep(0)
        with pytest.raises(InputError):
            await conversation.switch(first.id)
        may_show.set()
        await going
        await asked

    asyncio.run(ask_meanwhile())
    assert prompts(conversation.turns) == ["a", "b", "c"]
    assert opened(paths, conversation).turns == conversation.turns


def test_a_journal_of_the_rest_of_an_answer_is_refused_by_who_would_take_it_for_the_whole(
    paths: Paths,
) -> None:
    conversation = talk(strict(paths), None, "a")
    whole, rest = a_turn("b", ""), a_turn("c", "The beginning")
    versions = {}
    for turn in (whole, rest):
        writer = journal(paths, conversation, turn, delta("x"))
        writer.close()
        versions[turn.prompt] = json.loads(writer.path.read_bytes().partition(b"\n")[0])["version"]
    assert versions == {"b": 1, "c": 2}
    answers = {
        turn.prompt: turn.answer for turn in strict(paths).conversation(conversation.id).turns
    }
    assert answers["c"] == "The beginningx"


def journal(paths: Paths, conversation: Conversation, turn: Turn, *events: bytes) -> JournalWriter:
    paths.journal.mkdir(parents=True, exist_ok=True)
    writer = JournalWriter(
        paths.journal,
        Header(
            conversation_id=conversation.id,
            turn_id=turn.id,
            created=turn.created,
            prompt=turn.prompt,
            parent=turn.parent,
            answer=turn.answer,
        ),
    )
    for event in events:
        writer.write(event)
    return writer


def delta(text: str) -> bytes:
    return b'data: {"choices": [{"delta": {"content": "%s"}}]}\n\n' % text.encode()


def test_an_answer_whose_terminal_was_lost_lands_on_its_branch(paths: Paths) -> None:
    conversation = talk(strict(paths), None, "a", "b", "c")
    lost = a_turn("b, other", "", created=2e9, parent=conversation.turns[0].id)
    writer = journal(paths, conversation, lost, delta("half"))
    running = opened(paths, conversation)
    assert running.running is not None
    assert prompts(running.turns) == ["a"], "it is shown where it was asked"
    writer.write(encode(Done(FinishReason.STOP, Usage(1, 1))))
    writer.close()
    again = opened(paths, conversation)
    assert prompts(again.turns) == ["a", "b, other"]
    assert again.turns[-1].answer == "half"
    asyncio.run(again.switch(conversation.turns[1].id))
    assert prompts(opened(paths, conversation).turns) == ["a", "b", "c"]


@pytest.mark.parametrize("reason", [FinishReason.LENGTH, FinishReason.CANCELLED])
def test_a_cut_answer_goes_on_as_one(paths: Paths, reason: FinishReason) -> None:
    conversation = talk(strict(paths), None, "a")
    conversation.sampling = Sampling(max_tokens=3)
    do(conversation.ask(LONG))
    conversation.turns[-1].finish_reason = reason
    conversation.sampling = Sampling()
    events = do(conversation.continue_())
    assert said(events) == "four five six seven eight"
    assert sent(conversation) == ["a", "a", LONG, "one two three "]
    (_, turn) = conversation.turns
    assert (turn.answer, turn.finish_reason) == (LONG, FinishReason.STOP)
    again = opened(paths, conversation)
    assert again.turns == conversation.turns
    assert len(again.tree.branches()) == 1
    with pytest.raises(InputError, match="not cut off"):
        do(again.continue_())


def test_a_server_that_says_the_beginning_again(paths: Paths) -> None:
    class Repeating(EchoEngine):
        async def stream(self, request: Request) -> AsyncIterator[Event]:
            begun = request.messages[-1].role == "assistant"
            yield TextDelta("one two, and" if begun else "one two")
            yield TextDelta(" three" if begun else "")
            yield Done(FinishReason.STOP if begun else FinishReason.LENGTH)

    conversation = talk(strict(paths), Repeating(), "Count")
    assert said(do(conversation.continue_())) == ", and three"
    assert conversation.turns[0].answer == "one two, and three"


def test_a_rest_that_fails_changes_nothing(paths: Paths) -> None:
    engine = Failing()
    conversation = talk(strict(paths), engine)
    conversation.sampling = Sampling(max_tokens=2)
    do(conversation.ask(LONG))
    engine.failing = True
    assert isinstance(last(do(conversation.continue_())), Failed)
    assert conversation.turns[0].finish_reason is FinishReason.LENGTH
    assert opened(paths, conversation).turns == conversation.turns


@pytest.mark.parametrize("reason", [FinishReason.LENGTH, FinishReason.INTERRUPTED])
def test_a_rest_whose_terminal_was_lost(paths: Paths, reason: FinishReason) -> None:
    history = strict(paths)
    turn = a_turn("Count", "one ", finish_reason=reason, reasoning="Hm.", parent="")
    history.add_turn("c1", turn)
    conversation = Conversation(EchoEngine(), history, record=history.conversation("c1"))
    writer = journal(paths, conversation, turn, delta("one two"), delta(" three"))
    running = opened(paths, conversation)
    assert running.turns == []
    assert running.running is not None
    assert running.running.answer == "one two three", "the first was said again"
    shown = as_text(*history.whole("c1"))
    assert shown.count("one two three") == shown.count("still being written") == 1
    writer.write(encode(Done(FinishReason.STOP)))
    writer.close()
    (kept,) = opened(paths, conversation).turns
    assert (kept.answer, kept.reasoning, kept.created) == ("one two three", "Hm.", turn.created)
    assert kept.finish_reason is FinishReason.STOP


def test_search_finds_every_branch_and_exports_say_what_they_leave_out(paths: Paths) -> None:
    history = strict(paths)
    conversation = talk(history, None, "alpha", "beta")
    do(conversation.edit(conversation.turns[1].id, "gamma"))
    assert [hit.turn_id for hit in history.search("beta")] != []
    record = history.conversation(conversation.id)
    for text in (as_text(record), as_markdown(record)):
        assert "gamma" in text
        assert "beta" not in text
        assert "1 other branch" in text
        assert "‹2/2›" in text
    export = from_json(as_json(record))
    assert (export.version, export.turns) == (2, record.turns)
    assert export.current == conversation.turns[-1].id
    one_line = talk(history, None, "alone")
    assert from_json(as_json(history.conversation(one_line.id))).version == 1


def test_renaming_keeps_the_branch(paths: Paths) -> None:
    history = strict(paths)
    conversation = talk(history, None, "a")
    do(conversation.retry())
    asyncio.run(conversation.switch(conversation.tree.branches()[0].id))
    history.rename(conversation.id, "Another title")
    assert opened(paths, conversation).turns == conversation.turns

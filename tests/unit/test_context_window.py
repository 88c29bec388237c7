"""A conversation that outgrows its window: what is told, what a summary and a drop change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from hinterland import context_commands
from hinterland.chat_branches import Asking
from hinterland.conversation import Conversation
from hinterland.documents import Document
from hinterland.engine.echo import EchoEngine, prompt_tokens
from hinterland.engine.protocol import (
    Counted,
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
from hinterland.errors import StorageError
from hinterland.history import History, Record
from hinterland.history.export import as_json, as_markdown, as_text, from_json
from hinterland.hookspecs import ChatTool
from hinterland.images import Picture
from hinterland.paths import Paths
from hinterland.turns import Turn, messages, sendable, stood_for
from hinterland.window import Fill, OutgrownError, Overflow, named
from tests.answers import collect, last, said

CONTEXT = 400
PROMPTS = [f"question {number} " + "word " * 28 for number in range(5)]  # 30 tokens, said twice
SUMMARY = "They asked many questions about words."


def answer(request: Request) -> str:
    """Echo a prompt; a question for a summary gets one that says what was read."""
    question = request.messages[-1].content
    if "Summarise" not in question:
        return question
    return f"{SUMMARY} [{sum(m.content.startswith('question') for m in request.messages)}]"


class Engine(EchoEngine):
    """An echo engine with a small window that notes when a prompt is over it."""

    def __init__(self, context: int = CONTEXT) -> None:
        super().__init__(answer=answer, context=context)
        self.context = context

    async def stream(self, request: Request) -> AsyncIterator[Event]:
        async for event in super().stream(request):
            yield event


def converse(engine: EchoEngine, history: History | None = None) -> Conversation:
    """Return a conversation of five turns that has no room for a sixth."""
    conversation = Conversation(engine, history, model="echo", system="Be kind.")

    async def talk() -> None:
        for prompt in PROMPTS:
            assert isinstance(last(await collect(conversation.ask(prompt))), Done)

    asyncio.run(talk())
    return conversation


def ask(conversation: Conversation, prompt: str) -> list[Event]:
    return asyncio.run(collect(conversation.ask(prompt)))


def outgrown(conversation: Conversation, prompt: str) -> Overflow:
    with pytest.raises(OutgrownError) as refused:
        ask(conversation, prompt)
    return refused.value.overflow


LONG = "the next question " + "word " * 57  # 60 tokens


def test_the_user_is_told_before_anything_is_sent() -> None:
    engine = Engine()
    conversation = converse(engine)
    overflow = outgrown(conversation, LONG)
    # 2 of the system prompt, 5 × 60 that was said, 60 now; an eighth of the window for the answer.
    assert (overflow.tokens, overflow.context, overflow.room) == (362, CONTEXT, 50)
    assert [turn.prompt for turn in overflow.going] == PROMPTS[: len(overflow.going)]
    kept = messages(conversation.sent[len(overflow.going) :], "Be kind.", LONG)
    assert prompt_tokens(kept) <= CONTEXT / 2
    assert overflow.staying == 5 - len(overflow.going)
    for part in ("362", "350", "400", "question 0", f"question {len(overflow.going) - 1} "):
        assert part in overflow.message
    assert overflow.raise_to == 800
    assert len(conversation.turns) == 5


@pytest.mark.parametrize("way", ["compact", "drop"])
def test_the_way_out_is_kept_and_the_turns_stay(way: str, paths: Paths) -> None:
    engine = Engine()
    conversation = converse(engine, History(paths))
    going = outgrown(conversation, LONG).going
    if way == "compact":
        events = asyncio.run(collect(conversation.compact(going)))
        assert said(events) == f"{SUMMARY} [{len(going) * 2}]"
    else:
        asyncio.run(conversation.drop(going))
    assert isinstance(last(ask(conversation, LONG)), Done)
    sent = [message.content for message in engine.requests[-1].messages]
    assert not any(turn.prompt in sent for turn in going)
    assert (SUMMARY in " ".join(sent)) == (way == "compact")

    resumed = Conversation(engine, None, record=History(paths).conversation(conversation.id))
    assert len(resumed.turns) == 7
    assert [turn.id for turn in resumed.sent] == [turn.id for turn in conversation.sent]
    again = [m.content for m in messages(resumed.turns, "Be kind.", "")][:-3]
    assert again == sent[:-1]
    record, _ = History(paths).whole(conversation.id)
    said_of_it = f"Summary of {len(going)} earlier" if way == "compact" else "are not sent any more"
    for text in (as_text(record), as_markdown(record)):
        assert said_of_it in text and "question 0" in text
        assert "Summarise everything" not in text
    assert from_json(as_json(record)).turns == record.turns
    (hit, *_) = History(paths).search("question 0")
    assert hit.turn_id == going[0].id
    assert History(paths).list()[0].turns == 6
    if way == "compact":
        assert History(paths).search("summarise everything") == []


class Listener:
    """A chat that notes what is said in it."""

    def __init__(self, talk: Conversation) -> None:
        self.talk = talk
        self.pictures: list[Picture] = []
        self.documents: list[Document] = []
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)

    def browse(self, query: str, *, everywhere: bool = False) -> bool:
        return False

    def go_to(self, conversation_id: str | None) -> None:
        raise AssertionError(conversation_id)

    def send(self, prompt: str) -> None:
        raise AssertionError(prompt)

    def request(self, asking: Asking) -> None:
        raise AssertionError("nothing is asked")

    def edit(self, turn: Turn) -> None:
        raise AssertionError("nothing is changed")

    def branch_switched(self, sentence: str) -> None:
        raise AssertionError("there is one branch")

    async def show(self, heading: str, events: AsyncIterator[Event]) -> Done | Failed:
        self.said.append(heading)
        end = last(await collect(events))
        assert isinstance(end, Done | Failed)
        return end

    def switched(self, model: str, where: str) -> None:
        raise NotImplementedError

    async def tools(self) -> dict[str, ChatTool]:
        raise NotImplementedError

    terminal = None

    def wear(self, theme: str) -> None:
        raise NotImplementedError


@pytest.mark.parametrize("way", [context_commands.compact, context_commands.drop])
def test_turns_are_counted_alike_wherever_a_summary_is_among_them(way: Any) -> None:
    chat = Listener(converse(Engine()))
    asyncio.run(context_commands.compact(chat, chat.talk.sent[:3]))
    going = chat.talk.sent[:2]
    assert named(going) == f"the summary and the next turn (“{PROMPTS[3][:31]}…”)"
    asyncio.run(way(chat, going))
    shown = as_text(Record("c", "T", 1.0, 1.0, chat.talk.turns))
    assert [line for line in chat.said if "4 earlier turns" in line] == [chat.said[-1]]
    assert "4 earlier turns" in shown


def test_a_summary_is_summarised_in_its_turn() -> None:
    conversation = converse(Engine())
    asyncio.run(collect(conversation.compact(conversation.sent[:4])))
    assert [turn.answer.startswith(SUMMARY) for turn in conversation.sent] == [True, False]
    asyncio.run(collect(conversation.compact(conversation.sent[:2])))
    (summary,) = conversation.sent
    assert stood_for(conversation.turns)[summary.id] == 5
    roles = [message.role for message in messages(conversation.turns, "Be kind.", "And now?")]
    assert roles == ["system", "user", "assistant", "user"]


def test_turns_that_do_not_fit_at_once_are_read_in_parts() -> None:
    """A window that was made smaller, with a turn that does not fit it even alone."""
    big = Engine(4000)
    conversation = converse(big)
    ask(conversation, "the longest question " + "word " * 600)
    small = Engine(300)
    conversation._engine = small
    events = asyncio.run(collect(conversation.compact(conversation.sent)))
    assert isinstance(last(events), Done)
    read = " ".join(message.content for r in small.requests for message in r.messages)
    assert all(f"question {number} " in read for number in range(5))
    assert read.count("word") >= 5 * 2 * 28 + 2 * 600  # every word of it, and nothing twice sent
    assert len(small.requests) > 4
    assert said(events).count(SUMMARY) == 1  # only the last step is the summary
    (summary,) = conversation.sent
    assert summary.answer == said(events)


class Stubborn(Engine):
    """Gives no good summary."""

    def __init__(self, end: Event, text: str) -> None:
        super().__init__()
        self._end, self._text = end, text

    async def stream(self, request: Request) -> AsyncIterator[Event]:
        if "Summarise" not in request.messages[-1].content:
            async for event in super().stream(request):
                yield event
            return
        yield TextDelta(self._text)
        yield self._end


@pytest.mark.parametrize(
    ("end", "text"),
    [
        (Failed("EngineError", "The worker crashed."), "half a"),
        (Done(FinishReason.CANCELLED), "half a"),
        (Done(FinishReason.STOP), " \n"),
    ],
    ids=["failed", "cancelled", "empty"],
)
def test_no_summary_changes_nothing(end: Event, text: str, paths: Paths) -> None:
    conversation = converse(Stubborn(end, text), History(paths))
    before = list(conversation.sent)
    events = asyncio.run(collect(conversation.compact(before[:3])))
    assert last(events) == end or isinstance(last(events), Failed)
    assert conversation.sent == before
    assert len(History(paths).conversation(conversation.id).turns) == 5
    assert conversation.running is None


def test_a_summary_that_cannot_be_kept_changes_nothing(tmp_path: Path) -> None:
    class Full(History):
        def add_turn(self, conversation_id: str, turn: Turn, *, current: bool = True) -> None:
            raise StorageError("The disk is full.")

    conversation = converse(Engine())
    conversation._keeping.history = Full(Paths(tmp_path, tmp_path, tmp_path, tmp_path))
    with pytest.raises(StorageError):
        asyncio.run(collect(conversation.compact(conversation.sent[:3])))
    with pytest.raises(StorageError):
        asyncio.run(conversation.drop(conversation.sent[:3]))
    assert len(conversation.sent) == 5


def test_a_prompt_too_long_by_itself_names_no_turn() -> None:
    overflow = outgrown(converse(Engine()), "word " * 500)
    assert overflow.going == ()
    assert "alone" in overflow.message
    assert overflow.raise_to == 1600


def test_without_earlier_turns_the_refusal_is_as_it_was() -> None:
    conversation = Conversation(Engine(), None, model="echo")
    failed = last(ask(conversation, "word " * 500))
    assert isinstance(failed, Failed)
    assert (failed.kind, "500" in failed.message) == ("ContextError", True)


def test_an_engine_that_cannot_count_leaves_the_choice_all_the_same() -> None:
    class Blind(Engine):
        async def count(self, request: Request) -> AsyncIterator[Event]:
            yield Counted(None, None)
            yield Done(FinishReason.STOP)

    conversation = converse(Blind())
    overflow = outgrown(conversation, LONG)
    assert 0 < len(overflow.going) < 5
    assert (overflow.tokens, overflow.raise_to) == (None, None)
    assert isinstance(last(asyncio.run(collect(conversation.compact(overflow.going)))), Done)


def test_the_largest_window_bounds_what_is_offered() -> None:
    def offered(largest: int | None) -> int | None:
        return Overflow(4300, 4096, 256, largest, (), 0).raise_to

    assert [offered(n) for n in (None, 100_000, 5000, 4500, 4096)] == [8192, 8192, 5000, None, None]


def test_a_summary_is_read_where_its_turns_were() -> None:
    def turn(name: str, *replaces: str, answer: str = "a") -> Turn:
        return Turn(id=name, created=1, prompt=name, answer=answer, replaces=replaces)

    turns = [turn("1"), turn("2"), turn("3"), turn("s", "1", "2"), turn("4")]
    assert [each.id for each in sendable(turns)] == ["s", "3", "4"]
    turns += [turn("d", "s", answer=""), turn("5", answer="")]
    assert [each.id for each in sendable(turns)] == ["3", "4"]
    assert stood_for(turns) == {"s": 2, "d": 2}
    assert messages(turns, None, "?")[0] == Message("user", "3")
    assert Record("c", "", 1, 1, turns).turns == turns


def test_an_answer_that_the_window_cut_is_told_from_one_that_a_limit_cut() -> None:
    fill = Fill(30, 512)
    assert fill.ended(Done(FinishReason.LENGTH, Usage(30, 482)))
    assert not fill.ended(Done(FinishReason.LENGTH, Usage(30, 100)))
    assert not fill.ended(Done(FinishReason.STOP, Usage(30, 482)))


@pytest.mark.parametrize(
    ("counted", "wished", "end", "cut_at"),
    [
        (Counted(30, 512, longest=100), None, Done(FinishReason.LENGTH, Usage(30, 100)), 100),
        (Counted(30, 512, longest=100), 200, Done(FinishReason.LENGTH, Usage(30, 100)), 100),
        (Counted(None, None, longest=100), None, Done(FinishReason.LENGTH), 100),  # tells no usage
        (Counted(30, 512, longest=100), 50, Done(FinishReason.LENGTH, Usage(30, 50)), 0),
        (Counted(412, 512, longest=100), None, Done(FinishReason.LENGTH, Usage(412, 100)), 0),
        (Counted(30, 512, longest=100), None, Done(FinishReason.LENGTH, Usage(30, 60)), 0),
        (Counted(30, 512, longest=100), None, Done(FinishReason.STOP, Usage(30, 100)), 0),
        (Counted(30, 512), None, Done(FinishReason.LENGTH, Usage(30, 100)), 0),
    ],
)
def test_an_answer_that_reached_the_longest_is_told_from_others_that_were_cut(
    counted: Counted, wished: int | None, end: Done, cut_at: int
) -> None:
    turn = Turn(id="1", created=1, prompt="?", sampling=Sampling(max_tokens=wished))
    turn.receive(counted)
    turn.receive(end)
    assert turn.cut_at == cut_at


def test_the_longest_answer_is_all_the_room_that_turns_have_to_go_for() -> None:
    class Short(Engine):
        async def count(self, request: Request) -> AsyncIterator[Event]:
            async for event in super().count(request):
                yield replace(event, longest=20) if isinstance(event, Counted) else event

    assert outgrown(converse(Short()), LONG).room == 20

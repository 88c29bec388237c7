"""Reasoning is told from the answer, wherever the text is cut."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hinterland.engine.events import EventParser
from hinterland.engine.protocol import Event, Message, ReasoningDelta, TextDelta
from hinterland.engine.reasoning import ReasoningSplitter
from hinterland.turns import Turn, messages

END = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'


def split(pieces: list[str]) -> tuple[str, str]:
    """Return the reasoning and the answer in text that came in pieces."""
    splitter = ReasoningSplitter()
    return parts(
        [*(event for piece in pieces for event in splitter.feed(piece)), *splitter.close()]
    )


def parts(events: list[Event] | list[ReasoningDelta | TextDelta]) -> tuple[str, str]:
    reasoning = "".join(event.text for event in events if isinstance(event, ReasoningDelta))
    return reasoning, "".join(event.text for event in events if isinstance(event, TextDelta))


@pytest.mark.parametrize(
    ("text", "reasoning", "answer"),
    [
        ("<think>a<b</think>\n\nc", "a<b", "c"),
        ("\n <think>\na\n</think>c</think>", "\na\n", "c</think>"),
        ("<think></think>c", "", "c"),
        ("<think>a", "a", ""),
        ("<think>a</thi", "a</thi", ""),
        ("a <think>b</think>", "", "a <think>b</think>"),
        ("</think>a", "", "</think>a"),
        ("<thin", "", "<thin"),
        ("<b>a</b>", "", "<b>a</b>"),
        ("\n\na\n", "", "\n\na\n"),
        ("", "", ""),
    ],
)
def test_what_begins_with_the_tag_is_reasoning_at_every_cut(
    text: str, reasoning: str, answer: str
) -> None:
    for first in range(len(text) + 1):
        for second in range(first, len(text) + 1):
            assert split([text[:first], text[first:second], text[second:]]) == (reasoning, answer)


@given(st.lists(st.sampled_from(["<think>", "</think>", "<", "/", "th", "\n", " ", "水", "a"])))
def test_no_cut_changes_what_is_read(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert split(pieces) == split([text]) == split(list(text))


@given(st.text().filter(lambda text: not text.lstrip().startswith("<think>")))
def test_text_without_reasoning_stays_as_it_is(text: str) -> None:
    assert split(list(text)) == ("", text)


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_what_the_server_told_apart_is_not_looked_at_again(field: str) -> None:
    deltas: list[dict[str, str]] = [
        {field: "why"},
        {field: " <think>"},
        {"content": "\n\n"},
        {"content": "<think> is a tag"},
    ]
    stream = b"".join(
        b"data: " + json.dumps({"choices": [{"delta": delta}]}).encode() + b"\n\n"
        for delta in deltas
    )
    assert parts(list(EventParser().feed(stream + END))) == ("why <think>", "<think> is a tag")


def test_what_was_held_back_of_an_answer_that_broke_off_is_not_lost() -> None:
    parser = EventParser()
    events = list(parser.feed(b'data: {"choices":[{"delta":{"content":"<thi"}}]}\n\n'))
    assert events == []
    assert list(parser.close()) == [TextDelta("<thi")]


def test_reasoning_is_never_sent_again() -> None:
    turn = Turn(id="1", created=0.0, prompt="Why?")
    for event in (ReasoningDelta("Hm, why."), TextDelta("So.")):
        turn.receive(event)
    unanswered = Turn(id="2", created=0.0, prompt="And?", reasoning="Let me see")
    assert messages([turn, unanswered], None, "Then?") == (
        Message("user", "Why?"),
        Message("assistant", "So."),
        Message("user", "Then?"),
    )

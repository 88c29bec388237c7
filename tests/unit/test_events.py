"""Server-sent events become protocol events, wherever the network cuts them."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from hinterland.engine.events import LONGEST_LINE, EventParser, encode
from hinterland.engine.protocol import (
    Done,
    Event,
    Failed,
    FinishReason,
    Loading,
    PromptProgress,
    Queued,
    ReasoningDelta,
    TextDelta,
    Usage,
)


def chunk(**delta: object) -> bytes:
    body = {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    return b"data: " + json.dumps(body, ensure_ascii=False).encode() + b"\n\n"


END = (
    b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
    b'data: {"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2},'
    b'"timings":{"prompt_ms":1.5}}\n\ndata: [DONE]\n\n'
)


def parse(*pieces: bytes) -> list[Event]:
    parser = EventParser()
    return [event for piece in pieces for event in parser.feed(piece)]


@given(st.lists(st.text(min_size=1), min_size=1, max_size=6), st.data())
def test_text_survives_any_cut(texts: list[str], data: st.DataObject) -> None:
    whole = b"".join(chunk(content=text) for text in texts) + END
    cuts = data.draw(st.lists(st.integers(0, len(whole)), max_size=20).map(sorted))
    pieces = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    events = parse(*pieces)
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == "".join(texts)
    assert isinstance(events[-1], Done)


def test_every_byte_on_its_own() -> None:
    whole = chunk(content="你好 👩‍👩‍👧 مرحبا") + END
    events = parse(*(whole[n : n + 1] for n in range(len(whole))))
    assert events[0] == TextDelta("你好 👩‍👩‍👧 مرحبا")


def test_the_first_chunk_of_llama_cpp_has_no_content() -> None:
    first = chunk(role="assistant", content=None)
    assert parse(first, chunk(content="Hi"), END)[0] == TextDelta("Hi")


def test_counts_and_reason_come_with_done() -> None:
    done = parse(chunk(content="Hi"), END)[-1]
    assert isinstance(done, Done)
    assert done.finish_reason is FinishReason.STOP
    assert done.usage == Usage(5, 2)
    assert done.timings.prompt_ms == 1.5


def test_reasoning_is_not_the_answer() -> None:
    assert parse(chunk(reasoning_content="hm"))[0] == ReasoningDelta("hm")


def test_progress_and_our_own_events_come_through() -> None:
    progress = b'data: {"choices":[],"prompt_progress":{"total":9,"cache":0,"processed":3}}\n\n'
    own: list[Loading | Queued | Failed | Done] = [
        Loading("m", 0.5),
        Queued(2),
        Failed("ModelError", "gone", "fetch it"),
    ]
    assert parse(encode(own[0]), encode(own[1]), progress, encode(own[2])) == [
        *own[:2],
        PromptProgress(3, 9),
        own[2],
    ]


def test_what_follows_the_end_is_ignored() -> None:
    assert len(parse(encode(Done(FinishReason.CANCELLED)), chunk(content="more"))) == 1


def test_an_error_in_the_stream_ends_it() -> None:
    events = parse(chunk(content="Hi"), b'data: {"error":{"message":"out of memory"}}\n\n')
    assert isinstance(events[-1], Failed)
    assert "out of memory" in events[-1].message


def test_an_end_without_a_reason_is_a_failure() -> None:
    assert isinstance(parse(chunk(content="Hi"), b"data: [DONE]\n\n")[-1], Failed)


@given(st.binary())
def test_garbage_never_raises(garbage: bytes) -> None:
    parse(b"data: " + garbage + b"\n\n", b"event: hint.done\ndata: " + garbage + b"\n\n")


def test_an_endless_line_is_refused() -> None:
    parser = EventParser()
    events: list[Event] = []
    for _ in range(LONGEST_LINE // (1 << 20) + 2):
        events += parser.feed(b"data: " + b"x" * (1 << 20))
    assert isinstance(events[0], Failed)
    assert parser.ended

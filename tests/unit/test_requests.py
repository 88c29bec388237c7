"""A request and the body it becomes say the same."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hinterland.engine import requests
from hinterland.engine.protocol import Message, Priority, Request, Sampling
from hinterland.errors import InputError

messages = st.lists(
    st.builds(Message, st.sampled_from(["system", "user", "assistant"]), st.text()), min_size=1
).map(tuple)
samplings = st.builds(
    Sampling,
    st.none() | st.integers(1, 9999),
    st.none() | st.floats(0, 2),
    st.none() | st.floats(0, 1),
    st.none() | st.integers(0, 100),
    st.none() | st.integers(0, 2**32 - 2),
    st.lists(st.text(min_size=1), max_size=3).map(tuple),
)


@given(messages, samplings, st.sampled_from(list(Priority)))
def test_what_is_encoded_is_decoded(
    sent: tuple[Message, ...], sampling: Sampling, priority: Priority
) -> None:
    request = Request(sent, "m", sampling, None, "c", "t", priority)
    order = requests.decode(requests.encode(request))
    assert (order.messages, order.sampling, order.model) == (sent, sampling, "m")
    assert (order.hint.conversation_id, order.hint.turn_id) == ("c", "t")
    assert order.hint.priority is priority
    assert "hint" not in order.body


def test_a_schema_is_sent_as_a_response_format() -> None:
    body = json.loads(requests.encode(Request((Message("user", "x"),), schema={"type": "object"})))
    assert body["response_format"]["json_schema"]["schema"] == {"type": "object"}


def test_text_parts_of_other_clients_are_understood() -> None:
    parts = [{"type": "text", "text": "Hello "}, {"type": "text", "text": "world"}]
    body = json.dumps({"messages": [{"role": "user", "content": parts}]}).encode()
    assert requests.decode(body).messages == (Message("user", "Hello world"),)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b'{"messages": 3}', b'{"messages": [{}]}', b"\xff", b'{"messages":[1]}'],
)
def test_other_bodies_are_input_errors(body: bytes) -> None:
    with pytest.raises(InputError):
        requests.decode(body)

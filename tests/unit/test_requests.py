"""A request and the body it becomes say the same."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hinterland.engine import requests
from hinterland.engine.protocol import ImageNote, Message, Priority, Request, Sampling
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


PNG = "data:image/png;base64,iVBORw0KGgo="


def body_with(*parts: object, role: str = "user") -> bytes:
    return json.dumps({"messages": [{"role": role, "content": list(parts)}]}).encode()


def image_part(url: str) -> dict[str, object]:
    return {"type": "image_url", "image_url": {"url": url}}


def test_images_are_parts_before_the_text() -> None:
    earlier, asked = Message("user", "", (PNG, PNG)), Message("user", "Why?", (PNG,))
    note = ImageNote("cat.png", "0" * 64 + ".png")
    request = Request((earlier, asked), images=(note,))
    body = json.loads(requests.encode(request))
    assert body["messages"][1]["content"] == [image_part(PNG), {"type": "text", "text": "Why?"}]
    order = requests.decode(requests.encode(request))
    assert order.messages == (earlier, asked)
    assert order.hint.images == (note,)
    assert order.hint.encoded_anew
    assert order.body["messages"] == body["messages"]  # the worker gets all of it


@pytest.mark.parametrize(
    "part",
    [
        image_part("http://example.org/cat.png"),
        image_part("https://example.org/cat.png"),
        image_part("file:///etc/passwd"),
        image_part("aGVsbG8="),
        image_part("data:video/mp4;base64,aGVsbG8="),
        {"type": "image_url", "image_url": "x"},
        {"type": "input_audio", "input_audio": {"data": "", "format": "wav"}},
        {"type": "file", "file": {}},
        {"text": "no type"},
        "text",
    ],
)
def test_parts_that_no_engine_here_should_meet_are_refused(part: object) -> None:
    with pytest.raises(InputError):
        requests.decode(body_with({"type": "text", "text": "x"}, part))


def test_images_are_a_users_and_not_without_number() -> None:
    with pytest.raises(InputError, match="Only a user"):
        requests.decode(body_with(image_part(PNG), role="assistant"))
    most = requests.decode(body_with(*[image_part(PNG)] * 64))
    assert len(most.messages[0].images) == 64
    with pytest.raises(InputError, match="more than 64 images"):
        requests.decode(body_with(*[image_part(PNG)] * 65))


@pytest.mark.parametrize("name", ["../x.png", "0.png", "0" * 64 + ".svg", "0" * 64 + ".png\n"])
def test_a_note_cannot_name_another_file(name: str) -> None:
    whole = json.loads(body_with({"type": "text", "text": "x"}))
    whole["hint"] = {"images": [{"name": "x", "file": name}]}
    with pytest.raises(InputError):
        requests.decode(json.dumps(whole).encode())

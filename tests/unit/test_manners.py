"""What a stranger may not ask of a shared box: each of these stopped a real worker for everybody."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hinterland.engine import requests
from hinterland.engine.service.manners import check_length, mannerly
from hinterland.errors import ContextError, InputError

A_NAME: dict[str, Any] = {"$ref": "#/$defs/name"}
THIRTY: dict[str, Any] = {"properties": {f"p{n}": {} for n in range(30)}}
HI = [{"role": "user", "content": "Hi"}]


def ask(schema: Any) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
    body = {"messages": [{"role": "user", "content": "Hi"}], "response_format": form}
    mannerly(requests.decode(json.dumps(body).encode()))


@pytest.mark.parametrize(
    "schema",
    [
        {"allOf": [A_NAME], "$defs": {"name": A_NAME}},  # the worker's stack
        {"allOf": [{"$ref": "#/properties/a"}], "properties": {"a": {"$ref": "#/properties/a"}}},
        {"allOf": [A_NAME], "$defs": {"name": A_NAME}, "items": {"$defs": {"name": {}}}},
        {"allOf": [{"$ref": None}]},
        {"type": "string", "pattern": "^((a?){0,300}){0,300}$"},  # it never ends
        {"type": "object", "properties": {f"p{n}": {} for n in range(800)}},  # 12 seconds
        {"anyOf": [{"properties": {f"p{n}": {} for n in range(150)}} for _ in range(2)]},
        {"allOf": [{"anyOf": [A_NAME] * 40}], "$defs": {"name": THIRTY}},  # 10 seconds
        THIRTY | {"type": ["object"] * 20},  # 10 seconds
        {"enum": [f"option {n}" for n in range(1000)]},  # a second a token, for everybody
        {"type": "integer", "minimum": 2**63 - 1},  # it counts on for ever
        {"type": "integer", "exclusiveMaximum": 1 - 2**63},
        {"type": "array", "minItems": 10, "maxItems": 5},  # 12 GB in a minute
        {"type": "string", "minLength": 10, "maxLength": 5},
    ],
)
def test_a_schema_that_stops_the_worker_is_refused(schema: Any) -> None:
    with pytest.raises(InputError):
        ask(schema)


@pytest.mark.parametrize(
    "body",
    [
        {"reasoning_effort": "high " * 100_000},
        {"reasoning_effort": ["high"]},
        {"stream_options": {"include_usage": "yes " * 1000}},
        {"stream_options": {"stop": "yes " * 1000}},
        {"stream_options": {"messages": [[{"a": "yes " * 1000}]]}},
        {"stream_options": {"stream_options": {"include_usage": True}}},
        {"stream_options": {"reasoning_effort": "high"}},
        {"stream_options": [True]},
        {"seed": 1, "min_p": [0.1]},
        {"messages": [{"role": "user", "content": "Hi", "reasoning_content": "long " * 100_000}]},
        {"messages": [{"role": "assistant", "content": "Hi", "tool_calls": [{"id": "a"}]}]},
    ],
)
def test_what_a_template_may_write_is_of_a_known_length(body: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="does not take"):
        mannerly(requests.decode(json.dumps({"messages": HI} | body).encode()))


def test_only_what_is_counted_goes_to_the_worker() -> None:
    parts = [{"type": "text", "text": "Hi", "more": "long " * 1000}]
    sent = [
        {"role": "user", "content": parts, "name": "ama", "tool_calls": None},
        {"role": "assistant", "content": "Hello", "tool_calls": []},
    ]
    body = {"messages": sent, "reasoning_effort": "high", "stream_options": {"include_usage": True}}
    order = mannerly(requests.decode(json.dumps(body).encode()))
    assert order.body["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
        {"role": "assistant", "content": "Hello"},
    ]
    assert order.body["reasoning_effort"] == "high"


@pytest.mark.parametrize("name", ["turn_id", "conversation_id", "prefix", "parent"])
def test_an_id_is_one_line(name: str) -> None:
    with pytest.raises(InputError):
        requests.decode(json.dumps({"messages": HI, "hint": {name: "t1\n"}}).encode())


def test_ordinary_schemas_pass() -> None:
    text = {"type": "string"}
    ask(
        {"type": "object", "properties": {"name": A_NAME, "pattern": text}, "$defs": {"name": text}}
    )
    # A tree: its references lead to something each time.
    children = {"type": "array", "items": A_NAME}
    tree = {"type": "object", "properties": {"children": children}}
    ask(A_NAME | {"$defs": {"name": tree}})
    ask(
        {
            "allOf": [A_NAME, {"properties": {"age": {"type": ["integer", "null"]}}}],
            "$defs": {"name": tree},
        }
    )
    ask({"type": "array", "items": {"enum": list(range(200))}, "minItems": 1, "maxItems": 1})
    ask({"type": "integer", "minimum": -1, "maximum": 2**63 - 1})


def test_messages_without_text_are_counted_before_they_are_tokenized() -> None:
    body = {"messages": [{"role": "user", "content": ""}] * 300}
    order = requests.decode(json.dumps(body).encode())
    check_length(order, 600)
    with pytest.raises(ContextError):
        check_length(order, 599)

"""What a stranger may not ask of a shared box: each of these stopped a real worker for everybody."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hinterland.engine import requests
from hinterland.engine.service.manners import check_length, mannerly
from hinterland.errors import ContextError, InputError

A_NAME: dict[str, Any] = {"$ref": "#/$defs/name"}


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
        {"type": "string", "pattern": "^((a?){0,300}){0,300}$"},  # it never ends
        {"type": "object", "properties": {f"p{n}": {} for n in range(800)}},  # 12 seconds
        {"anyOf": [{"properties": {f"p{n}": {} for n in range(150)}} for _ in range(2)]},
    ],
)
def test_a_schema_that_stops_the_worker_is_refused(schema: Any) -> None:
    with pytest.raises(InputError):
        ask(schema)


def test_ordinary_schemas_pass() -> None:
    text = {"type": "string"}
    ask(
        {"type": "object", "properties": {"name": A_NAME, "pattern": text}, "$defs": {"name": text}}
    )
    # A tree: its references lead to something each time.
    children = {"type": "array", "items": A_NAME}
    tree = {"type": "object", "properties": {"children": children}}
    ask(A_NAME | {"$defs": {"name": tree}})


def test_messages_without_text_are_counted_before_they_are_tokenized() -> None:
    body = {"messages": [{"role": "user", "content": ""}] * 300}
    order = requests.decode(json.dumps(body).encode())
    check_length(order, 600)
    with pytest.raises(ContextError):
        check_length(order, 599)

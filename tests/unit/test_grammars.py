"""What a schema may not ask of any worker, and forms of answers that are none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hinterland import schemas
from hinterland.engine import requests
from hinterland.engine.grammars import check_ending
from hinterland.engine.optional_parts import optional_parts
from hinterland.errors import InputError
from tests.hostile_schemas import ENDLESS, SENSIBLE

HI = [{"role": "user", "content": "Hi"}]


@pytest.mark.parametrize("schema", ENDLESS)
def test_what_the_worker_does_not_end_is_refused_before_it_is_sent(schema: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        schemas.check(schema)
    assert caught.value.hint
    form = {"type": "json_schema", "json_schema": {"schema": {"items": schema}}}
    with pytest.raises(InputError):
        check_ending(form)
    with pytest.raises(InputError):
        check_ending({"type": "json_object", "schema": schema})


@pytest.mark.parametrize("schema", SENSIBLE)
def test_what_generators_of_schemas_write_is_taken(schema: dict[str, Any]) -> None:
    schemas.check(schema)
    check_ending({"type": "json_schema", "json_schema": {"schema": schema}})


def test_references_in_a_circle_are_refused() -> None:
    one, other = {"$ref": "#/properties/b"}, {"$ref": "#/properties/a"}
    circle = {"allOf": [other], "properties": {"a": one, "b": other}}
    with pytest.raises(InputError, match="circle"):
        check_ending({"type": "json_schema", "json_schema": {"schema": circle}})


def test_a_reference_to_nothing_is_left_to_the_worker() -> None:
    far = {"$ref": "#/allOf/" + "1" * 5000}  # more digits than Python reads
    for reference in (far, {"$ref": 5}, {"$ref": "#/allOf/1"}, {"$ref": "other.json"}):
        check_ending({"type": "json_object", "schema": {"allOf": [{}], "items": reference}})


def test_a_schema_of_any_depth_is_looked_through() -> None:
    schema: dict[str, Any] = {}
    for _ in range(10_000):
        schema = {"items": schema}
    check_ending({"type": "json_object", "schema": schema})


@pytest.mark.parametrize(
    "form",
    [
        "json",
        [],
        {},
        {"schema": {"type": "integer"}},
        {"type": "bogus"},
        {"type": ["json_schema"]},
        {"type": "json_schema"},
        {"type": "json_schema", "json_schema": {}},
        {"type": "json_schema", "json_schema": 5},
        {"type": "json_schema", "json_schema": {"schema": True}},
        {"type": "json_schema", "json_schema": {"schema": "integer"}},
        {"type": "json_schema", "schema": {"type": "integer"}},
        {"type": "json_object", "schema": 5},
    ],
)
def test_a_form_without_a_schema_is_not_answered_as_if_none_were_there(form: Any) -> None:
    with pytest.raises(InputError, match="response_format"):
        requests.decode(json.dumps({"messages": HI, "response_format": form}).encode())


@pytest.mark.parametrize(
    "form",
    [
        None,
        {"type": "text"},
        {"type": "json_object"},
        {"type": "json_object", "schema": {}},
        {"type": "json_schema", "json_schema": {"name": "a", "schema": {}, "strict": True}},
    ],
)
def test_forms_of_openai_are_taken(form: Any) -> None:
    body = {"messages": HI, "response_format": form}
    assert requests.decode(json.dumps(body).encode()).body["response_format"] == form


@pytest.mark.parametrize(
    ("pattern", "count"),
    [
        ("^[A-Z]{2}[0-9]+$", 0),
        ("^[a-z?*]{0,2000}$", 1),
        (r"^\(a?\){5}[)(]*\?$", 2),
        ("^(a?){0,300}$", 300),
        ("^(?:(a?){0,300}){0,300}$", 90_000),
        ("^(a*b*c*){30}$", 90),
        ("^([a-z]+ ?){0,100}$", 1),  # each needs a letter: they cannot all be left out
        ("^(a|b?){3}$", 3),
        ("^(a|){0,100}$", 100),
        ("((((a?", 1),
        (")a?{2", 1),
    ],
)
def test_the_parts_of_a_pattern_that_may_be_left_out_are_counted(pattern: str, count: int) -> None:
    assert optional_parts(pattern) == count


def test_a_pattern_with_brackets_that_are_not_closed_is_looked_through_once() -> None:
    """Once for each of them would take hours."""
    for end in ("", "\\"):
        assert optional_parts("a?" + "[" * 1_000_000 + end) == 1

"""Schemas for answers: which are taken, which are refused with a sentence, and what follows one."""

from __future__ import annotations

import json
import socket
from functools import reduce
from pathlib import Path
from typing import Any

import pytest

from hinterland.errors import InputError
from hinterland.schemas import check_answer, load

INTEGER: dict[str, Any] = {"type": "integer"}

PERSON: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "https://example.org/person",
    "title": "Person",
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 40, "default": "Ada"},
        "age": {"type": "integer", "minimum": 0, "maximum": 150},
        "born": {"type": "string", "format": "date"},
        "code": {"type": "string", "pattern": "^[A-Z]{2}[0-9]+$"},
        "role": {"enum": ["nurse", "teacher", None]},
        "children": {"type": "array", "items": {"$ref": "#/$defs/child"}, "uniqueItems": True},
    },
    "required": ["name", "age"],
    "additionalProperties": False,
    "$defs": {
        "child": {"anyOf": [{"$ref": "#/$defs/name"}, {"type": "null"}]},
        "name": {"type": "string"},
    },
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "schema.json"


def refusal(file: Path, schema: Any) -> str:
    """Return the sentence with which a schema is refused; it comes with a hint."""
    if not isinstance(schema, bytes):
        schema = json.dumps(schema).encode()
    file.write_bytes(schema)
    with pytest.raises(InputError) as caught:
        load(file)
    assert caught.value.hint
    assert "\n" not in caught.value.message
    assert str(file) in caught.value.message
    return caught.value.message


@pytest.mark.parametrize(
    "schema",
    [
        {},
        INTEGER,
        PERSON,
        {"anyOf": [{"type": "string"}, {"type": "array", "items": INTEGER, "maxItems": 3}]},
        {"type": "object", "additionalProperties": True},
        {"type": "object", "properties": {"maximum": INTEGER, "$ref": INTEGER, "enum": INTEGER}},
        {
            "$defs": {"tree": {"type": "array", "items": {"$ref": "#/$defs/tree"}}},
            "$ref": "#/$defs/tree",
        },
        {"$schema": "http://json-schema.org/draft-07/schema#", "definitions": {"x": INTEGER}},
        {
            "$schema": "http://json-schema.org/draft-04/schema#",
            "minimum": 1,
            "exclusiveMinimum": True,
        },
        {"$schema": "https://example.org/my-own-dialect", "type": "integer"},
        {"examples": [{"$ref": 5}], "const": {"minLength": 9, "maxLength": 3}},
    ],
)
def test_a_schema_that_can_be_enforced_is_returned_as_it_is(
    file: Path, schema: dict[str, Any]
) -> None:
    file.write_bytes(b"\xef\xbb\xbf" + json.dumps(schema).encode())
    assert load(file) == schema


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "it ends too early (line 1, column 1)"),
        (b'{\n "type": integer}', "it is no JSON, Expecting value (line 2, column 10)"),
        (b'{"minimum": NaN}', "NaN is no JSON"),
        (b"[" * 100_000, "it is nested too deeply"),
        (b'{"title": "caf\xe9"}', "it is not UTF-8 text (byte 14)"),
        (b"[]", "a JSON Schema is an object"),
        (b"true", "a JSON Schema is an object"),
        (b'{"title": "' + b"x" * (1 << 20) + b'"}', "it is larger than 1 MB"),
    ],
)
def test_a_file_that_is_no_schema_says_where(file: Path, data: bytes, why: str) -> None:
    assert why in refusal(file, data)


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ({"type": "objectx"}, "#/type: 'objectx' is not valid"),
        ({"properties": {"a": {"type": 5}}}, "#/properties/a/type: 5 is not valid"),
        ({"required": "a"}, "#/required: 'a' is not of type 'array'"),
        ({"type": "string", "pattern": "^a($"}, "#/pattern: '^a($' is not a 'regex'"),
        ({"anyOf": []}, "#/anyOf: [] should be non-empty"),
        ({"type": "object", "$schema": "http://[x"}, "#/$schema: 'http://[x' is no address"),
        ({"$schema": 5}, "#/$schema: 5 is not of type 'string'"),
        ({"$schema": ["x"]}, "#/$schema: ['x'] is not of type 'string'"),
        ({"$id": 5}, "#/$id: 5 is not of type 'string'"),
        ({"$schema": "http://json-schema.org/draft-04/schema#", "id": 5}, "#/id: 5 is not of"),
        ({"pattern": "(" * 5000 + ")" * 5000}, "#: the pattern is nested too deeply"),
    ],
)
def test_an_invalid_schema_says_which_part(file: Path, schema: dict[str, Any], why: str) -> None:
    assert why in refusal(file, schema)


# Each was seen to be refused by llama.cpp's converter, or to break or hang its worker.
@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ({"$ref": "https://example.org/x.json"}, "is not of the form"),
        ({"type": "object", "properties": {"a": {"$ref": "#"}}}, "#/properties/a: # is not of the"),
        ({"$defs": {"a": {"$anchor": "b"}}, "$ref": "#b"}, "is not of the form"),
        ({"$defs": {"a/b": INTEGER}, "$ref": "#/$defs/a~1b"}, "is not of the form"),
        ({"$ref": "#/$defs/nope"}, "#/$defs/nope leads nowhere"),
        ({"allOf": [INTEGER], "items": {"$ref": "#/allOf/" + "1" * 5000}}, "1 leads nowhere"),
        ({"$defs": {"a": INTEGER}, "$ref": "#/$defs/a/type"}, "does not lead to a schema"),
        (
            {
                "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}},
                "$ref": "#/$defs/a",
            },
            "refers to itself",
        ),
        ({"$dynamicRef": "#x"}, "$dynamicRef cannot be followed"),
        ({"properties": {"a": True}}, "#/properties/a: write {} for anything"),
        ({"items": False}, "#/items: write {} for anything"),
        ({"anyOf": [INTEGER, True]}, "#/anyOf/1: write {} for anything"),
        ({"enum": []}, "an empty enum"),
        ({"type": "integer", "minimum": 9, "maximum": 3}, "minimum and maximum allow nothing"),
        ({"exclusiveMinimum": 3, "maximum": 3}, "exclusiveMinimum and maximum allow nothing"),
        (
            {"type": "string", "minLength": 9, "maxLength": 3},
            "minLength and maxLength allow nothing",
        ),
        ({"items": {"minItems": 2, "maxItems": 1}}, "#/items: minItems and maxItems allow nothing"),
        ({"type": "array", "minItems": 5000}, "minItems has to be a whole number up to 2000"),
        ({"type": "string", "minLength": 2.0}, "minLength has to be a whole number"),
        ({"type": "string", "pattern": "^a{3000}$"}, "repeats more than 2000 times"),
        ({"type": "string", "pattern": "^a{99999999999999999999}$"}, "more than 2000 times"),
        ({"type": "string", "pattern": "^a{" + "1" * 5000 + "}$"}, "more than 2000 times"),
        ({"type": "integer", "maximum": 10**30}, "maximum is beyond 64 bits"),
        (
            reduce(lambda inner, _: {"properties": {"a": inner}}, range(40), INTEGER),
            "nested more than 64 levels deep",
        ),
    ],
)
def test_a_schema_that_cannot_be_enforced_is_refused(
    file: Path, schema: dict[str, Any], why: str
) -> None:
    assert why in refusal(file, schema)


def test_a_missing_file_or_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no schema file"):
        load(tmp_path / "nope.json")
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ('{"name": "Ada", "age": 36}', None),
        (' {"name": "Ada", "age": 36, "children": ["Ann", null]}\n', None),
        ('{"name": "Ada"}', "#: 'age' is a required property"),
        ('{"name": "Ada", "age": "36"}', "#/age: '36' is not of type 'integer'"),
        ('{"name": "Ada", "age": 36, "children": ["A", "A"]}', "has non-unique elements"),
        ('{"name": "Ada", "age": 36, "born": "yesterday"}', "'yesterday' is not a 'date'"),
        ('{"name": "Ada", "age": 36, "x": 1}', "Additional properties are not allowed"),
        ('{"name": "Ada", "ag', "it ends too early (line 1, column 17)"),
        ("", "it ends too early"),
        ('{"name": "Ada", "age": NaN}', "NaN is no JSON"),
        ("Sure! Here it is:", "it is no JSON"),
    ],
)
def test_an_answer_is_checked_against_its_schema(answer: str, why: str | None) -> None:
    found = check_answer(PERSON, answer)
    assert found is None if why is None else found is not None and why in found


def test_a_reason_cannot_touch_the_terminal() -> None:
    found = check_answer({"type": "integer"}, json.dumps("\x9b2J\u202e" + "x" * 1000))
    assert found is not None and len(found) <= 200
    assert "\x9b" not in found and "\u202e" not in found


def test_an_answer_nested_beyond_reason_is_no_crash() -> None:
    tree = {"$defs": {"t": {"type": "array", "items": {"$ref": "#/$defs/t"}}}, "$ref": "#/$defs/t"}
    assert check_answer(tree, "[" * 900 + "]" * 900) == "it is nested too deeply"


def test_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(*_: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", no_network)
    elsewhere = {"properties": {"a": {"$ref": "https://example.org/x.json"}}}
    found = check_answer(elsewhere, '{"a": 1}')
    assert found == "the schema refers to https://example.org/x.json, which is nowhere"

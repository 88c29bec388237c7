"""JSON Schemas for answers: one the engine can follow, and whether an answer followed it.

llama.cpp turns a schema into a grammar and leaves out what a grammar cannot hold (`uniqueItems`,
`not`, bounds of decimal numbers): hence `check_answer`. What its converter refuses, or what was
seen to hang its worker (`minLength` above `maxLength`), is refused here, with a sentence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

from hinterland.engine import grammars
from hinterland.errors import InputError
from hinterland.text import clean_line

_MOST_BYTES = 1 << 20
_MOST_DEPTH = 64
_MOST_REPEATS = 2000
"""llama.cpp's MAX_REPETITION_THRESHOLD: a grammar that repeats more often is refused."""

# Where a schema holds others: alone, in a list, or under names of the author's own.
_ONE = ("additionalProperties", "items", "not", "if", "then", "else", "contains", "propertyNames")
_LISTED = ("allOf", "anyOf", "oneOf", "prefixItems", "items")
_NAMED = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_BOUNDS = (
    ("minLength", "maxLength"),
    ("minItems", "maxItems"),
    ("minProperties", "maxProperties"),
    ("minimum", "maximum"),
    ("exclusiveMinimum", "maximum"),
    ("minimum", "exclusiveMaximum"),
    ("exclusiveMinimum", "exclusiveMaximum"),
)

Schema = dict[str, Any]


class _UnusableError(Exception):
    """Why a schema cannot be used, in words that follow "The schema FILE cannot be used: "."""


def load(path: Path) -> Schema:
    """Return the schema in the JSON file `path`; raises InputError for one that cannot be used."""
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        return _checked(data)
    except FileNotFoundError as error:
        raise InputError(f"There is no schema file {path}.", "Check its name.") from error
    except OSError as error:
        raise InputError(
            f"The schema {path} cannot be read: {error.strerror}.",
            "Check its name and permissions.",
        ) from error
    except _UnusableError as error:
        raise InputError(
            f"The schema {path} cannot be used: {error}.",
            "Mend it there, or leave that part out.",
        ) from error


def check(schema: Schema) -> None:
    """Raise InputError for a schema that cannot be used."""
    try:
        _check(schema)
    except _UnusableError as error:
        raise InputError(
            f"The schema cannot be used: {error}.", "Mend it, or leave that part out."
        ) from error


def check_answer(schema: Schema, text: str) -> str | None:
    """Return why `text` does not follow `schema`, in a few words; None when it does."""
    try:
        answer = _parsed(text)
    except _UnusableError as error:
        return str(error)
    from jsonschema.exceptions import best_match  # type: ignore[import-untyped] # has no types
    from referencing.exceptions import Unresolvable

    try:
        found = best_match(_validator(schema).iter_errors(answer))
    except RecursionError:
        return "it is nested too deeply"
    except Unresolvable as error:
        return f"the schema refers to {clean_line(error.ref)}, which is nowhere"
    if found is None:
        return None
    return clean_line(f"{_place(found.absolute_path)}: {found.message}", 200)


def _parsed(text: str) -> Any:
    """Return the JSON value in `text`; strict where `json` by itself takes NaN for a number."""
    try:
        return json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        ended = not text[error.pos :].strip() or error.msg.startswith("Unterminated string")
        what = "it ends too early" if ended else f"it is no JSON, {error.msg}"
        raise _UnusableError(f"{what} (line {error.lineno}, column {error.colno})") from error
    except RecursionError as error:
        raise _UnusableError("it is nested too deeply") from error


def _no_constant(name: str) -> NoReturn:
    raise _UnusableError(f"{name} is no JSON")


def _checked(data: bytes) -> Schema:
    if len(data) > _MOST_BYTES:
        raise _UnusableError(f"it is larger than {_MOST_BYTES >> 20} MB")
    try:
        schema = _parsed(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise _UnusableError(f"it is not UTF-8 text (byte {error.start})") from error
    if not isinstance(schema, dict):
        raise _UnusableError("a JSON Schema is an object, {…}")
    _check(schema)
    return schema


def _check(schema: Schema) -> None:
    _check_depth(schema)
    from jsonschema.exceptions import SchemaError

    _check_dialect(schema)
    try:
        _kind(schema).check_schema(schema)
    except SchemaError as error:
        raise _UnusableError(
            clean_line(f"{_place(error.absolute_path)}: {error.message}", 300)
        ) from error
    except (OverflowError, ValueError) as error:  # of `re`: it counts no further
        raise _UnusableError(f"#: the pattern repeats more than {_MOST_REPEATS} times") from error
    except RecursionError as error:  # of `re` too: `_check_depth` has looked at all else
        raise _UnusableError("#: the pattern is nested too deeply") from error
    for place, part in _parts(schema, ()):
        _check_part(schema, place, part)
    grammars.check_schema(schema)


def _check_depth(schema: Schema) -> None:
    level: list[Any] = [schema]
    for _ in range(_MOST_DEPTH):
        inner: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                inner += value.values()
            elif isinstance(value, list):
                inner += value
        level = inner
    if level:
        raise _UnusableError(f"it is nested more than {_MOST_DEPTH} levels deep")


def _check_dialect(schema: Schema) -> None:
    """Raise _UnusableError for a `$schema` by which jsonschema could not even look."""
    dialect = schema.get("$schema", "")
    if not isinstance(dialect, str):
        raise _UnusableError(clean_line(f"#/$schema: {dialect!r} is not of type 'string'", 300))
    try:
        urlsplit(dialect)
    except ValueError as error:
        raise _UnusableError(clean_line(f"#/$schema: {dialect!r} is no address", 300)) from error


def _kind(schema: Schema) -> Any:
    """Return the validators of the dialect that a schema names, or else of the newest."""
    from jsonschema.validators import (  # type: ignore[import-untyped] # has no types
        Draft202012Validator,
        validator_for,
    )

    return validator_for(schema, default=Draft202012Validator)


def _validator(schema: Schema) -> Any:
    from referencing import Registry

    # An empty registry: by itself jsonschema would fetch what a reference names.
    kind = _kind(schema)
    return kind(schema, registry=Registry(), format_checker=kind.FORMAT_CHECKER)


def _place(path: Any) -> str:
    return "/".join(map(str, ("#", *path)))


def _parts(part: Any, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every schema within a schema, itself first, with the way to it."""
    yield place, part
    if not isinstance(part, dict):
        return
    for key in _ONE:
        inner = part.get(key)
        if isinstance(inner, dict) or (isinstance(inner, bool) and key != "additionalProperties"):
            yield from _parts(inner, (*place, key))
    for key in _LISTED:
        if isinstance(part.get(key), list):
            for index, inner in enumerate(part[key]):
                yield from _parts(inner, (*place, key, str(index)))
    for key in _NAMED:
        if isinstance(part.get(key), dict):
            for name, inner in part[key].items():
                yield from _parts(inner, (*place, key, name))


def _check_part(schema: Schema, place: tuple[str, ...], part: Any) -> None:
    where = _place(place)
    if not isinstance(part, dict):
        raise _UnusableError(f"{where}: write {{}} for anything; true and false cannot be enforced")
    if part.get("enum") == []:
        raise _UnusableError(f"{where}: an empty enum allows nothing")
    _check_bounds(where, part)
    for count in re.findall(r"\{(\d+)", part.get("pattern", "")):
        if int(count) > _MOST_REPEATS:
            raise _UnusableError(f"{where}: the pattern repeats more than {_MOST_REPEATS} times")
    for key in ("$dynamicRef", "$recursiveRef"):
        if key in part:
            raise _UnusableError(f"{where}: {key} cannot be followed; use $ref")
    if "$ref" in part:
        _follow(schema, where, part)


def _check_bounds(where: str, part: Schema) -> None:
    for low, high in _BOUNDS:
        least, most = part.get(low), part.get(high)
        if least is None or most is None or bool in {type(least), type(most)}:
            continue  # draft 4 has a true or false for exclusiveMinimum
        if least > most or (least == most and "exclusive" in low + high):
            raise _UnusableError(f"{where}: {low} and {high} allow nothing")
    for key in ("minLength", "minItems"):
        count = part.get(key, 0)
        if count > _MOST_REPEATS or not isinstance(count, int):
            raise _UnusableError(f"{where}: {key} has to be a whole number up to {_MOST_REPEATS}")
    for key in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
        if part.get("type") == "integer" and not -(1 << 63) <= part.get(key, 0) < 1 << 63:
            raise _UnusableError(f"{where}: {key} is beyond 64 bits")


def _follow(schema: Schema, where: str, part: Schema) -> None:
    """Raise _UnusableError for a reference that leads out of the file, nowhere, or in a circle."""
    seen: set[str] = set()
    target: Any = part
    while isinstance(target, dict) and "$ref" in target:
        reference: str = target["$ref"]
        if reference in seen:
            raise _UnusableError(f"{where}: {reference} refers to itself")
        seen.add(reference)
        if not reference.startswith("#/") or "~" in reference or "%" in reference:
            raise _UnusableError(
                f"{where}: {reference} is not of the form #/$defs/NAME, the only one that can be followed"
            )
        target = schema
        for step in reference.split("/")[1:]:
            if isinstance(target, dict) and step in target:
                target = target[step]
            elif isinstance(target, list) and _is_index(step) and int(step) < len(target):
                target = target[int(step)]
            else:
                raise _UnusableError(f"{where}: {reference} leads nowhere")
    if not isinstance(target, dict):
        raise _UnusableError(f"{where}: the reference does not lead to a schema")


def _is_index(step: str) -> bool:
    """Whether it may be a place in a list; Python reads no number of very many digits."""
    return step.isdecimal() and len(step) < 10

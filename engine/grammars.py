"""What may be asked of an answer's form: `response_format`, and of its schema what ends.

The worker of llama.cpp (b11549) makes a grammar of a schema, and of some small ones it makes it until
the memory is full, or for ever; of others its stack overflows. Those are refused, in an account and on
a shared box alike. A form that is none is refused as well: it would be answered as if it were not there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from hinterland.engine.optional_parts import optional_parts
from hinterland.errors import InputError

_FORMS = ("text", "json_object", "json_schema")
_FOLLOWED = 20
"""References that lead to a reference that leads on: more of them run in a circle."""
_FARTHEST_BOUND = 10**15
"""How far from 0 the whole numbers may begin that fit: of longer ones it counts digits below none."""
_MOST_OPTIONAL = 120
"""Parts of a pattern: 100 took 0.1 s a token, 180 did not come to their first in 15 s."""

REPEATS = ("minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties")
_LEAST, _MOST = ("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")
_PAIRS = (
    *zip(REPEATS[::2], REPEATS[1::2], strict=True),
    *((low, high) for low in _LEAST for high in _MOST),
)
_VALUES = frozenset({"const", "enum", "default", "examples"})
"""What holds values and no schemas."""
_NAMED = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
"""What holds schemas under names of its author's own."""


def check_form(form: Any) -> None:
    """Raise InputError for a `response_format` that says nothing: without a word none would hold."""
    if form is None:
        return
    kind = form.get("type") if isinstance(form, dict) else None
    if kind not in _FORMS:
        raise InputError(
            "The `response_format` is not of the type `text`, `json_object` or `json_schema`.",
            "Mend it, or leave it out.",
        )
    if not isinstance(_schema(form), dict):
        raise InputError(
            "The `response_format` has no schema that is an object.",
            'It is written {"type": "json_schema", "json_schema": {"schema": {…}}}.',
        )


def check_ending(form: Any) -> None:
    """Raise InputError for a `response_format` with a schema that the worker would not come to the end
    of; what it refuses by itself is left to it."""
    if isinstance(form, dict):
        check_schema(_schema(form))


def _schema(form: dict[str, Any]) -> Any:
    """Return the schema where the worker looks for it; an empty one where none is needed."""
    if form.get("type") == "json_schema":
        named = form.get("json_schema")
        return named.get("schema") if isinstance(named, dict) else None
    return {} if form.get("schema") is None else form["schema"]


def check_schema(schema: Any) -> None:
    """Raise InputError for a schema as above."""
    for part in _parts(schema):
        check_part(part)
        pattern = part.get("pattern")
        if isinstance(pattern, str) and optional_parts(pattern) > _MOST_OPTIONAL:
            raise InputError(
                "The schema's `pattern` leaves too much open.",
                f"No more than {_MOST_OPTIONAL} of its parts may be optional.",
            )
        check_references(part, partial(_referred, schema))


def check_references(part: Any, referred: Callable[[Any], Any]) -> None:
    """Raise InputError where the references of a schema lead nowhere but to references: the worker would
    follow them until its stack is full. `referred` returns what stands at one."""
    for _ in range(_FOLLOWED):
        if not isinstance(part, dict) or "$ref" not in part:
            return
        part = referred(part["$ref"])
    raise InputError("The schema's references run in a circle.", "Write it out.")


def check_part(part: dict[str, Any]) -> None:
    """Raise InputError for limits that nothing fits, of which the worker makes a grammar until the
    memory is full, and for a type that is to be made a grammar of many times."""
    for low, high in _PAIRS:
        least, most = _number(part, low), _number(part, high)
        if least is not None and most is not None and least > most:
            raise InputError(
                f"The schema's `{low}` is larger than its `{high}`.", "Nothing fits it: mend it."
            )
    for names, sign in ((_LEAST, 1), (_MOST, -1)):
        for name in names:
            if sign * (_number(part, name) or 0) > _FARTHEST_BOUND:
                raise InputError(
                    f"The schema's `{name}` is too far from 0 for the engine.",
                    f"It may be {_FARTHEST_BOUND:,} away from it at most.",
                )
    kinds = part.get("type")
    types = [each for each in kinds if isinstance(each, str)] if isinstance(kinds, list) else []
    if len(types) > len(set(types)):
        raise InputError("The schema names a `type` twice.", "Name each once.")


def _number(part: dict[str, Any], name: str) -> float | None:
    value = part.get(name)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _parts(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield every schema within a schema, itself first."""
    waiting = [(schema, False)]
    while waiting:
        value, by_name = waiting.pop()
        if isinstance(value, list):
            waiting += [(each, False) for each in value]
        elif isinstance(value, dict):
            if not by_name:
                yield value
            waiting += [
                (each, not by_name and name in _NAMED)
                for name, each in value.items()
                if by_name or name not in _VALUES
            ]


def _referred(schema: Any, reference: Any) -> Any:
    """Return what stands at `reference`; None where that is nothing, or in another file."""
    if not isinstance(reference, str) or not reference.startswith("#/"):
        return None
    target = schema
    for step in reference.split("/")[1:]:
        if isinstance(target, list) and step.isdecimal():
            # Python reads no number of very many digits.
            target = target[int(step)] if len(step) < 10 and int(step) < len(target) else None
        else:
            target = target.get(step) if isinstance(target, dict) else None
    return target

"""What a schema may ask of a shared box: the worker of llama.cpp (b11549) makes a grammar of it where it
answers everybody, and a few bytes can take its time, its memory or its stack."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import msgspec

from hinterland.engine import grammars
from hinterland.errors import InputError

_LARGEST_SCHEMA, _DEEPEST_SCHEMA, _MOST_REPEATED = 64 * 1024, 24, 1000
_MOST_PROPERTIES = 200
_MOST_ALTERNATIVES = 200
_UNIONS = ("anyOf", "oneOf", "enum")


def check_cost(form: Any) -> None:
    """Raise InputError for the `response_format` of a request whose schema might cost the others."""
    if form is None:
        return
    if len(msgspec.json.encode(form)) > _LARGEST_SCHEMA or not _is_flat(form, _DEEPEST_SCHEMA):
        raise InputError(
            "The schema is too large for the shared box.",
            f"It may have {_LARGEST_SCHEMA >> 10} kB, {_DEEPEST_SCHEMA} levels, and no more than "
            f"{_MOST_REPEATED:,} of anything.",
        )
    parts = list(_dicts(form))
    # It tries all ways through a text of optional parts, and does not end.
    if any(isinstance(part.get("pattern"), str) for part in parts):
        raise InputError(
            "The shared box takes no `pattern` in a schema.", "Leave it out, or use `enum`."
        )
    by_name = _definitions(parts)
    for part in parts:
        grammars.check_part(part)
        grammars.check_references(part, partial(_referred, by_name))
    # The time for optional ones grows with the third power of their number.
    if sum(_properties(part, by_name) for part in parts) > _MOST_PROPERTIES:
        raise InputError(
            f"The shared box takes {_MOST_PROPERTIES} properties in a schema.", "Name fewer."
        )
    # Each of them is tried for every token of the vocabulary.
    if sum(len(_list(part, name)) for part in parts for name in _UNIONS) > _MOST_ALTERNATIVES:
        raise InputError(
            f"The shared box takes {_MOST_ALTERNATIVES} alternatives in a schema.", "Name fewer."
        )


def _definitions(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what references may lead to, by its place."""
    by_name: dict[str, Any] = {}
    for part in parts:
        for room in ("$defs", "definitions"):
            for name, each in part[room].items() if isinstance(part.get(room), dict) else ():
                place = f"#/{room}/{name}"
                if place in by_name or "/" in name:  # the worker would see another one than we do
                    raise InputError(
                        f"The schema's `{room}` are not plain names, each there once.",
                        "Name them anew.",
                    )
                by_name[place] = each
    return by_name


def _referred(by_name: dict[str, Any], reference: Any) -> Any:
    """Return what stands at `reference`; raises InputError where that is not in `$defs`."""
    if not isinstance(reference, str) or reference not in by_name:
        raise InputError(
            "The shared box takes a `$ref` only to what stands in `$defs`.", "Write the schema out."
        )
    return by_name[reference]


def _properties(part: dict[str, Any], by_name: dict[str, Any]) -> int:
    """Return how many properties an object has, those included that `allOf` brings in by reference."""
    count = len(part["properties"]) if isinstance(part.get("properties"), dict) else 0
    for each in _list(part, "allOf"):
        if isinstance(each, dict):
            for brought in (each, *_list(each, "anyOf")):
                target = brought
                while isinstance(target, dict) and "$ref" in target:
                    target = by_name[target["$ref"]]
                if target is not brought and isinstance(target, dict):
                    named = target.get("properties")
                    count += len(named) if isinstance(named, dict) else 0
    return count


def _list(part: dict[str, Any], name: str) -> list[Any]:
    value = part.get(name)
    return value if isinstance(value, list) else []


def _dicts(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every object in a schema, whatever it means there."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _dicts(each)


def _is_flat(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return True
    if not levels:
        return False
    if isinstance(value, list):
        return all(_is_flat(each, levels - 1) for each in value)
    counts = [value[name] for name in grammars.REPEATS if isinstance(value.get(name), int | float)]
    if any(count > _MOST_REPEATED for count in counts):
        return False
    return all(_is_flat(each, levels - 1) for each in value.values())

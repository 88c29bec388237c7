"""What a stranger's request may hold on a shared box: nothing by which one user would slow, crash or
learn of the others.

A worker takes dozens of fields, of which some cost far more than a token does (a thousand stop
texts, the probabilities of the whole vocabulary) and some name slots. So a field passes that is
known to be harmless, and no other.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from hinterland.engine.requests import Order
from hinterland.errors import ContextError, InputError

LARGEST_BODY = 8 * 1024 * 1024
"""Bytes; a request with more is refused."""
MOST_IMAGES = 8
_MOST_STOPS, _LONGEST_STOP = 16, 200
_LARGEST_SCHEMA, _DEEPEST_SCHEMA, _MOST_REPEATED = 64 * 1024, 24, 1000
_MOST_PROPERTIES = 200
_FOLLOWED = 20
"""References that lead to a reference that leads on: more of them run in a circle."""
_MOST_PARTS = 200_000
_LONGEST_TOKEN = 100
"""Characters; the tokens of any text are longer on average only where it is white space."""

_PASS = frozenset(
    {
        *("messages", "model", "stream", "stream_options", "return_progress", "response_format"),
        *("max_tokens", "stop", "seed", "temperature", "top_p", "top_k", "min_p"),
        *("repeat_penalty", "presence_penalty", "frequency_penalty", "reasoning_effort"),
    }
)
_IGNORED = frozenset({"n", "user", "metadata", "store"})
"""Fields that OpenAI's clients send and that change nothing here."""
_REPEATS = ("minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties")


def mannerly(order: Order) -> Order:
    """Return `order` with nothing in it that strangers may not ask for; raises InputError for what
    would change the answer if it were left out."""
    unknown = sorted(order.body.keys() - _PASS - _IGNORED)
    if unknown:
        raise InputError(
            f"The shared box does not take `{unknown[0]}`.", "Leave it out, and ask again."
        )
    stops = order.sampling.stop
    if len(stops) > _MOST_STOPS or any(len(stop) > _LONGEST_STOP for stop in stops):
        raise InputError(
            f"The shared box takes {_MOST_STOPS} stop texts of {_LONGEST_STOP} characters.",
            "Send fewer or shorter ones.",
        )
    if sum(len(message.images) for message in order.messages) > MOST_IMAGES:
        raise InputError(f"The shared box takes {MOST_IMAGES} images at once.", "Send fewer.")
    _check_schema(order.body.get("response_format"))
    body = {name: value for name, value in order.body.items() if name in _PASS}
    # Whoever says that an image was decoded and encoded anew need not have done so.
    hint = msgspec.structs.replace(order.hint, encoded_anew=False, prefix=None)
    return msgspec.structs.replace(order, body=body, hint=hint)


def check_intricacy(body: bytes) -> None:
    """Raise InputError for a body of very many small parts: it would take fifty times its size in
    memory, and seconds in which nobody else is served."""
    if sum(map(body.count, (b",", b"[", b"{"))) > _MOST_PARTS:
        raise InputError("The request has too many parts for the shared box.", "Send less at once.")


def check_length(order: Order, context: int) -> None:
    """Raise ContextError for a text that is too long to be worth counting: a worker that tokenizes
    megabytes does nothing else meanwhile."""
    length = sum(len(message.content) for message in order.messages)
    # Each is its beginning and its end at least, and none need have any text.
    if 2 * len(order.messages) > context:
        raise ContextError(
            f"The prompt has {len(order.messages):,} messages and {context:,} tokens fit.",
            "Shorten it; nothing was cut.",
        )
    if length > context * _LONGEST_TOKEN:
        raise ContextError(
            f"The prompt has {length:,} characters and {context:,} tokens fit.",
            "Shorten it; nothing was cut.",
        )


def too_large() -> InputError:
    """Return what to say of a body that is larger than LARGEST_BODY."""
    return InputError(f"The request is larger than {LARGEST_BODY >> 20} MB.", "Send less at once.")


def _check_schema(form: Any) -> None:
    """Raise InputError for a schema whose grammar might take the worker's memory, its stack, or its
    time: the worker of llama.cpp (b11549) reads schemas and grammars where it answers everybody."""
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
    # The time for optional ones grows with the third power of their number.
    named = (part["properties"] for part in parts if isinstance(part.get("properties"), dict))
    if sum(map(len, named)) > _MOST_PROPERTIES:
        raise InputError(
            f"The shared box takes {_MOST_PROPERTIES} properties in a schema.", "Name fewer."
        )
    _check_references(parts)


def _check_references(parts: list[dict[str, Any]]) -> None:
    """Raise InputError for references that lead nowhere but to references: the worker would follow
    them until its stack is full."""
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
    for part in parts:
        target: Any = part
        for _ in range(_FOLLOWED):
            reference = target.get("$ref") if isinstance(target, dict) else None
            if reference is None:
                break
            if not isinstance(reference, str) or reference not in by_name:
                raise InputError(
                    "The shared box takes a `$ref` only to what stands in `$defs`.",
                    "Write the schema out.",
                )
            target = by_name[reference]
        else:
            raise InputError("The schema's references run in a circle.", "Write it out.")


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
    counts = [value[name] for name in _REPEATS if isinstance(value.get(name), int | float)]
    if any(count > _MOST_REPEATED for count in counts):
        return False
    return all(_is_flat(each, levels - 1) for each in value.values())

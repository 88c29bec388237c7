"""What a stranger's request may hold on a shared box: nothing by which one user would slow, crash or
learn of the others.

A worker takes dozens of fields, of which some cost far more than a token does (a thousand stop
texts, the probabilities of the whole vocabulary) and some name slots. So a field passes that is
known to be harmless, and no other.
"""

from __future__ import annotations

from typing import Any

import msgspec

from hinterland.engine.requests import Order
from hinterland.engine.service.schema_manners import check_cost
from hinterland.errors import ContextError, InputError

LARGEST_BODY = 8 * 1024 * 1024
"""Bytes; a request with more is refused."""
MOST_IMAGES = 8
_MOST_STOPS, _LONGEST_STOP = 16, 200
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
_CHECKED = frozenset({"messages", "model", "response_format", "stop"})
"""Fields that are looked at by themselves."""
_IN_MESSAGE = {"role", "content", "name"}
_LONGEST_EFFORT = 20


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
    check_cost(order.body.get("response_format"))
    body = {name: value for name, value in order.body.items() if name in _PASS}
    for name, value in body.items():
        if name not in _CHECKED:
            _check_setting(name, value)
    body["messages"] = [_plain(message) for message in body["messages"]]
    # Whoever says that an image was decoded and encoded anew need not have done so.
    hint = msgspec.structs.replace(order.hint, encoded_anew=False, prefix=None)
    return msgspec.structs.replace(order, body=body, hint=hint)


def _check_setting(name: str, value: Any) -> None:
    """Raise InputError for a field that is no number, yes or no, and may be of any length: a template
    would write it into the prompt after that was found to be short enough."""
    if name == "reasoning_effort" and isinstance(value, str) and len(value) <= _LONGEST_EFFORT:
        return
    options = name == "stream_options" and isinstance(value, dict)
    if not all(map(_is_scalar, value.values() if options else [value])):
        raise InputError(f"The shared box does not take such a `{name}`.", "Leave it out.")


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, bool | int | float)


def _plain(message: dict[str, Any]) -> dict[str, Any]:
    """Return a message as far as its length is looked at: templates know further fields, of which one
    may have megabytes. Raises InputError for one that says something by another field."""
    for name in sorted(message.keys() - _IN_MESSAGE):
        if message[name] not in (None, "", [], {}):
            raise InputError(
                f"The shared box does not take `{name}` in a message.",
                "Leave it out, and ask again.",
            )
    plain: dict[str, Any] = {name: message[name] for name in ("role", "content") if name in message}
    if isinstance(plain.get("content"), list):
        parts = plain["content"]
        plain["content"] = [{name: part[name] for name in ("type", part["type"])} for part in parts]
    return plain


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

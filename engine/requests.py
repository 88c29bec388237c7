"""A request turned into OpenAI's chat completions body, and back on the service's side."""

from __future__ import annotations

from typing import Any

import msgspec

from hinterland.engine.protocol import Message, Priority, Request, Sampling
from hinterland.errors import InputError


class Hint(msgspec.Struct, frozen=True, omit_defaults=True):
    """The field `hint` of a body: what OpenAI's protocol has no word for."""

    conversation_id: str | None = None
    turn_id: str | None = None
    priority: Priority = Priority.INTERACTIVE
    events: bool = False
    """Whether the caller reads our named events; others get plain chunks and HTTP errors."""


class Order(msgspec.Struct, frozen=True):
    """A body as the service reads it: the fields that decide something, and the whole of it."""

    messages: tuple[Message, ...]
    sampling: Sampling
    hint: Hint
    model: str | None
    body: dict[str, Any]


class _Body(msgspec.Struct, frozen=True):
    messages: list[dict[str, Any]]
    model: str | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    seed: int | None = None
    stop: str | list[str] | None = None
    hint: Hint = Hint()


def encode(request: Request) -> bytes:
    """Return the body that asks for `request` as a stream with progress and token counts."""
    body: dict[str, Any] = {
        "messages": request.messages,
        "stream": True,
        "stream_options": {"include_usage": True},
        "return_progress": True,
        "hint": Hint(request.conversation_id, request.turn_id, request.priority, events=True),
    }
    if request.model:
        body["model"] = request.model
    body |= msgspec.to_builtins(request.sampling)
    if request.schema is not None:
        body["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": request.schema, "strict": True},
        }
    return msgspec.json.encode(body)


def decode(data: bytes) -> Order:
    """Return the order in a body; raises InputError when it is not one."""
    try:
        whole = msgspec.json.decode(data, type=dict[str, Any])
        body = msgspec.convert(whole, _Body)
        messages = tuple(
            Message(message["role"], _text(message.get("content"))) for message in body.messages
        )
    except (msgspec.MsgspecError, KeyError, TypeError) as error:
        raise InputError(f"The request is not a chat completion: {error}.") from error
    whole.pop("hint", None)
    stop = (body.stop,) if isinstance(body.stop, str) else tuple(body.stop or ())
    sampling = Sampling(
        max_tokens=body.max_completion_tokens or body.max_tokens,
        temperature=body.temperature,
        top_p=body.top_p,
        top_k=body.top_k,
        seed=body.seed,
        stop=stop,
    )
    return Order(messages, sampling, body.hint, body.model, whole)


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):  # parts, of which only text is understood yet
        return "".join(part.get("text", "") for part in content)
    return ""

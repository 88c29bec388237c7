"""A request turned into OpenAI's chat completions body, and back on the service's side."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from hinterland.engine.protocol import Message, Priority, Request, Role, Sampling
from hinterland.errors import InputError

Id = Annotated[str, msgspec.Meta(pattern="^[0-9A-Za-z_-]{1,64}$")]
"""Ids become file names."""


class Hint(msgspec.Struct, frozen=True, omit_defaults=True):
    """The field `hint` of a body: what OpenAI's protocol has no word for."""

    conversation_id: Id | None = None
    turn_id: Id | None = None
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


class _Part(msgspec.Struct, frozen=True):
    type: str
    text: str = ""


class _Message(msgspec.Struct, frozen=True):
    role: Role
    content: str | list[_Part] | None = None


class _Body(msgspec.Struct, frozen=True):
    messages: Annotated[list[_Message], msgspec.Meta(min_length=1)]
    model: str | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    seed: int | None = None
    stop: str | list[str] | None = None
    n: int | None = None
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
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"The request is not a chat completion: {error}.") from error
    if body.n is not None and body.n != 1:
        raise InputError("One request gets one answer here.", "Send n requests, or leave n out.")
    # What is left would get past the admission: llama-server's own names for a limit and a slot.
    for field in ("hint", "n_predict", "id_slot", "max_completion_tokens"):
        whole.pop(field, None)
    messages = tuple(Message(message.role, _text(message.content)) for message in body.messages)
    wanted = body.max_completion_tokens or body.max_tokens or 0
    stop = (body.stop,) if isinstance(body.stop, str) else tuple(body.stop or ())
    sampling = Sampling(
        max_tokens=wanted if wanted > 0 else None,  # -1 means without a limit
        temperature=body.temperature,
        top_p=body.top_p,
        top_k=body.top_k,
        seed=body.seed,
        stop=stop,
    )
    return Order(messages, sampling, body.hint, body.model, whole)


def _text(content: str | list[_Part] | None) -> str:
    if isinstance(content, list):
        return "".join(part.text for part in content)
    return content or ""

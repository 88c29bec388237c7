"""OpenAI's batch files: a request a line in, a response a line out.

The fingerprint of a row stands where their responses have one, and in the id of the line.
"""

from __future__ import annotations

import time
from typing import Annotated, Any, Literal

import msgspec

from hinterland.batch.results import Failure, Known, Result, one_a_line
from hinterland.batch.rows import MaxTokens, Row, Said, Seed, Temperature, TopP, unusable
from hinterland.engine.protocol import FinishReason, Role
from hinterland.errors import InputError

URL = "/v1/chat/completions"
_ID = "batch_req_"


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    type: Literal["text"]
    text: str


class _Message(msgspec.Struct, frozen=True):
    role: Role | Literal["developer"]
    content: str | list[_Part]


class _JsonSchema(msgspec.Struct, frozen=True):
    schema: dict[str, Any]


class _ResponseFormat(msgspec.Struct, frozen=True):
    type: Literal["text", "json_schema"]
    json_schema: _JsonSchema | None = None


class _Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    messages: Annotated[list[_Message], msgspec.Meta(min_length=1)]
    model: str | None = None
    max_tokens: MaxTokens | None = None
    max_completion_tokens: MaxTokens | None = None
    temperature: Temperature | None = None
    top_p: TopP | None = None
    seed: Seed | None = None
    stop: str | tuple[str, ...] | None = None
    response_format: _ResponseFormat | None = None
    # What changes nothing here.
    n: Literal[1] | None = None
    stream: Literal[False] | None = None
    user: str | None = None
    store: bool | None = None
    metadata: Any = None
    service_tier: str | None = None


class _Line(msgspec.Struct, frozen=True):
    custom_id: str
    body: _Body
    method: Literal["POST"] = "POST"
    url: str = URL


class _Id(msgspec.Struct, frozen=True, rename={"id": "custom_id"}):
    id: str


class _Response(msgspec.Struct, frozen=True):
    body: dict[str, Any]
    status_code: int = 200
    request_id: str = ""


class _Error(msgspec.Struct, frozen=True):
    code: str
    message: str


class _Outcome(msgspec.Struct, frozen=True):
    id: str
    custom_id: str
    response: _Response | None = None
    error: _Error | None = None


class _Known(msgspec.Struct, frozen=True):
    id: Annotated[str, msgspec.Meta(pattern=r"^batch_req_[0-9a-f]{16}\Z")]
    custom_id: str
    error: Failure | None = None


def row(data: bytes, line: int, model: str | None) -> Row:
    """Return the row in a line; `model` takes the place of the line's. Raises InputError."""
    try:
        found = _LINES.decode(data)
        if found.url != URL:
            raise InputError(f"Line {line} is for {found.url}.", f"Only {URL} is known here.")
        body = found.body
        form = body.response_format
        if form and form.type == "json_schema" and form.json_schema is None:
            raise InputError(
                f"Line {line} asks for a schema and has none.",
                "Give its `response_format` a `json_schema`, or leave it out.",
            )
        return Row(
            id=found.custom_id,
            messages=tuple(_said(message) for message in body.messages),
            model=model or body.model,
            schema=form.json_schema.schema if form and form.json_schema else None,
            stop=body.stop or (),
            temperature=body.temperature,
            top_p=body.top_p,
            seed=body.seed,
            max_tokens=body.max_completion_tokens or body.max_tokens,
        )
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise unusable(line, error) from error


def encode(result: Result) -> bytes:
    """Return a result as OpenAI's batches have it."""
    line = f"{_ID}{result.fingerprint}"
    if result.error is not None:
        error = _Error(result.error.kind, f"{result.error.message} {result.error.hint}".strip())
        return msgspec.json.encode(_Outcome(line, str(result.id), None, error))
    reason = "length" if result.finish_reason is FinishReason.LENGTH else "stop"
    message = {"role": "assistant", "content": result.answer}
    if result.reasoning:
        message["reasoning_content"] = result.reasoning
    usage = result.usage
    body = {
        "id": f"chatcmpl-{result.fingerprint}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": result.model,
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
        "usage": usage
        and {
            "prompt_tokens": usage.prompt_tokens,
            "completion_tokens": usage.completion_tokens,
            "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        },
        "system_fingerprint": result.fingerprint,
    }
    return msgspec.json.encode(_Outcome(line, str(result.id), _Response(body)))


def known(block: bytes) -> list[Known]:
    """Return what lines of results are about; raises what `one_a_line` raises."""
    return [
        Known(found.custom_id, found.id.removeprefix(_ID), found.error)
        for found in one_a_line(_KNOWN, block)
    ]


def _said(message: _Message) -> Said:
    role: Role = "system" if message.role == "developer" else message.role
    if isinstance(message.content, str):
        return Said(role, message.content)
    return Said(role, "".join(part.text for part in message.content))


_LINES = msgspec.json.Decoder(_Line)
IDS = msgspec.json.Decoder(_Id)
"""Reads the `id` of a line of input."""
_KNOWN = msgspec.json.Decoder(_Known)

"""A request turned into OpenAI's chat completions body, and back on the service's side."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from hinterland.engine.grammars import check_form
from hinterland.engine.protocol import ImageNote, Message, Priority, Request, Role, Sampling, Think
from hinterland.errors import InputError

Id = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z_-]{1,64}\Z")]
"""Ids become file names."""


LARGEST_BODY = 64 * 1024 * 1024
"""Bytes; a request with more is refused."""
MOST_IMAGES = 64
"""Images in one request, those of earlier turns included."""

# llama.cpp would fetch an http address, and take anything else for base64 of anything.
_IMAGE = re.compile(r"data:image/(jpeg|png|webp|gif);base64,")


class Hint(msgspec.Struct, frozen=True, omit_defaults=True):
    """The field `hint` of a body: what OpenAI's protocol has no word for."""

    conversation_id: Id | None = None
    turn_id: Id | None = None
    priority: Priority = Priority.INTERACTIVE
    room: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Tokens that should be left for the answer."""
    events: bool = False
    """Whether the caller reads our named events; others get plain chunks and HTTP errors."""
    images: tuple[ImageNote, ...] = ()
    """The images of the last message, for the journal."""
    encoded_anew: bool = False
    """Whether the caller has decoded and encoded the images itself; the service does it otherwise."""
    think: Think | None = None
    usual: bool = False
    """Whether `think` is only what the settings say: a model that does not think keeps quiet."""
    parent: Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z_-]{0,64}\Z")] | None = None
    """The turn that this one follows, for the journal."""
    prefix: Id | None = None
    """Names the system prompt as one that is worth keeping read: a tool's."""
    when_idle: bool = False
    """Whether it is refused unless the model is in memory and nothing else runs."""


class Order(msgspec.Struct, frozen=True):
    """A body as the service reads it: the fields that decide something, and the whole of it."""

    messages: tuple[Message, ...]
    sampling: Sampling
    hint: Hint
    model: str | None
    body: dict[str, Any]


class _Text(msgspec.Struct, frozen=True, tag_field="type", tag="text"):
    text: str


class _Url(msgspec.Struct, frozen=True):
    url: str


class _Image(msgspec.Struct, frozen=True, tag_field="type", tag="image_url"):
    image_url: _Url


class _Message(msgspec.Struct, frozen=True):
    role: Role
    content: str | list[_Text | _Image] | None = None


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
    repeat_penalty: float | None = None
    n: int | None = None
    hint: Hint = Hint()


def encode(request: Request) -> bytes:
    """Return the body that asks for `request` as a stream with progress and token counts."""
    body: dict[str, Any] = {
        "messages": [_outgoing(message) for message in request.messages],
        "stream": True,
        "stream_options": {"include_usage": True},
        "return_progress": True,
        "hint": Hint(
            request.conversation_id,
            request.turn_id,
            request.priority,
            request.room,
            events=True,
            images=request.images,
            encoded_anew=any(message.images for message in request.messages),
            think=request.think,
            usual=request.usual,
            parent=request.parent,
            prefix=request.prefix,
            when_idle=request.when_idle,
        ),
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


def too_large() -> InputError:
    """Return what to say of a body that is larger than LARGEST_BODY."""
    return InputError("The request is larger than 64 MB.", "Send less at once.")


def decode(data: bytes) -> Order:
    """Return the order in a body; raises InputError when it is not one."""
    try:
        whole = msgspec.json.decode(data, type=dict[str, Any])
        body = msgspec.convert(whole, _Body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"The request is not a chat completion: {error}.") from error
    if body.n is not None and body.n != 1:
        raise InputError("One request gets one answer here.", "Send n requests, or leave n out.")
    check_form(whole.get("response_format"))
    # What is left would get past the admission: llama-server's own names for a limit, a number of
    # answers and a slot, and the one by which the service finds an answer's slot again.
    for field in ("hint", "n_predict", "n_cmpl", "id_slot", "n_discard", "max_completion_tokens"):
        whole.pop(field, None)
    messages = tuple(map(_incoming, body.messages))
    if sum(len(message.images) for message in messages) > MOST_IMAGES:
        raise InputError(f"The request has more than {MOST_IMAGES} images.", "Send fewer at once.")
    wanted = body.max_completion_tokens or body.max_tokens or 0
    stop = (body.stop,) if isinstance(body.stop, str) else tuple(body.stop or ())
    sampling = Sampling(
        max_tokens=wanted if wanted > 0 else None,  # -1 means without a limit
        temperature=body.temperature,
        top_p=body.top_p,
        top_k=body.top_k,
        seed=body.seed,
        stop=stop,
        repeat_penalty=body.repeat_penalty,
    )
    return Order(messages, sampling, body.hint, body.model, whole)


def with_images(body: dict[str, Any], anew: Mapping[str, str]) -> dict[str, Any]:
    """Return `body` with every image's URL replaced by what `anew` has for it."""

    def part(given: dict[str, Any]) -> dict[str, Any]:
        if given.get("type") != "image_url":
            return given
        return {"type": "image_url", "image_url": {"url": anew[given["image_url"]["url"]]}}

    def message(given: dict[str, Any]) -> dict[str, Any]:
        content = given.get("content")
        return given | {"content": list(map(part, content))} if isinstance(content, list) else given

    return body | {"messages": list(map(message, body["messages"]))}


def _outgoing(message: Message) -> Message | dict[str, Any]:
    if not message.images:
        return message
    images = [{"type": "image_url", "image_url": {"url": url}} for url in message.images]
    text = [{"type": "text", "text": message.content}] if message.content else []
    return {"role": message.role, "content": [*images, *text]}


def _incoming(message: _Message) -> Message:
    if not isinstance(message.content, list):
        return Message(message.role, message.content or "")
    texts = [part.text for part in message.content if isinstance(part, _Text)]
    images = tuple(part.image_url.url for part in message.content if isinstance(part, _Image))
    if images and message.role != "user":
        raise InputError("Only a user's message can have images.")
    if not all(map(_IMAGE.match, images)):
        raise InputError(
            "An image has to come as a `data:image/…;base64,` URL.",
            "Nothing is fetched from other addresses.",
        )
    return Message(message.role, "".join(texts), images)

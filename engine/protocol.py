"""What goes into an engine and what comes out: the types that every engine and every caller share.

On the socket this is OpenAI's chat completions protocol plus a field `hint` in the request and
named server-sent events (`hint.loading`, `hint.queued`, `hint.sent_to`, `hint.note`, `hint.counted`,
`hint.failed`) in the answer. See docs/protocol.md.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from enum import StrEnum
from typing import Annotated, Any, Literal, Protocol

import msgspec

PROTOCOL_VERSION = 3
"""Raised when client and service of different releases would misunderstand each other."""

Role = Literal["system", "user", "assistant"]


class Priority(StrEnum):
    """Interactive requests go before batch requests that have not started."""

    INTERACTIVE = "interactive"
    BATCH = "batch"


class Think(StrEnum):
    """How much a model may think before it answers; what that means is the model's template's affair."""

    OFF = "off"
    LOW = "low"
    HIGH = "high"


class FinishReason(StrEnum):
    """Why an answer ended. The last three are ours: such an answer is kept and marked incomplete."""

    STOP = "stop"
    LENGTH = "length"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


COMPLETE = frozenset({FinishReason.STOP, FinishReason.LENGTH})


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    role: Role
    content: str
    images: tuple[str, ...] = ()
    """`data:` URLs; on the socket they and the text are parts of the content."""


class ImageNote(msgspec.Struct, frozen=True):
    """What is noted of an image with its turn: enough to name it and to find it again."""

    name: Annotated[str, msgspec.Meta(max_length=200)]
    """The name of the file it came from, for people."""
    file: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\.(jpg|png)\Z")]
    """Its name among the images of its conversation, made of its content."""


class Sampling(msgspec.Struct, frozen=True, omit_defaults=True):
    """Sampling settings; None leaves the engine's default."""

    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    repeat_penalty: float | None = None
    """How much less likely a token is made that was written before; 1 is not at all. This is the name
    of llama.cpp's servers; others are not sent it."""


class Request(msgspec.Struct, frozen=True):
    """One question to an engine. Where the last message is the assistant's, its text is gone on with."""

    messages: tuple[Message, ...]
    model: str | None = None
    """A model id; None means the configured one."""
    sampling: Sampling = Sampling()
    schema: dict[str, Any] | None = None
    """A JSON Schema that the answer has to follow."""
    conversation_id: str | None = None
    """Set for a request that outlives its caller; its answer is journalled."""
    turn_id: str | None = None
    """Names the answer for cancel and attach; set together with `conversation_id`."""
    priority: Priority = Priority.INTERACTIVE
    images: tuple[ImageNote, ...] = ()
    """The images of the last message, as its turn notes them."""
    think: Think | None = None
    """None leaves it to the model."""
    usual: bool = False
    """Whether `think` is only what the settings say, and was not asked for with this request."""
    prefix: str | None = None
    """Names the system prompt as one that is worth keeping read: a tool's."""
    when_idle: bool = False
    """Whether it is refused unless the model is in memory, on this machine, and nobody else asks
    anything: nothing is loaded, started or made to wait for it."""
    parent: str | None = None
    """The id of the turn that this one follows, for the journal; "" at the beginning."""
    room: int = 0
    """Tokens that should be left for the answer, of a small window an eighth at most: a prompt that
    leaves less is refused, as one that does not fit at all."""


def begun(messages: Sequence[Message]) -> str:
    """Return the beginning of the answer that is to be gone on with; "" for a new one."""
    return messages[-1].content if messages and messages[-1].role == "assistant" else ""


def room_for_answer(room: int, max_tokens: int | None, context: int) -> int:
    """Return how many tokens a prompt has to leave for its answer: as many as are wished for, but no
    more than an answer may have or an eighth of the window, and at least one."""
    return max(1, min(room, max_tokens or room, context // 8))


class Usage(msgspec.Struct, frozen=True):
    """Token counts, as the engine counted them."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    """How many of the prompt's tokens were already in the KV cache."""


class Timings(msgspec.Struct, frozen=True):
    """Milliseconds and tokens per second, as the engine measured them."""

    prompt_ms: float = 0.0
    prompt_per_second: float = 0.0
    predicted_ms: float = 0.0
    predicted_per_second: float = 0.0


class Loading(msgspec.Struct, frozen=True, tag="loading"):
    """The model is being loaded."""

    model: str
    progress: float | None = None
    """0.0 to 1.0, or None where the engine does not say."""


class Queued(msgspec.Struct, frozen=True, tag="queued"):
    """The request waits; position 1 is next."""

    position: int
    expected: float | None = None
    """Seconds until it starts, as far as that can be told; None where it cannot."""
    perhaps: float | None = None
    """Seconds in which nine of ten would have started; None where `expected` is."""


class Note(msgspec.Struct, frozen=True, tag="note", omit_defaults=True):
    """What the user has to be told of this answer, in one sentence; the answer comes all the same."""

    text: str
    saved: bool | None = None
    """Whether it tells that the answer is written to the disk from here on, or that it is not; None
    where it tells something else."""


class SentTo(msgspec.Struct, frozen=True, tag="sent_to"):
    """The words go to a remote engine; `model` is what this account calls it, whatever the remote
    says of itself."""

    model: str
    url: str


class Counted(msgspec.Struct, frozen=True, tag="counted"):
    """The engine has counted the prompt, chat template included. None is what it cannot tell."""

    prompt_tokens: int | None
    context: int | None
    """The window: tokens that the caller may use, prompt and answer together."""
    largest_context: int | None = None
    """The most that `engine.context` could be raised to, with this model in this memory; looked up
    only for a prompt that was refused, or that was to be counted and no more."""
    model: str = ""
    longest: int | None = None
    """The most tokens that the answer may have; None where only the window limits it."""


class PromptProgress(msgspec.Struct, frozen=True, tag="prompt"):
    """The engine is reading the prompt: `done` of `total` tokens."""

    done: int
    total: int


class ReasoningDelta(msgspec.Struct, frozen=True, tag="reasoning"):
    text: str


class TextDelta(msgspec.Struct, frozen=True, tag="text"):
    text: str


class Done(msgspec.Struct, frozen=True, tag="done"):
    """The answer is complete; always the last event of an answer that did not fail."""

    finish_reason: FinishReason
    usage: Usage = Usage()
    timings: Timings = Timings()
    model: str = ""


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """The request failed; always the last event. `kind` is a class name of `hinterland.errors`."""

    kind: str
    message: str
    hint: str = ""


Event = (
    Loading
    | Queued
    | SentTo
    | Note
    | Counted
    | PromptProgress
    | ReasoningDelta
    | TextDelta
    | Done
    | Failed
)


class Engine(Protocol):
    """What a conversation needs of an engine; the client, and the echo engine in process, are ones."""

    def stream(self, request: Request) -> AsyncIterator[Event]:
        """Yield the answer's events; the last is Done or Failed. Raises nothing but CancelledError."""

    def attach(self, turn_id: str) -> AsyncIterator[Event]:
        """Yield the events of an answer that is being written, from its start."""

    def count(self, request: Request) -> AsyncIterator[Event]:
        """Yield how the prompt is counted: Counted and then Done; or Failed. Nothing is answered."""

    async def cancel(self, turn_id: str) -> bool:
        """Stop the answer to that turn; its stream ends with Done(CANCELLED). Return whether it was
        known."""

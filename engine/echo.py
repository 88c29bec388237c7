"""A deterministic engine for tests, benchmarks and demonstrations: it says the prompt again.

A token is a word with the white space around it, or one character of a script without spaces.
`echo` answers at once, `echo:200` at 200 tokens a second.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence

from hinterland.engine.protocol import (
    Counted,
    Done,
    Event,
    Failed,
    FinishReason,
    Message,
    Priority,
    PromptProgress,
    Request,
    TextDelta,
    Timings,
    Usage,
    begun,
    room_for_answer,
)

CONTEXT = 4096
"""Tokens of context; the echo engine refuses longer prompts as a real one does."""

IMAGE_TOKENS = 64
"""What an image counts; the echo engine does not look at it."""

_REMEMBERED = 1000  # requests
_AT_ONCE = 16
"""Tokens of a batch that it says together, before others have their turn, where it answers as fast as
it goes."""

_TOKEN = re.compile(r"\s*(?:[\u2e80-\u9fff\uac00-\ud7af]|[^\s\u2e80-\u9fff\uac00-\ud7af]+)\s*|\s+")


def tokens(text: str) -> list[str]:
    """Return `text` cut into the echo engine's tokens; joined, they are the text."""
    return _TOKEN.findall(text)


def prompt_tokens(messages: Sequence[Message]) -> int:
    """Return how many tokens the echo engine counts in `messages`."""
    counted = 0
    for message in messages:
        counted += len(tokens(message.content)) + IMAGE_TOKENS * len(message.images)
    return counted


def speed(model: str) -> float | None:
    """Return the tokens per second in a model id such as `echo:200`; None is as fast as it goes."""
    _, _, rate = model.partition(":")
    return float(rate) if rate else None


def is_echo(model: str | None) -> bool:
    """Whether a model id names the echo engine."""
    return bool(model) and re.fullmatch(r"echo(:\d+(\.\d+)?)?", model or "") is not None


def _said_again(messages: Sequence[Message]) -> str:
    """Return what is echoed: the prompt, or what is left of it after an answer that has begun."""
    said = begun(messages)
    return messages[-2].content.removeprefix(said) if said else messages[-1].content


class EchoEngine:
    """The echo engine in this process."""

    def __init__(
        self,
        tokens_per_second: float | None = None,
        answer: Callable[[Request], str] | None = None,
        context: int = CONTEXT,
    ) -> None:
        self.asked = 0
        """How many requests it has seen."""
        self.requests: list[Request] = []
        """The last ones, in order."""
        self._pause = 1 / tokens_per_second if tokens_per_second else 0.0
        self._timings = Timings(predicted_per_second=tokens_per_second or 0.0)
        self._answer = answer
        self._context = context
        self._cancelled: dict[str, bool] = {}
        """Whether each answer that is being written was cancelled."""

    async def stream(self, request: Request) -> AsyncIterator[Event]:
        """Yield the last message's words, then Done."""
        self.asked += 1
        self.requests.append(request)
        if len(self.requests) > _REMEMBERED:
            del self.requests[: _REMEMBERED // 2]
        counted = prompt_tokens(request.messages)
        yield Counted(counted, self._context, model="echo")
        fitting = self._context - room_for_answer(
            request.room, request.sampling.max_tokens, self._context
        )
        if counted > fitting:
            yield Failed(
                "ContextError",
                f"The prompt has {counted:,} tokens and {fitting:,} fit.",
                "Shorten it; nothing was cut.",
            )
            return
        if request.schema is not None and self._answer is None:
            yield Failed("InputError", "The echo engine cannot follow a JSON Schema.", "")
            return
        turn_id, cancelled = request.turn_id or "", self._cancelled
        cancelled.setdefault(turn_id, False)
        yield PromptProgress(counted, counted)
        limit = min(request.sampling.max_tokens or self._context, self._context - counted)
        text = self._answer(request) if self._answer else _said_again(request.messages)
        for stop in request.sampling.stop:
            text = text.partition(stop)[0]
        said = tokens(text)
        reason = FinishReason.LENGTH if len(said) > limit else FinishReason.STOP
        said = said[:limit]
        sent = 0
        at_once = 1 if self._pause or request.priority is not Priority.BATCH else _AT_ONCE
        while sent < len(said):
            together = said[sent : sent + at_once]
            if len(together) == at_once:
                await asyncio.sleep(self._pause)
            if cancelled.get(turn_id):
                reason = FinishReason.CANCELLED
                break
            sent += len(together)
            yield TextDelta("".join(together))
        cancelled.pop(turn_id, None)
        yield Done(reason, Usage(counted, sent), self._timings, "echo")

    async def attach(self, turn_id: str) -> AsyncIterator[Event]:
        """Fail: an answer in this process ends with its caller."""
        yield Failed("EngineError", "That answer is not being written.", "")

    async def count(self, request: Request) -> AsyncIterator[Event]:
        """Yield the count of the request's tokens."""
        yield Counted(prompt_tokens(request.messages), self._context, model="echo")
        yield Done(FinishReason.STOP, model="echo")

    async def cancel(self, turn_id: str) -> bool:
        """Stop the answer to that turn; return whether it is being written."""
        known = turn_id in self._cancelled
        if known:
            self._cancelled[turn_id] = True
        return known

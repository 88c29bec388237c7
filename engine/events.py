"""Server-sent events turned into protocol events, whatever the cuts between network reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from hinterland.engine.protocol import (
    Counted,
    Done,
    Event,
    Failed,
    FinishReason,
    Loading,
    Note,
    PromptProgress,
    Queued,
    SentTo,
    Timings,
    Usage,
)
from hinterland.engine.reasoning import ReasoningSplitter

LONGEST_LINE = 16 * 1024 * 1024
"""Bytes; a longer line is a broken or hostile server."""


class _Delta(msgspec.Struct):
    content: str | None = None
    reasoning_content: str | None = None
    reasoning: Any = None
    """What vLLM, Ollama and several gateways call it; a few send it twice, under both names."""

    @property
    def thought(self) -> str:
        if self.reasoning_content:
            return self.reasoning_content
        return self.reasoning if isinstance(self.reasoning, str) else ""


class _Choice(msgspec.Struct):
    delta: _Delta | None = None
    finish_reason: str | None = None
    """Gateways send "" where others send null."""


class _Progress(msgspec.Struct):
    total: int = 0
    cache: int = 0
    processed: int = 0


class _CachedTokens(msgspec.Struct):
    cached_tokens: int | None = 0


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = 0
    completion_tokens: int | None = 0
    prompt_tokens_details: _CachedTokens | None = None


class _Chunk(msgspec.Struct):
    """One chat completion chunk, as llama-server and other OpenAI-compatible servers send it."""

    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    timings: Timings | None = None
    prompt_progress: _Progress | None = None
    model: str | None = ""
    error: dict[str, Any] | str | None = None


_CUT = frozenset({"content_filter", "error", "abort"})
"""Reasons of other servers for an answer that is not whole."""

_chunk = msgspec.json.Decoder(_Chunk)
Own = Loading | Queued | SentTo | Note | Counted | Failed | Done
"""The service's own events: on the wire `hint.` and the event's tag."""

_own: msgspec.json.Decoder[Own] = msgspec.json.Decoder(Own)


def encode(event: Own) -> bytes:
    """Return one of our own events as a named server-sent event."""
    body = msgspec.json.encode(event)
    return f"event: hint.{event.__struct_config__.tag}\ndata: ".encode() + body + b"\n\n"


class EventParser:
    """Feed it bytes, take events. It never raises: what cannot be read becomes Failed.

    `engine` is what a failure's sentence begins with.
    """

    def __init__(self, engine: str = "The engine") -> None:
        self._engine = engine
        self._rest = b""
        self._name = ""
        self._finish = ""
        self._usage = Usage()
        self._timings = Timings()
        self._model = ""
        self._splitter = ReasoningSplitter()
        self._sent_to = ""
        self.ended = False
        """Whether the last event of the answer was seen; what follows it is ignored."""

    @property
    def finished(self) -> bool:
        """Whether the engine said why the answer ended; what comes after that are counts."""
        return bool(self._finish)

    def feed(self, data: bytes) -> Iterator[Event]:
        """Yield the events that `data` completes."""
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        if len(self._rest) > LONGEST_LINE:
            yield self._fail("sent a line of more than 16 MB")
        for line in lines:
            if self.ended:
                return
            line = line.rstrip(b"\r")
            if line.startswith(b"data:"):
                yield from self._data(line[5:].strip())
            elif line.startswith(b"event:"):
                self._name = line[6:].strip().decode("utf-8", "replace")
            elif not line:
                self._name = ""

    def close(self) -> Iterator[Event]:
        """Yield what is still held back of an answer that was cut off."""
        yield from self._splitter.close()

    def _data(self, data: bytes) -> Iterator[Event]:
        if data == b"[DONE]":
            yield from self._splitter.close()
            yield self._done()
            return
        try:
            if self._name.startswith("hint."):
                event = _own.decode(data)
                if isinstance(event, Done | Failed):
                    yield from self._splitter.close()
                self.ended = isinstance(event, Done | Failed)
                if isinstance(event, SentTo):
                    self._sent_to = event.model
                yield event
                return
            chunk = _chunk.decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            yield self._fail("sent something that is not an event of an answer")
            return
        if chunk.error is not None:
            yield self._fail(f"failed: {_reason(chunk.error)}")
            return
        yield from self._chunk(chunk)

    def _chunk(self, chunk: _Chunk) -> Iterator[Event]:
        if chunk.prompt_progress is not None:
            yield PromptProgress(chunk.prompt_progress.processed, chunk.prompt_progress.total)
        if chunk.timings is not None:
            self._timings = chunk.timings
        if chunk.usage is not None:
            details = chunk.usage.prompt_tokens_details
            self._usage = Usage(
                chunk.usage.prompt_tokens or 0,
                chunk.usage.completion_tokens or 0,
                (details.cached_tokens or 0) if details else 0,
            )
        self._model = chunk.model or self._model
        for choice in (chunk.choices or [])[:1]:
            if choice.delta is not None:
                if choice.delta.thought:
                    yield from self._splitter.reason(choice.delta.thought)
                if choice.delta.content:
                    yield from self._splitter.feed(choice.delta.content)
            self._finish = choice.finish_reason or self._finish

    def _done(self) -> Event:
        self.ended = True
        if not self._finish:
            return self._fail("ended the answer without saying why")
        if self._finish in _CUT:
            return self._fail(f"broke the answer off ({self._finish})")
        reason = FinishReason.LENGTH if self._finish == "length" else FinishReason.STOP
        return Done(reason, self._usage, self._timings, self._sent_to or self._model)

    def _fail(self, what: str) -> Failed:
        self.ended = True
        return Failed("EngineError", f"{self._engine} {what}.", "See `hint engine logs`.")


def _reason(error: dict[str, Any] | str) -> str:
    said = error.get("message") if isinstance(error, dict) else error
    return str(said or "no reason given").strip().rstrip(".")

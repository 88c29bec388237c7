"""One row asked and answered: what the engine says becomes a result, and is checked."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import msgspec

from hinterland.batch.results import Result, failed, reason
from hinterland.batch.rows import Piece
from hinterland.engine.protocol import (
    COMPLETE,
    Done,
    Engine,
    Failed,
    FinishReason,
    Message,
    Priority,
    ReasoningDelta,
    Request,
    Sampling,
    TextDelta,
)
from hinterland.errors import (
    EngineError,
    HinterlandError,
    InputError,
    JobError,
    ModelError,
    PluginError,
    by_name,
)
from hinterland.hookspecs import ChatTool
from hinterland.language import N_


class Asks(Protocol):
    """Whatever asks an engine for a piece."""

    async def ask(self, engine: Engine, piece: Piece, model: str | None = None) -> Result:
        """Return the result of a piece; raises EngineError when the engine failed at it."""


class Answering:
    """Asks engines for pieces. `config_folder` may hold a prompt of the user's own for documents."""

    def __init__(
        self, tools: Mapping[str, ChatTool] | None = None, config_folder: Path | None = None
    ) -> None:
        self._tools = tools or {}
        self._config_folder = config_folder
        self._has_answered: set[tuple[Engine, str | None]] = set()

    async def ask(self, engine: Engine, piece: Piece, model: str | None = None) -> Result:
        """Return the result of a piece, asked of `model` where that is given.

        Raises EngineError when the engine failed: it may be tried again. Whatever else is wrong is
        a result.
        """
        if piece.error is not None or piece.request is None:
            return _failed(piece, piece.error or InputError("The row is empty."))
        try:
            request = piece.request
            if piece.images or piece.files:
                request = await asyncio.to_thread(self._with_files, piece)
            if model is not None:
                request = msgspec.structs.replace(request, model=model)
            if piece.tool:
                return await self._by_tool(piece, request)
            asked = (engine, request.model)
            try:
                result = await _answer(engine, piece, request)
            except ModelError as error:
                if asked not in self._has_answered:
                    raise
                # It could be loaded before: what it lacks now, such as memory, comes back.
                raise EngineError(error.message, error.hint) from error
            self._has_answered.add(asked)
            return result
        except EngineError:
            raise
        except HinterlandError as error:
            return _failed(piece, error)

    def _with_files(self, piece: Piece) -> Request:
        """Return the request with what its files hold; raises InputError."""
        request = piece.request
        assert request is not None
        *before, last = request.messages
        content, urls = last.content, last.images
        if piece.files:
            from hinterland import documents

            read = [documents.read(path) for path in piece.files]
            content = documents.attach(content, read, self._config_folder)
        if piece.images:
            from hinterland import images

            urls = tuple(images.load(path).url for path in piece.images)
        said = Message(last.role, content, urls)
        return msgspec.structs.replace(request, messages=(*before, said))

    async def _by_tool(self, piece: Piece, request: Request) -> Result:
        tool = self._tools.get(piece.tool)
        if tool is None:
            known = ", ".join(sorted(self._tools)) or "none"
            raise InputError(f"There is no tool {piece.tool!r}.", f"There are: {known}.")
        try:
            pieces = [text async for text in tool.answer(request.messages[-1].content)]
        except HinterlandError:
            raise
        # A plugin is somebody else's code: whatever it does to a row, the others go on.
        except Exception as error:
            raise PluginError(
                f"The tool {piece.tool} failed ({type(error).__name__}: {error}).", ""
            ) from error
        return Result(
            id=piece.id,
            answer="".join(pieces),
            finish_reason=FinishReason.STOP,
            fingerprint=piece.fingerprint,
            metadata=piece.metadata,
        )


async def living(engine: Engine, model: str | None) -> EngineError | None:
    """Return None when an engine answers a word, and what it fails with when it does not."""
    word = Request(
        (Message("user", "Say yes."),), model, Sampling(max_tokens=1), priority=Priority.BATCH
    )
    trouble: EngineError | None = _ended_early()
    async for event in engine.stream(word):
        if isinstance(event, Failed):
            trouble = EngineError(event.message, event.hint)
        elif isinstance(event, Done):
            trouble = None
    return trouble


class Answered(NamedTuple):
    """A whole answer, as the engine gave it."""

    text: str
    reasoning: str
    end: Done


async def answered(engine: Engine, request: Request) -> Answered:
    """Return the answer to a request; raises what it failed with, EngineError for what may be tried
    again."""
    words: list[str] = []
    thoughts: list[str] = []
    last: Done | Failed | None = None
    async for event in engine.stream(request):
        kind = type(event)
        if kind is TextDelta:
            words.append(event.text)  # type: ignore[union-attr] # by kind
        elif kind is Done or kind is Failed:
            last = event  # type: ignore[assignment] # by kind
        elif kind is ReasoningDelta:
            thoughts.append(event.text)  # type: ignore[union-attr] # by kind
    if last is None:
        raise _ended_early()
    if isinstance(last, Failed):
        raise by_name(last.kind, last.message, last.hint)
    if last.finish_reason not in COMPLETE:
        raise EngineError("The answer was interrupted.", "It is asked again.")
    return Answered("".join(words), "".join(thoughts) if thoughts else "", last)


async def _answer(engine: Engine, piece: Piece, request: Request) -> Result:
    text, reasoning, end = await answered(engine, request)
    result = Result(
        id=piece.id,
        answer=text,
        reasoning=reasoning,
        finish_reason=end.finish_reason,
        model=end.model,
        usage=end.usage,
        fingerprint=piece.fingerprint,
        metadata=piece.metadata,
    )
    return result if request.schema is None else _structured(piece, request, request.schema, result)


def _structured(piece: Piece, request: Request, schema: dict[str, Any], result: Result) -> Result:
    """Return the result with its data, or with an error where it does not follow the schema."""
    from hinterland import schemas

    was_cut = result.finish_reason is FinishReason.LENGTH
    wished, written = (
        request.sampling.max_tokens,
        result.usage.completion_tokens if result.usage else 0,
    )
    more = N_("Allow more tokens.")
    if wished is None or 0 < written < wished:
        more = N_("Ask for less at once: there was no room for a longer answer.")
    data, error = None, None
    if wrong := schemas.check_answer(schema, result.answer or ""):
        error = JobError(f"The answer does not follow the schema: {wrong}.", "Ask again.")
        if was_cut:
            error = JobError("The answer was cut off before its JSON was whole.", more)
    else:
        data = msgspec.json.decode(result.answer or "")
        if was_cut and type(data) in (int, float):
            error = JobError("The answer was cut off, perhaps amid its number.", more)
    if error is not None:
        return msgspec.structs.replace(result, line=piece.line, error=reason(error))
    return msgspec.structs.replace(result, data=data)


def _ended_early() -> EngineError:
    return EngineError("The engine ended without an answer.", "It is asked again.")


def _failed(piece: Piece, error: HinterlandError) -> Result:
    return failed(
        piece.id,
        piece.line,
        error,
        fingerprint=piece.fingerprint,
        metadata=piece.metadata,
    )

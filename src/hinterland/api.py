"""The Python interface: `async with hinterland.connect("model") as h:` and then stream, ask, batch.

It is what `hint batch` uses. Nothing that is asked here is kept in the history.
"""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import msgspec

from hinterland import notices
from hinterland.engine.protocol import (
    Done,
    Engine,
    Event,
    Failed,
    Message,
    Note,
    ReasoningDelta,
    Request,
    Sampling,
    TextDelta,
    Think,
    Usage,
)
from hinterland.errors import EngineError, InputError, by_name

if TYPE_CHECKING:
    from hinterland.batch.results import Result
    from hinterland.batch.running import Target
    from hinterland.engine.client import EngineClient

_SLOTS_ELSEWHERE = 2
"""Rows at once to begin with where an engine does not say how many it can do."""

Prompt = str | Sequence[Mapping[str, str]]
"""A text, or messages with `role` and `content`."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A whole answer."""

    text: str
    data: Any = None
    """The answer as JSON, where a schema was given; it was checked against it."""
    reasoning: str = ""
    model: str
    finish_reason: str
    """`stop`, or `length` where `max_tokens`, the window or a shared box cut it off."""
    usage: Usage
    notes: tuple[str, ...] = ()
    """What has to be told whoever reads the answer, a sentence each: such as that a teacher can."""


class NoteWarning(UserWarning):
    """Something has to be told whoever reads the answers, such as that a teacher can read them."""


class Hinterland:
    """A model to ask. `model` is an id such as `hint models list` shows, or the name of a remote
    engine; None is the configured one. `engine` is for tests: whatever has `stream` and `cancel`.
    `told` hears, once, each sentence that has to be told of an answer, and again where it had not
    held in between; without it they are warnings of Python's, which it writes to standard error.
    """

    def __init__(
        self,
        model: str | None = None,
        *,
        engine: Engine | None = None,
        told: Callable[[str], None] | None = None,
    ) -> None:
        self.model = model
        self._engine = engine
        self._told = told
        self._notes: dict[str, int] = {}
        """What was told, and how often what a class has told had changed until then."""

    def _note(self, note: Note) -> None:
        known = self._notes.get(note.text)
        if known is not None and (known == notices.changes() or note.text != notices.now()):
            return
        self._notes[note.text] = notices.changes()
        if self._told is not None:
            self._told(note.text)
        else:
            warnings.warn(note.text, NoteWarning, stacklevel=2)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing is held: the engine is the account's, and stays warm for the next."""

    @property
    def engine(self) -> Engine:
        """The engine that is asked: the account's service, which is started when it is needed."""
        if self._engine is None:
            from hinterland import paths
            from hinterland.engine.client import EngineClient

            self._engine = EngineClient(paths.find())
        return self._engine

    async def stream(  # noqa: PLR0913 - the settings of an answer, by name
        self,
        prompt: Prompt,
        *,
        system: str | None = None,
        schema: dict[str, Any] | None = None,
        images: Sequence[str | Path] = (),
        max_tokens: int | None = None,
        temperature: float | None = None,
        top_p: float | None = None,
        top_k: int | None = None,
        seed: int | None = None,
        stop: Sequence[str] = (),
        think: str | None = None,
    ) -> AsyncIterator[Event]:
        """Yield the events of an answer: see `hinterland.engine.protocol`; the last is Done.

        Raises InputError, ContextError, ModelError or EngineError instead of a Failed. Leaving the
        loop cancels the answer.
        """
        request = Request(
            await asyncio.to_thread(_messages, prompt, system, images),
            self.model,
            Sampling(max_tokens, temperature, top_p, top_k, seed, tuple(stop)),
            _checked(schema),
            think=Think(think) if think else None,
        )
        async for event in self.engine.stream(request):
            if isinstance(event, Failed):
                raise by_name(event.kind, event.message, event.hint)
            if isinstance(event, Note):
                self._note(event)
            yield event

    async def ask(self, prompt: Prompt, **settings: Any) -> Answer:
        """Return the whole answer; takes what `stream` takes and raises what it raises, and JobError
        for an answer that does not follow the schema."""
        words: list[str] = []
        thoughts: list[str] = []
        notes: list[str] = []
        async for event in self.stream(prompt, **settings):
            if isinstance(event, TextDelta):
                words.append(event.text)
            elif isinstance(event, Note):
                notes.append(event.text)
            elif isinstance(event, ReasoningDelta):
                thoughts.append(event.text)
            elif isinstance(event, Done):
                text, data = "".join(words), None
                if settings.get("schema") is not None:
                    data = _followed(settings["schema"], text)
                return Answer(
                    text=text,
                    data=data,
                    reasoning="".join(thoughts),
                    model=event.model,
                    finish_reason=event.finish_reason.value,
                    usage=event.usage,
                    notes=tuple(notes),
                )
        raise EngineError("The engine ended without an answer.", "Ask again.")

    async def batch(
        self, rows: Iterable[Mapping[str, Any]], *, concurrency: int | None = None
    ) -> AsyncIterator[Result]:
        """Yield a result for each row, as they are finished.

        Rows are as in the files of `hint batch`: see docs/batch.md. `rows` may be a generator: it
        is read ahead by some, in a thread. A row that fails is a result with an error.
        """
        from hinterland.batch.answering import Answering
        from hinterland.batch.formats import Own
        from hinterland.batch.intake import Intake
        from hinterland.batch.rows import Defaults, Maker
        from hinterland.batch.running import Run
        from hinterland.batch.sources import grouped
        from hinterland.jobs import Supply

        lines = ((line, msgspec.json.encode(row)) for line, row in enumerate(rows, start=1))
        intake = Intake(lambda: grouped(lines), Own(), Maker(Defaults(model=self.model)))
        results: asyncio.Queue[Result | None] = asyncio.Queue()
        room = asyncio.Event()
        target = await self.target(concurrency)
        target.engine = _Heard(target.engine, self._note)
        run = Run(
            Supply(intake.windows(longest_first=False)),
            [target],
            Answering(),
            results.put_nowait,
            room=lambda: room.wait() if results.qsize() >= _READ_AHEAD else None,
        )

        async def work() -> None:
            try:
                await run.go()
            finally:
                results.put_nowait(None)

        working = asyncio.create_task(work())
        try:
            while (result := await results.get()) is not None:
                if results.qsize() < _READ_AHEAD:
                    room.set()
                    room.clear()
                yield result
            await working
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)

    async def target(
        self, concurrency: int | None = None, told: Callable[[Event], None] | None = None
    ) -> Target:
        """Return this as a part of a batch, with as many rows at once as its engine has slots; that
        brings the model into memory, and `told` hears how it goes. Raises what `stream` raises."""
        from hinterland.batch.running import Target
        from hinterland.engine.client import EngineClient

        engine = self.engine
        workers = concurrency
        if isinstance(engine, EngineClient):
            model = await self._loaded(engine, told)
            if workers is None:
                status = await engine.status()
                slots = (
                    [each.slots for each in status.workers if each.model == model] if status else []
                )
                workers = slots[0] if slots and slots[0] else None
            workers = _allowed(workers, asked=concurrency is not None)
        return Target(engine, self.model, workers or _SLOTS_ELSEWHERE, grows=workers is None)

    async def _loaded(self, engine: EngineClient, told: Callable[[Event], None] | None) -> str:
        async for event in engine.load(self.model):
            if isinstance(event, Failed):
                raise by_name(event.kind, event.message, event.hint)
            if told is not None:
                told(event)
            if isinstance(event, Done):
                return event.model
        raise EngineError("The engine ended before the model was loaded.", "Try again.")


def told_before(_sentence: str) -> None:
    """Hear what commands and screens of `hint` tell by themselves: they follow `hinterland.notices`."""


class _Heard:
    """An engine whose notes are told."""

    def __init__(self, engine: Engine, note: Callable[[Note], None]) -> None:
        self._note = note
        self._engine = engine
        self.attach, self.count, self.cancel = engine.attach, engine.count, engine.cancel

    async def stream(self, request: Request) -> AsyncIterator[Event]:
        async for event in self._engine.stream(request):
            if isinstance(event, Note):
                self._note(event)
            yield event


def connect(
    model: str | None = None,
    *,
    engine: Engine | None = None,
    told: Callable[[str], None] | None = None,
) -> Hinterland:
    """Return a model to ask, for `async with`; the engine is started when the first is asked.
    `told` hears what has to be told of answers, which otherwise Python warns of."""
    return Hinterland(model, engine=engine, told=told)


def _allowed(workers: int | None, *, asked: bool) -> int | None:
    """Return how many rows a shared box takes of one person at once; unless so many were `asked` for,
    one less: a chat beside the batch shall not be turned away."""
    from hinterland import site

    box = site.find()
    most = box.limits.at_once if box is not None else 0
    if not most:
        return workers
    return min(workers or _SLOTS_ELSEWHERE, most if asked else max(1, most - 1))


_READ_AHEAD = 256
"""Results that may wait to be taken."""


def _messages(
    prompt: Prompt, system: str | None, images: Sequence[str | Path]
) -> tuple[Message, ...]:
    if isinstance(prompt, str):
        said = [Message("user", prompt)]
    else:
        try:
            said = [msgspec.convert(dict(each), Message) for each in prompt]
        except (msgspec.ValidationError, TypeError, ValueError) as error:
            raise InputError(
                f"The messages cannot be used: {error}.", "Give each a role and a content."
            ) from error
    if not said or not (said[-1].content.strip() or images):
        raise InputError("There is no prompt.", "Give a text.")
    if images:
        from hinterland.images import load

        urls = tuple(load(Path(each)).url for each in images)
        said[-1] = msgspec.structs.replace(said[-1], images=urls)
    if system and said[0].role != "system":
        said.insert(0, Message("system", system))
    return tuple(said)


def _checked(schema: dict[str, Any] | None) -> dict[str, Any] | None:
    if schema is not None:
        from hinterland import schemas

        schemas.check(schema)
    return schema


def _followed(schema: dict[str, Any], text: str) -> Any:
    from hinterland import schemas
    from hinterland.errors import JobError

    if wrong := schemas.check_answer(schema, text):
        raise JobError(f"The answer does not follow the schema: {wrong}.", "Ask again.")
    return msgspec.json.decode(text)

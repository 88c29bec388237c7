"""The headless core of a chat and of an `ask`: it sends, keeps what is said, and knows how to stop.

The command line and the screen both talk to this and to nothing below it.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from hinterland.engine.protocol import (
    Counted,
    Done,
    Engine,
    Event,
    Failed,
    FinishReason,
    ImageNote,
    ReasoningDelta,
    Request,
    Sampling,
    TextDelta,
    Think,
)
from hinterland.errors import ContextError, HinterlandError
from hinterland.turns import Turn, messages, new_id, sendable

if TYPE_CHECKING:
    from pathlib import Path

    from hinterland.config import Config
    from hinterland.history import History, Record
    from hinterland.images import Picture
    from hinterland.paths import Paths
    from hinterland.window import Fill


_TRY_AGAIN = 0.05  # seconds
_ROOM = 256
"""Tokens left for the answer in a conversation that goes on, where the window is large enough."""


class Keeper(Protocol):
    """What a conversation needs of a history. Each may block and raise StorageError."""

    def add_turn(self, conversation_id: str, turn: Turn) -> None:
        """Keep a turn."""

    def forget(self, turn_id: str) -> None:
        """Remove what is left of a turn of which there is nothing to keep."""

    def turn(self, conversation_id: str, turn_id: str) -> Turn | None:
        """Return a turn, taken in from its journal if need be; None when there is none."""

    def keep_image(self, conversation_id: str, picture: Picture) -> None:
        """Keep an image that is about to be sent."""

    def image(self, conversation_id: str, note: ImageNote) -> str:
        """Return a kept image as a `data:` URL."""

    def forget_images(self, conversation_id: str, notes: Sequence[ImageNote]) -> None:
        """Remove images that no turn has any more."""


class Conversation:
    """A conversation with an engine; without a history it leaves no trace on the disk."""

    def __init__(
        self,
        engine: Engine,
        history: Keeper | None,
        *,
        record: Record | None = None,
        running: Turn | None = None,
        model: str | None = None,
        system: str | None = None,
        sampling: Sampling | None = None,
        think: Think | None = None,
    ) -> None:
        self.id = record.id if record else new_id()
        self.title = record.title if record else ""
        self.turns: list[Turn] = list(record.turns) if record else []
        self.running = running
        """The turn that is being answered: by this process, or still by the service after the
        process that asked has gone; `follow` takes such an answer up."""
        last = running or (self.turns[-1] if self.turns else None)
        self.model = model or (last.model if last else None) or None
        self.system = system if system is not None else (last.system if last else None)
        self.sampling = sampling or Sampling()
        self.think = think
        """How much the model may think before the next answers; None leaves it to the settings."""
        self.usual_think: Think | None = None
        """How much it may think where nobody says; None leaves it to the model."""
        self._ended = False
        self._stopped = False
        self._counted = (-1, Counted(None, None))
        self._engine = engine
        self._history = history
        self._urls: dict[str, str] = {}
        self.config_folder: Path | None = None
        """Where prompts of the user's own lie."""

    @property
    def kept(self) -> bool:
        """Whether the turns are written to the history."""
        return self._history is not None

    @property
    def sent(self) -> list[Turn]:
        """The turns that are sent with the next prompt, in the order the model reads them."""
        return sendable(self.turns)

    async def ask(
        self,
        prompt: str,
        *,
        schema: dict[str, Any] | None = None,
        images: Sequence[Picture] = (),
    ) -> AsyncIterator[Event]:
        """Yield the answer's events; the last is Done or Failed. What was said is kept either way.

        Raises OutgrownError, before the model reads a word, when what was said earlier has to make
        room for the prompt; StorageError after the last event when the turn could not be written,
        and before the first one for an image that cannot be kept or is gone. Closing the iterator
        early leaves the answer to the service, or ends it where nothing is kept.
        """
        notes = await self._noted(images)
        turn = Turn(
            id=new_id(),
            created=time.time(),
            prompt=prompt,
            images=notes,
            system=self.system,
            model=self.model or "",
            sampling=self.sampling,
        )
        whole = self._request(prompt, schema, notes)
        outliving = msgspec.structs.replace(
            whole,
            conversation_id=self.id if self.kept else None,
            turn_id=turn.id,
            images=notes if self.kept else (),
        )
        too_long = None
        async for event in self._receive(turn, self._engine.stream(outliving)):
            if isinstance(event, Failed) and event.kind == ContextError.__name__ and self.sent:
                too_long = event
            else:
                yield event
        if too_long is not None:
            from hinterland.window import OutgrownError, overflow

            try:
                found = await overflow(
                    self._engine, self.sent, lambda n: self._request(prompt, schema, notes, n)
                )
            except HinterlandError:
                yield too_long  # it is as true as before
                return
            raise OutgrownError(found)

    def _request(
        self,
        prompt: str,
        schema: dict[str, Any] | None = None,
        images: Sequence[ImageNote] = (),
        without: int = 0,
    ) -> Request:
        """Return the request for `prompt`, without so many of the oldest turns that are sent."""
        sent = self.sent
        return Request(
            messages(sent[without:], self.system, prompt, images, self._urls),
            model=self.model,
            sampling=self.sampling,
            schema=schema,
            think=self.think or self.usual_think,
            usual=self.think is None and self.usual_think is not None,
            room=_ROOM if sent else 0,
        )

    async def count(self) -> Counted:
        """Return how many tokens are sent before a prompt's own, and the window, as the engine counts
        them; this may load the model. Raises HinterlandError."""
        from hinterland.window import count

        await self._noted(())
        counted = await count(self._engine, self._request(""))
        self._counted = (len(self.turns), counted)
        return counted

    @property
    def fill(self) -> Fill | None:
        """How full the window was at the last answer or `count`; None where that is not known."""
        from hinterland.window import Fill

        at, counted = self._counted
        if at == len(self.turns) and counted.prompt_tokens and counted.context:
            return Fill(counted.prompt_tokens, counted.context)
        for turn in (self.running, *reversed(self.turns)):
            if turn is None or (turn.replaces and turn is self.running):
                continue
            if turn.replaces:
                return None
            if turn.usage.prompt_tokens and turn.context:
                tokens = turn.usage.prompt_tokens + turn.usage.completion_tokens
                return Fill(tokens, turn.context)
        return None

    async def compact(self, going: Sequence[Turn]) -> AsyncIterator[Event]:
        """Yield the events of a summary of `going`, turns that are sent; the last is Done or Failed.

        With Done(STOP or LENGTH) the summary is in their place, in the history too. Otherwise, and
        when the iterator is closed early, nothing has changed. Raises HinterlandError likewise.
        """
        from hinterland import prompts
        from hinterland.summary import Summarising

        await self._noted(())
        work = Summarising(
            self._engine,
            Request(messages((), self.system, ""), model=self.model, sampling=self.sampling),
            going,
            prompts.load("compact", self.config_folder),
            self._urls,
        )
        self._stopped = False
        while (request := await work.step()) is not None:
            if self._stopped:  # between two steps
                yield Done(FinishReason.CANCELLED)
                return
            turn = self._stand_in(going, work.question, request)
            last: Event | None = None
            self.running, self._ended = turn, False
            try:
                async for event in self._engine.stream(request):
                    turn.receive(event)
                    self._ended = isinstance(event, Done | Failed)
                    if self._ended:
                        last = event
                    elif work.done or not isinstance(event, TextDelta | ReasoningDelta):
                        yield event
            finally:
                self.running = None
            assert isinstance(last, Done | Failed)
            if not turn.complete:
                yield last
                return
            if not turn.answer.strip():
                yield Failed("EngineError", "The model gave no summary.", "Nothing was changed.")
                return
            work.summary = turn.answer
            if work.done:
                await self._put_in_place(turn)
                yield last

    async def drop(self, going: Sequence[Turn]) -> None:
        """Send `going` no more; they stay in the history. Raises StorageError."""
        turn = self._stand_in(going, "", Request((), self.model))
        turn.finish_reason = FinishReason.STOP
        await self._put_in_place(turn)

    async def _put_in_place(self, turn: Turn) -> None:
        """Keep a turn that stands for others; if that fails all is as it was."""
        if self._history is not None:
            await asyncio.shield(asyncio.to_thread(self._history.add_turn, self.id, turn))
        self.turns.append(turn)

    def _stand_in(self, going: Sequence[Turn], prompt: str, request: Request) -> Turn:
        return Turn(
            id=request.turn_id or new_id(),
            created=time.time(),
            prompt=prompt,
            system=self.system,
            model=self.model or "",
            sampling=request.sampling,
            replaces=tuple(turn.id for turn in going),
        )

    async def _noted(self, images: Sequence[Picture]) -> tuple[ImageNote, ...]:
        """Keep the images of a turn and have those of the turns that are sent at hand."""
        for picture in images:
            self._urls[picture.file] = picture.url
            if self._history is not None:
                await asyncio.to_thread(self._history.keep_image, self.id, picture)
        for note in (note for turn in self.sent for note in turn.images):
            if note.file not in self._urls and self._history is not None:
                url = await asyncio.to_thread(self._history.image, self.id, note)
                self._urls[note.file] = url
        return tuple(ImageNote(picture.name, picture.file) for picture in images)

    async def follow(self) -> AsyncIterator[Event]:
        """Yield the events of the running turn, from the answer's start; also when it ended, or was
        cut off, before it could be taken up."""
        if self.running is None:
            return
        turn = msgspec.structs.replace(self.running, answer="", reasoning="")
        events = self._engine.attach(turn.id)
        first = await anext(events, None)
        if isinstance(first, Failed):
            self.running = None
            for event in await self._ended_meanwhile(turn, first):
                yield event
            return

        async def taken_up() -> AsyncIterator[Event]:
            if first is not None:
                yield first
            async for event in events:
                yield event

        async for event in self._receive(turn, taken_up()):
            yield event

    async def _ended_meanwhile(self, turn: Turn, failed: Failed) -> list[Event]:
        kept = None
        if self._history is not None:
            kept = await asyncio.to_thread(self._history.turn, self.id, turn.id)
        if kept is None:
            return [failed]
        self.turns.append(kept)
        end = Done(kept.finish_reason, kept.usage, kept.timings, kept.model)
        return [ReasoningDelta(kept.reasoning), TextDelta(kept.answer), end]

    async def stop(self) -> None:
        """End the running answer; its iterator then yields Done(CANCELLED).

        The request may still be on its way, to an engine that is just starting: it is waited for.
        """
        self._stopped = True
        turn = self.running
        while turn is not None and self.running is turn and not self._ended:
            if await self._engine.cancel(turn.id):
                return
            await asyncio.sleep(_TRY_AGAIN)

    async def _receive(self, turn: Turn, events: AsyncIterator[Event]) -> AsyncIterator[Event]:
        self.running = turn
        self._ended = False
        try:
            async for event in events:
                turn.receive(event)
                self._ended = isinstance(event, Done | Failed)
                yield event
        finally:
            self.running = None
            if self._ended:
                await self._keep(turn)

    async def _keep(self, turn: Turn) -> None:
        if turn.finish_reason is FinishReason.FAILED or not (turn.answer or turn.complete):
            await self._forget(turn)
            return
        self.turns.append(turn)
        if self._history is not None:
            # Shielded: a turn is not half kept because the command that asked is interrupted.
            await asyncio.shield(asyncio.to_thread(self._history.add_turn, self.id, turn))

    async def _forget(self, turn: Turn) -> None:
        if self._history is None:
            return
        await asyncio.to_thread(self._history.forget, turn.id)
        still_there = {note.file for kept in self.turns for note in kept.images}
        gone = [note for note in turn.images if note.file not in still_there]
        if gone:
            await asyncio.to_thread(self._history.forget_images, self.id, gone)


def open_conversation(
    paths: Paths,
    config: Config,
    *,
    resume: str | None = None,
    latest: bool = False,
    model: str | None = None,
    system: str | None = None,
    sampling: Sampling | None = None,
    keep_history: bool = True,
) -> Conversation:
    """Return a new conversation over the account's engine, or one from the history.

    Raises InputError for an unknown id, and StorageError when the history cannot be read.
    """
    from hinterland import prompts
    from hinterland.engine.client import EngineClient

    record, running = None, None
    if resume or latest:
        record, running = _history(paths).resume(resume)
    elif system is None:
        system = config.system or prompts.load("default", paths.config).system or None
    conversation = Conversation(
        EngineClient(paths),
        _HistoryWhenNeeded(paths) if keep_history and config.history else None,
        record=record,
        running=running,
        model=_from_here(model) or (None if record else config.model or None),
        system=system,
        sampling=sampling,
    )
    conversation.usual_think = Think(config.think) if config.think else None
    conversation.config_folder = paths.config
    return conversation


def _history(paths: Paths) -> History:
    from hinterland.history import History

    return History(paths)


class _HistoryWhenNeeded:
    """The history, imported when there is something to keep: until then a command would spend a
    quarter of its start-up on TinyDB and the search."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths

    def add_turn(self, conversation_id: str, turn: Turn) -> None:
        _history(self._paths).add_turn(conversation_id, turn)

    def forget(self, turn_id: str) -> None:
        _history(self._paths).forget(turn_id)

    def turn(self, conversation_id: str, turn_id: str) -> Turn | None:
        return _history(self._paths).turn(conversation_id, turn_id)

    def keep_image(self, conversation_id: str, picture: Picture) -> None:
        _history(self._paths).keep_image(conversation_id, picture)

    def image(self, conversation_id: str, note: ImageNote) -> str:
        return _history(self._paths).image(conversation_id, note)

    def forget_images(self, conversation_id: str, notes: Sequence[ImageNote]) -> None:
        _history(self._paths).forget_images(conversation_id, notes)


def _from_here(model: str | None) -> str | None:
    """Return a model that was named as a file by its whole path: the service runs elsewhere."""
    if model and ("/" in model or model.lower().endswith((".gguf", ".bin"))):
        return os.path.abspath(os.path.expanduser(model))
    return model

"""A prompt and its answer: asked, received, kept, gone on with where it was cut off, and stopped."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec

from hinterland import branches
from hinterland.engine.protocol import (
    Counted,
    Done,
    Engine,
    Event,
    Failed,
    FinishReason,
    ImageNote,
    Message,
    ReasoningDelta,
    Request,
    Sampling,
    TextDelta,
    Think,
    Usage,
)
from hinterland.errors import ContextError, HinterlandError, InputError, StorageError
from hinterland.keeping import Keeper, Keeping, put
from hinterland.prompt_memory import PromptMemory
from hinterland.turns import Seam, Turn, messages, new_id, sendable, taken_up

if TYPE_CHECKING:
    from pathlib import Path

    from hinterland.history import Record
    from hinterland.images import Picture
    from hinterland.titles import Titling


NOT_COUNTED = (-1, Counted(None, None))
_TRY_AGAIN = 0.05  # seconds
_ROOM = 256
"""Tokens left for the answer in a conversation that goes on, where the window is large enough."""


class Asking:
    """The asking of one prompt after the other; without a history it leaves no trace on the disk."""

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
        self.titled = bool(record and record.titled)
        """Whether a person or a model gave it a title."""
        self._titling: Titling | None = None
        self._keeping = Keeping(self.id, history, record.turns if record else ())
        self.turns: list[Turn] = record.branch([running] if running else []) if record else []
        """The turns of the branch that is spoken in, in order."""
        self.running = running
        """The turn that is being answered: by this process, or still by the service after the
        process that asked has gone; `follow` takes such an answer up."""
        self.collecting = False
        """Whether the running turn was cut off, and may only have gone on where nobody read it: what
        is kept of it is the beginning of what comes again, if anything does."""
        last = running or next((turn for turn in reversed(self.turns) if not turn.tool), None)
        self.model = model or (last.model if last else None) or None
        self.system = system if system is not None else (last.system if last else None)
        self.sampling = sampling or Sampling()
        self.think = think
        """How much the model may think before the next answers; None leaves it to the settings."""
        self.usual_think: Think | None = None
        """How much it may think where nobody says; None leaves it to the model."""
        self._ended = False
        self._stopped = False
        self._placing = False
        """Whether something is being asked in the place of an earlier prompt."""
        self._counted = NOT_COUNTED
        self._engine = engine
        self.config_folder: Path | None = None
        """Where prompts of the user's own lie."""
        self.memory = PromptMemory()
        """What the box that prompts are written in remembers."""

    @property
    def kept(self) -> bool:
        """Whether the turns are written to the history."""
        return self._keeping.history is not None

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
        noted: Sequence[ImageNote] = (),
    ) -> AsyncIterator[Event]:
        """Yield the answer's events; the last is Done or Failed. What was said is kept either way.
        `noted` are images that were sent with an earlier prompt and go with this one too.

        Raises OutgrownError, before the model reads a word, when what was said earlier has to make
        room for the prompt; StorageError after the last event when the turn could not be written,
        and before the first one for an image that cannot be kept or is gone. Closing the iterator
        early leaves the answer to the service, or ends it where nothing is kept.
        """
        notes = await self._noted(images, noted)
        turn = Turn(
            id=new_id(),
            created=time.time(),
            prompt=prompt,
            images=notes,
            system=self.system,
            model=self.model or "",
            sampling=self.sampling,
            parent=self._tip,
        )
        whole = self._request(prompt, schema, notes)
        outliving = msgspec.structs.replace(
            whole,
            conversation_id=self.id if self.kept else None,
            turn_id=turn.id,
            parent=turn.parent,
            images=notes if self.kept else (),
        )
        too_long = None
        on_its_way = not self._placing
        if on_its_way:
            self.memory.sends(prompt)
        async for event in self._receive(turn, self._engine.stream(outliving)):
            if on_its_way:
                on_its_way = False
                with suppress(StorageError):  # a draft too many; the next one takes its place
                    await self.memory.has_arrived()
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

    @property
    def tree(self) -> branches.Tree:
        """All turns, and what follows what."""
        return self._keeping.tree

    @property
    def cut_off(self) -> Turn | None:
        """The last turn, if its answer was cut off and can be gone on with."""
        turn = branches.last_said(self.turns)
        if turn is None or turn.finish_reason is FinishReason.STOP or not turn.answer.strip():
            return None
        return turn

    async def continue_(self) -> AsyncIterator[Event]:
        """Yield the events of the rest of an answer that was cut off, only what is new; then it is one
        answer, in the history too. Where nothing came, it is left as it was.

        Like `ask`. Raises InputError where there is nothing to go on with.
        """
        old = self.cut_off
        if old is None:
            raise InputError(
                "The last answer was not cut off, or has no text to go on from.",
                "Another answer to the prompt: /retry.",
            )
        await self._noted((), old.images)
        earlier = [turn for turn in self.turns if turn.id != old.id]
        asked = messages(earlier, self.system, old.prompt, old.images, self._keeping.urls)
        request = Request(
            (*asked, Message("assistant", old.answer)),
            model=self.model,
            sampling=self.sampling,
            conversation_id=self.id if self.kept else None,
            turn_id=old.id,
            parent=self.tree.parent(old.id),
            images=old.images if self.kept else (),
            # Reasoning comes before an answer: no template has a place for it within one.
            think=Think.OFF if old.reasoning or self.think or self.usual_think else None,
        )
        turn = msgspec.structs.replace(
            old,
            parent=request.parent,
            finish_reason=FinishReason.INTERRUPTED,
            error="",
            model=self.model or old.model,
            usage=Usage(),
        )
        seam = Seam(old.answer)
        events = (seam.new(event) async for event in self._engine.stream(request))
        async for event in self._receive(turn, events):
            yield event

    async def follow(self) -> AsyncIterator[Event]:
        """Yield the events of the running turn, from the answer's start; also when it ended, or was
        cut off, before it could be taken up."""
        if self.running is None:
            return
        # An answer that is gone on with begins with what was kept of it.
        old = None if self.collecting else self._keeping.turn(self.running.id)
        turn = msgspec.structs.replace(self.running, answer="", reasoning="")
        events = self._engine.attach(turn.id)
        first = await anext(events, None)
        if isinstance(first, Failed):
            self.running = None
            for event in await self._ended_meanwhile(turn, first):
                yield event
            return

        async for event in self._receive(turn, taken_up(old, first, events)):
            yield event

    async def _ended_meanwhile(self, turn: Turn, failed: Failed) -> list[Event]:
        kept = await self._keeping.written(turn.id)
        if kept is None and self.collecting:
            kept = self._keeping.turn(turn.id)
        if kept is None:
            return [failed]
        self._put(kept)
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

    @property
    def _tip(self) -> str:
        return self.turns[-1].id if self.turns else branches.BEGINNING

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
            messages(sent[without:], self.system, prompt, images, self._keeping.urls),
            model=self.model,
            sampling=self.sampling,
            schema=schema,
            think=self.think or self.usual_think,
            usual=self.think is None and self.usual_think is not None,
            room=_ROOM if sent else 0,
        )

    async def _noted(
        self, images: Sequence[Picture], noted: Sequence[ImageNote] = ()
    ) -> tuple[ImageNote, ...]:
        """Keep the images of a turn and have those of the turns that are sent at hand."""
        kept = await self._keeping.keep_images(images)
        earlier = (note for turn in self.sent for note in turn.images)
        await self._keeping.have_at_hand((*noted, *earlier))
        return (*noted, *kept)

    async def _receive(self, turn: Turn, events: AsyncIterator[Event]) -> AsyncIterator[Event]:
        self.running = turn
        self._ended = False
        if self._titling is not None:
            await self._titling.stop()
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
        if self._keeping.worth_keeping(turn):
            self._put(turn)
            await self._keeping.write(turn)
        else:
            await self._keeping.forget(turn)

    def _put(self, turn: Turn) -> None:
        """Add a turn to this branch, in the place of what was there of it."""
        self._keeping.remember(turn)
        put(turn, self.turns)
        self._counted = NOT_COUNTED

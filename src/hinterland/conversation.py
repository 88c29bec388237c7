"""The headless core of a chat and of an `ask`: it sends, keeps what is said, and knows how to stop.

The command line and the screen both talk to this and to nothing below it.
"""

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
    from hinterland.window import Fill


_NOT_COUNTED = (-1, Counted(None, None))
_TRY_AGAIN = 0.05  # seconds
_ROOM = 256
"""Tokens left for the answer in a conversation that goes on, where the window is large enough."""


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
        self._counted = _NOT_COUNTED
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

    async def retry(self) -> AsyncIterator[Event]:
        """Yield the events of another answer to the last prompt, an alternative to the one there is.

        Like `ask`; where nothing is kept of it, the branch is the one from before. Raises InputError
        when nothing was asked yet.
        """
        turn = branches.last_said(self.turns)
        if turn is None:
            raise InputError("Nothing was asked yet.")
        async for event in self._beside(turn, turn.prompt, ()):
            yield event

    async def edit(
        self, turn_id: str, prompt: str, *, images: Sequence[Picture] = ()
    ) -> AsyncIterator[Event]:
        """Yield the events of the answer to `prompt`, asked in the place of an earlier one with its
        images and those; what followed that one stays on its own branch.

        Like `retry`. Raises InputError for a turn that is not on this branch.
        """
        async for event in self._beside(self._on_branch(turn_id), prompt, images):
            yield event

    async def _beside(
        self, turn: Turn, prompt: str, images: Sequence[Picture]
    ) -> AsyncIterator[Event]:
        before = self.turns
        line, copies = branches.before(before, turn)
        self._placing = True
        try:
            for copy in copies:  # first: a journal may have to name it
                await self._keeping.add(copy, current=False)
            self.turns = [*line, *copies]
            self._counted = _NOT_COUNTED
            async for event in self.ask(prompt, images=images, noted=turn.images):
                yield event
        finally:
            self._placing = False
            if len(self.turns) == len(line) + len(copies):
                self.turns = before

    def siblings(self, turn: Turn) -> list[Turn]:
        """Return the alternatives to a turn, oldest first, itself among them."""
        return self.tree.siblings(turn.id)

    @property
    def tree(self) -> branches.Tree:
        """All turns, and what follows what."""
        return self._keeping.tree

    async def switch(self, turn_id: str) -> None:
        """Go to the branch that was spoken in last of those with this turn. What is asked before this
        has returned is asked on that branch.

        Raises InputError for an unknown turn, and while an answer comes; StorageError.
        """
        tree = self.tree
        if turn_id not in tree:
            raise InputError("There is no such turn in this conversation.")
        if self._placing or self.running is not None:
            raise InputError("An answer is still being written in this conversation.")
        tip = tree.tip(turn_id)
        before, there = self.turns, tree.line(tip)
        self.turns = list(there)
        self._counted = _NOT_COUNTED
        try:
            await self._keeping.show(tip)
        except StorageError:
            if self.turns == there and self.running is None:
                self.turns = before
            raise

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

    def _on_branch(self, turn_id: str) -> Turn:
        found = (turn for turn in self.turns if turn.id == turn_id and turn.asked)
        turn = next(found, None)
        if turn is None:
            raise InputError("There is no such prompt on this branch.")
        return turn

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
        from hinterland.window import Fill, fill_after

        at, counted = self._counted
        if at == len(self.turns) and counted.prompt_tokens and counted.context:
            return Fill(counted.prompt_tokens, counted.context)
        return fill_after(self.turns, self.running)

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
            self._keeping.urls,
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

    async def keep_use(
        self, tool: str, prompt: str, answer: str, finish_reason: FinishReason
    ) -> None:
        """Keep what a plugin's tool was asked and answered; raises StorageError."""
        at, counted = self._counted
        turn = Turn(
            id=new_id(),
            created=time.time(),
            prompt=prompt,
            answer=answer,
            tool=tool,
            finish_reason=finish_reason,
            parent=self.running.id if self.running else self._tip,
        )
        await self._keeping.add(turn)
        self.turns.append(turn)
        self._counted = (at + 1, counted) if at == len(self.turns) - 1 else self._counted

    async def _put_in_place(self, turn: Turn) -> None:
        """Keep a turn that stands for others; if that fails all is as it was."""
        await self._keeping.add(turn)
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
            parent=self._tip,
        )

    async def _noted(
        self, images: Sequence[Picture], noted: Sequence[ImageNote] = ()
    ) -> tuple[ImageNote, ...]:
        """Keep the images of a turn and have those of the turns that are sent at hand."""
        kept = await self._keeping.keep_images(images)
        earlier = (note for turn in self.sent for note in turn.images)
        await self._keeping.have_at_hand((*noted, *earlier))
        return (*noted, *kept)

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

    async def look_up_title(self) -> None:
        """Have the title that it was given since, in this window or elsewhere; raises StorageError."""
        history = self._keeping.history
        found = await asyncio.to_thread(history.title, self.id) if history is not None else None
        if found is not None:
            self.title, self.titled = found

    async def suggest_title(self) -> bool:
        """Have the model make a title of what was said, and keep it if it is usable and there is
        none; return whether the model came to it: the engine may have something else to do.

        Whatever is asked meanwhile ends it at once. Raises ConfigError, StorageError.
        """
        from hinterland.titles import Titling

        history, sent = self._keeping.history, self.sent
        if history is None or not sent or self._needs_no_title():
            return True
        if any(turn.images for turn in sent):
            return True  # looking at them anew would take the machine for a while
        await self.look_up_title()
        if self._needs_no_title():
            return True
        titling = Titling(self._engine, sent, self.system, self.model, self.config_folder)
        self._titling = titling
        try:
            title = await titling.title()
        finally:
            self._titling = None
        if title:
            try:
                kept: bool = await asyncio.to_thread(history.suggest_title, self.id, title)
            except InputError:  # it was deleted meanwhile
                return True
            self.titled = True  # by us or, meanwhile, by a person
            self.title = title if kept else self.title
        return title is not None

    def _needs_no_title(self) -> bool:
        return self.titled or self.running is not None or self._titling is not None

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
        self._counted = _NOT_COUNTED

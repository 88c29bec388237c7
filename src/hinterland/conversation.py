"""The headless core of a chat and of an `ask`: it sends, keeps what is said, and knows how to stop.

The command line and the screen both talk to this and to nothing below it.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from hinterland import branches
from hinterland.engine.protocol import (
    COMPLETE,
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
from hinterland.errors import ContextError, HinterlandError, InputError
from hinterland.prompt_memory import PromptMemory
from hinterland.turns import Seam, Turn, messages, new_id, sendable

if TYPE_CHECKING:
    from pathlib import Path

    from hinterland.config import Config
    from hinterland.history import History, Record
    from hinterland.images import Picture
    from hinterland.paths import Paths
    from hinterland.window import Fill


_NOT_COUNTED = (-1, Counted(None, None))
_TRY_AGAIN = 0.05  # seconds
_PATIENCE_WITH_TITLE = 0.3
"""Seconds that a prompt waits at most for the end of a title that was being made."""
_ROOM = 256
"""Tokens left for the answer in a conversation that goes on, where the window is large enough."""


class Keeper(Protocol):
    """What a conversation needs of a history. Each may block and raise StorageError."""

    def add_turn(self, conversation_id: str, turn: Turn, *, current: bool = True) -> None:
        """Keep a turn, and show its branch from now on unless it is not `current`."""

    def show(self, conversation_id: str, turn_id: str) -> None:
        """Show the branch that ends with this turn from now on."""

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

    def suggest_title(self, conversation_id: str, title: str) -> bool:
        """Give a conversation a title, unless it was given one; return whether it has it now."""


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
        self._titling: tuple[str, asyncio.Event] | None = None
        self._all: list[Turn] = list(record.turns) if record else []
        self.turns: list[Turn] = record.branch([running] if running else []) if record else []
        """The turns of the branch that is spoken in, in order."""
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
        self._counted = _NOT_COUNTED
        self._engine = engine
        self._history = history
        self._urls: dict[str, str] = {}
        self.config_folder: Path | None = None
        """Where prompts of the user's own lie."""
        self.memory = PromptMemory()
        """What the box that prompts are written in remembers."""

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
        for copy in copies:  # first: a journal may have to name it
            await self._add(copy, current=False)
        self.turns = [*line, *copies]
        self._counted = _NOT_COUNTED
        try:
            async for event in self.ask(prompt, images=images, noted=turn.images):
                yield event
        finally:
            if len(self.turns) == len(line) + len(copies):
                self.turns = before

    def siblings(self, turn: Turn) -> list[Turn]:
        """Return the alternatives to a turn, oldest first, itself among them."""
        return self.tree.siblings(turn.id)

    @property
    def tree(self) -> branches.Tree:
        """All turns, and what follows what."""
        return branches.Tree(self._all)

    async def switch(self, turn_id: str) -> None:
        """Go to the branch that was spoken in last of those with this turn.

        Raises InputError for an unknown turn, StorageError.
        """
        tree = self.tree
        if turn_id not in tree:
            raise InputError("There is no such turn in this conversation.")
        tip = tree.tip(turn_id)
        if self._history is not None:
            await asyncio.to_thread(self._history.show, self.id, tip)
        self.turns = tree.line(tip)
        self._counted = _NOT_COUNTED

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
        asked = messages(earlier, self.system, old.prompt, old.images, self._urls)
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
        found = (turn for turn in self.turns if turn.id == turn_id and not turn.replaces)
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
        await self._add(turn)
        self.turns.append(turn)

    async def _add(self, turn: Turn, *, current: bool = True) -> None:
        if self._history is not None:
            # Shielded: a turn is not half kept because the command that asked is interrupted.
            keep = partial(self._history.add_turn, self.id, turn, current=current)
            await asyncio.shield(asyncio.to_thread(keep))
        self._all.append(turn)

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
        for picture in images:
            self._urls[picture.file] = picture.url
            if self._history is not None:
                await asyncio.to_thread(self._history.keep_image, self.id, picture)
        for note in (*noted, *(note for turn in self.sent for note in turn.images)):
            if note.file not in self._urls and self._history is not None:
                url = await asyncio.to_thread(self._history.image, self.id, note)
                self._urls[note.file] = url
        return (*noted, *(ImageNote(picture.name, picture.file) for picture in images))

    async def follow(self) -> AsyncIterator[Event]:
        """Yield the events of the running turn, from the answer's start; also when it ended, or was
        cut off, before it could be taken up."""
        if self.running is None:
            return
        # An answer that is gone on with begins with what was kept of it.
        old = next((turn for turn in self._all if turn.id == self.running.id), None)
        turn = msgspec.structs.replace(self.running, answer="", reasoning="")
        events = self._engine.attach(turn.id)
        first = await anext(events, None)
        if isinstance(first, Failed):
            self.running = None
            for event in await self._ended_meanwhile(turn, first):
                yield event
            return

        seam = Seam(old.answer if old else "")

        async def taken_up() -> AsyncIterator[Event]:
            if old is not None:
                if old.reasoning:
                    yield ReasoningDelta(old.reasoning)
                yield TextDelta(old.answer)
            if first is not None:
                yield seam.new(first)
            async for event in events:
                yield seam.new(event)

        async for event in self._receive(turn, taken_up()):
            yield event

    async def _ended_meanwhile(self, turn: Turn, failed: Failed) -> list[Event]:
        kept = None
        if self._history is not None:
            kept = await asyncio.to_thread(self._history.turn, self.id, turn.id)
        if kept is None:
            return [failed]
        self._put(kept)
        end = Done(kept.finish_reason, kept.usage, kept.timings, kept.model)
        return [ReasoningDelta(kept.reasoning), TextDelta(kept.answer), end]

    async def suggest_title(self) -> bool:
        """Have the model make a title of what was said, and keep it if it is usable and there is
        none; return whether the model came to it: the engine may have something else to do.

        Whatever is asked meanwhile ends it at once. Raises ConfigError, StorageError.
        """
        from hinterland import prompts, titles

        history, sent = self._history, self.sent
        if history is None or self.titled or not sent or self.running or self._titling:
            return True
        if any(turn.images for turn in sent):
            return True  # looking at them anew would take the machine for a while
        prompt = prompts.load("title", self.config_folder)
        question = prompt.render(beginning=titles.beginning(sent[0].prompt))
        request = titles.request(messages(sent, self.system, question), self.model)
        over = asyncio.Event()
        self._titling = (request.turn_id or "", over)
        said, end = "", FinishReason.FAILED
        try:
            async for event in self._engine.stream(request):
                if isinstance(event, TextDelta):
                    said += event.text
                elif isinstance(event, Done):
                    end = event.finish_reason
        finally:
            self._titling = None
            over.set()
        if end not in COMPLETE:
            return False
        title = titles.cleaned(said, prompt.render(beginning=""), cut=end is FinishReason.LENGTH)
        if title:
            try:
                kept: bool = await asyncio.to_thread(history.suggest_title, self.id, title)
            except InputError:  # it was deleted meanwhile
                return True
            self.titled = True  # by us or, meanwhile, by a person
            self.title = title if kept else self.title
        return True

    async def _stop_titling(self) -> None:
        """End the making of a title, so that the slot that holds this conversation is free."""
        if self._titling is None:
            return
        turn_id, over = self._titling
        with suppress(HinterlandError, TimeoutError):
            async with asyncio.timeout(_PATIENCE_WITH_TITLE):
                await self._engine.cancel(turn_id)
                await over.wait()

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
        await self._stop_titling()
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
        old = next((each for each in self._all if each.id == turn.id), None)
        nothing_new = old is not None and turn.answer == old.answer and not turn.complete
        failed = turn.finish_reason is FinishReason.FAILED or not (turn.answer or turn.complete)
        if failed or nothing_new:
            await self._forget(turn)
            return
        self._put(turn)
        if self._history is not None:
            # Shielded: a turn is not half kept because the command that asked is interrupted.
            await asyncio.shield(asyncio.to_thread(self._history.add_turn, self.id, turn))

    def _put(self, turn: Turn) -> None:
        """Add a turn to this branch, in the place of what was there of it."""
        for turns in (self._all, self.turns):
            for at, each in enumerate(turns):
                if each.id == turn.id:
                    turns[at] = turn
                    break
            else:
                turns.append(turn)
        self._counted = _NOT_COUNTED

    async def _forget(self, turn: Turn) -> None:
        if self._history is None:
            return
        await asyncio.to_thread(self._history.forget, turn.id)
        still_there = {note.file for kept in self._all for note in kept.images}
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
    if conversation.kept:
        conversation.memory = PromptMemory(paths, conversation.id)
    return conversation


def _history(paths: Paths) -> History:
    from hinterland.history import History

    return History(paths)


class _HistoryWhenNeeded:
    """The history, imported when there is something to keep: until then a command would spend a
    quarter of its start-up on TinyDB and the search."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths

    def add_turn(self, conversation_id: str, turn: Turn, *, current: bool = True) -> None:
        _history(self._paths).add_turn(conversation_id, turn, current=current)

    def show(self, conversation_id: str, turn_id: str) -> None:
        _history(self._paths).show(conversation_id, turn_id)

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

    def suggest_title(self, conversation_id: str, title: str) -> bool:
        return _history(self._paths).suggest_title(conversation_id, title)


def _from_here(model: str | None) -> str | None:
    """Return a model that was named as a file by its whole path: the service runs elsewhere."""
    if model and ("/" in model or model.lower().endswith((".gguf", ".bin"))):
        return os.path.abspath(os.path.expanduser(model))
    return model

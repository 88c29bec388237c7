"""The headless core of a chat and of an `ask`: a conversation with its branches, its window and its title.

It asks as `hinterland.asking` does. The command line and the screen both talk to this and to nothing
below it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

from hinterland import branches, notices
from hinterland.asking import NOT_COUNTED, Asking
from hinterland.engine.protocol import (
    Counted,
    Done,
    Event,
    Failed,
    FinishReason,
    ReasoningDelta,
    Request,
    TextDelta,
)
from hinterland.errors import InputError, StorageError
from hinterland.turns import Turn, messages, new_id

if TYPE_CHECKING:
    from hinterland.images import Picture
    from hinterland.window import Fill


class Conversation(Asking):
    """A conversation with an engine; without a history it leaves no trace on the disk."""

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
            self._counted = NOT_COUNTED
            async for event in self.ask(prompt, images=images, noted=turn.images):
                yield event
        finally:
            self._placing = False
            if len(self.turns) == len(line) + len(copies):
                self.turns = before

    def siblings(self, turn: Turn) -> list[Turn]:
        """Return the alternatives to a turn, oldest first, itself among them."""
        return self.tree.siblings(turn.id)

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
        self._counted = NOT_COUNTED
        try:
            await self._keeping.show(tip)
        except StorageError:
            if self.turns == there and self.running is None:
                self.turns = before
            raise

    def _on_branch(self, turn_id: str) -> Turn:
        found = (turn for turn in self.turns if turn.id == turn_id and turn.asked)
        turn = next(found, None)
        if turn is None:
            raise InputError("There is no such prompt on this branch.")
        return turn

    async def count(self) -> Counted:
        """Return how many tokens are sent before a prompt's own, and the window, as the engine counts
        them; this may load the model. Raises HinterlandError."""
        from hinterland.window import count

        await self._noted(())
        counted = await count(self._engine, self._request(""))
        self._counted = (len(self.turns), counted)
        return counted

    def cut_at(self, end: Done) -> int:
        """Return `Turn.cut_at` of the last answer, if that is how it ended; 0 for what else ended so."""
        turn = self.running or (self.turns[-1] if self.turns else None)
        if turn is None or end.finish_reason is not FinishReason.LENGTH:
            return 0
        its_own = turn.usage.completion_tokens == end.usage.completion_tokens
        return turn.cut_at if its_own else 0

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

    async def look_up_title(self) -> None:
        """Have the title that it was given since, in this window or elsewhere; raises StorageError."""
        history = self._keeping.history
        found = await asyncio.to_thread(history.title, self.id) if history is not None else None
        if found is not None:
            self.title, self.titled = found

    async def suggest_title(self) -> bool:
        """Have the model make a title of what was said, and keep it if it is usable and there is
        none; return whether the model came to it: the engine may have something else to do.

        Whatever is asked meanwhile ends it at once, and in a class whose teacher reads along none is
        asked for. Raises ConfigError, StorageError.
        """
        from hinterland.titles import Titling

        history, sent = self._keeping.history, self.sent
        if history is None or not sent or self._needs_no_title():
            return True
        if notices.now():
            return True  # it would be kept for a teacher with words of before
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

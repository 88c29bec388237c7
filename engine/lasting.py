"""An answer of a shared box that outlasts the box: kept here as it comes, and asked for again or gone
on with when a box that died is back.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

import msgspec

from hinterland.engine import exchange, requests
from hinterland.engine.exchange import LostError, Question, UnknownError
from hinterland.engine.launcher import Reached
from hinterland.engine.own_journal import OwnJournal
from hinterland.engine.protocol import (
    Done,
    Event,
    Failed,
    FinishReason,
    Message,
    Note,
    PromptProgress,
    ReasoningDelta,
    Request,
    TextDelta,
    Think,
    begun,
)
from hinterland.engine.shared import UnreachableError
from hinterland.errors import EngineError, HinterlandError, name_of
from hinterland.language import N_
from hinterland.paths import Paths

PATIENCE = 15.0
"""Seconds for a box that died to come back."""
_LOOK_EVERY = 0.25  # seconds
_MOST_LOSSES = 4
_MOST_LOSSES_BEGUN = 1
"""How often an answer is asked for again that was begun when the box died: perhaps of it."""
_STOPS = "The engine was stopped "
"""How the sentence begins with which a service ends the answers that run when it is told to end."""

_WAITS = N_("The shared box has gone; waiting for it to come back.")
_WAITS_FIRST = N_("{why} It is waited for.")
_ASKED_AGAIN = N_("The shared box is back and was asked again.")
_GOES_ON = N_("The shared box is back; the answer goes on.")
_INSTEAD = N_("{why} Your own engine answers.")


class _StoppedError(Exception):
    """Whoever asked wants no answer any more."""


class Lasting:
    """One answer. `is_stopped` says whether it is not wanted any more: there may be no box to tell."""

    def __init__(self, paths: Paths, request: Request, is_stopped: Callable[[], bool]) -> None:
        self._paths = paths
        self._request = request
        self._is_stopped = is_stopped
        self._outlives = request.conversation_id is not None and request.turn_id is not None
        self._journal: OwnJournal | None = None
        self._why = ""
        """Why the box could not be asked."""
        self._note = ""
        """What to say when the box was reached."""
        self._before = ""
        """What was shown of the answer before the box was asked for the rest."""
        self._said = self._thought = ""
        """What was shown since."""
        self._said_again = self._thought_again = 0
        """Characters that come a second time."""
        self._tokens = 0
        self._begun = False
        """Whether the box has begun with what it was last asked."""
        self._losses = self._losses_begun = 0

    async def events(self) -> AsyncGenerator[Event, None]:
        """Yield the answer's events; the last is Done or Failed."""
        try:
            async with aclosing(self._told()) as told:
                async for event in told:
                    if self._journal is not None and (news := self._journal.take(event)):
                        yield news
                    yield event
        finally:
            if self._journal is not None:
                self._journal.close()

    async def _told(self) -> AsyncGenerator[Event, None]:
        try:
            async with aclosing(self._whole()) as whole:
                async for event in whole:
                    yield event
        except _StoppedError:
            yield Done(FinishReason.CANCELLED)
        except HinterlandError as error:
            yield Failed(name_of(error), error.message, error.hint)

    async def _whole(self) -> AsyncGenerator[Event, None]:
        question = _chat(self._request)
        while True:
            try:
                async with aclosing(self._asked(question)) as events:
                    async for event in events:
                        yield event
                return
            except LostError:
                question = self._after_loss()
                await asyncio.sleep(_LOOK_EVERY)  # who dies may still seem to listen
            except UnknownError:
                if not self._losses:
                    raise
                question = self._again()  # the box that wrote the answer is no more

    async def _asked(self, question: Question) -> AsyncGenerator[Event, None]:
        """Yield what comes of a question; raises LostError when the box goes away."""
        reached = await self._reached(question)
        if reached is None:
            yield Note(_WAITS if self._losses else _WAITS_FIRST.format(why=self._why))
            reached = await self._returned(question)
        if reached.why is not None:
            yield Note(_INSTEAD.format(why=reached.why.message))
        elif self._journal is None and self._outlives:  # one's own service writes it itself
            self._journal = OwnJournal(self._paths, self._request)
        if self._note:
            yield Note(self._note)
            self._note = ""
        async with aclosing(exchange.events(reached.connection)) as events:
            async for event in events:
                if isinstance(event, Failed) and event.message.startswith(_STOPS):
                    raise LostError
                if (new := self._new(event)) is not None:
                    yield new

    async def _reached(self, question: Question) -> Reached | None:
        """Return the connection on which the answer comes; None when the box may be back soon."""
        try:
            return await exchange.ask(self._paths, question, own=False)
        except UnreachableError as error:
            self._why = error.message
            if error.returns or self._losses:
                return None
        return await exchange.ask(self._paths, question)

    async def _returned(self, question: Question) -> Reached:
        """Wait for the box and return the connection; raises HinterlandError when it stays away."""
        end = time.monotonic() + PATIENCE
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            if self._is_stopped():
                raise _StoppedError
            late = time.monotonic() > end
            try:
                return await exchange.ask(self._paths, question, own=late and not self._shown)
            except UnreachableError as error:
                if late:
                    raise self._cut() if self._shown else _away(error) from error

    @property
    def _shown(self) -> bool:
        return bool(self._before or self._said or self._thought)

    def _after_loss(self) -> Question:
        """Return what to ask when the box went away; raises EngineError when that is enough."""
        self._losses += 1
        self._losses_begun += self._begun
        self._begun = False
        if self._is_stopped():
            raise _StoppedError
        if self._losses > _MOST_LOSSES or self._losses_begun > _MOST_LOSSES_BEGUN:
            raise self._cut() if self._shown else _dies()
        if not self._outlives or self._before or begun(self._request.messages):
            return self._again()
        self._said_again, self._thought_again = len(self._said), len(self._thought)
        return Question("GET", f"/hint/answers/{self._request.turn_id}")

    def _again(self) -> Question:
        """Return what asks for the answer, or for the rest of it; raises EngineError when what was
        shown cannot be gone on with."""
        self._said_again = self._thought_again = 0
        if not self._shown:
            self._note = _ASKED_AGAIN
            return _chat(self._request)
        rest = self._rest()
        if rest is None:
            raise self._cut()
        self._note = _GOES_ON
        self._before, self._said = self._before + self._said, ""
        return _chat(rest)

    def _rest(self) -> Request | None:
        """Return the request for the rest; None where that would not be the rest of this answer: in
        the middle of a thought or of what follows a schema."""
        request, said = self._request, self._before + self._said
        most = request.sampling.max_tokens
        left = None if most is None else most - self._tokens
        if request.schema is not None or not said.strip() or (left is not None and left <= 0):
            return None
        asked, earlier = request.messages, begun(request.messages)
        if earlier:
            asked = asked[:-1]
        return msgspec.structs.replace(
            request,
            messages=(*asked, Message("assistant", earlier + said)),
            sampling=msgspec.structs.replace(request.sampling, max_tokens=left),
            think=Think.OFF if self._thought or request.think else None,
        )

    def _new(self, event: Event) -> Event | None:
        """Take note of an event and return what is new of it; None where nothing is."""
        match event:
            case TextDelta(text):
                self._begun = True
                if self._before and not self._said:  # some servers say again what they were given
                    text = text.removeprefix(begun(self._request.messages) + self._before)
                text, self._said_again = _after(text, self._said_again)
                self._said += text
                self._tokens += bool(text)
                return TextDelta(text) if text else None
            case ReasoningDelta(text):
                self._begun = True
                text, self._thought_again = _after(text, self._thought_again)
                self._thought += text
                self._tokens += bool(text)
                return ReasoningDelta(text) if text else None
            case PromptProgress():
                self._begun = True
        return event

    def _cut(self) -> EngineError:
        hint = "Ask again."
        if self._journal is not None and self._journal.saves:
            hint = "What came is kept: `hint --continue` opens it, and /continue asks for the rest."
        return EngineError("The shared box stopped in the middle of the answer.", hint)


def _chat(request: Request) -> Question:
    """Return what asks for an answer. The rest of one does not go on without its reader: whoever
    fetched it could not tell where it belongs."""
    if begun(request.messages):
        request = msgspec.structs.replace(request, conversation_id=None)
    return Question("POST", exchange.CHAT, requests.encode(request))


def _after(text: str, skipped: int) -> tuple[str, int]:
    """Return a text without its first characters, and how many of those are still to come."""
    return text[skipped:], max(0, skipped - len(text))


def _away(error: UnreachableError) -> EngineError:
    return EngineError(
        f"The shared box did not come back within {PATIENCE:.0f} seconds.", error.hint
    )


def _dies() -> EngineError:
    return EngineError(
        "The shared box stopped again and again over this prompt.",
        "It is not asked once more; ask who looks after this machine.",
    )

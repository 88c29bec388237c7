"""The one way to an engine service: a request over its socket, its answer as a stream of events."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

import h11
import msgspec

from hinterland.engine import exchange, requests, shared
from hinterland.engine.exchange import LostError, NotRunningError, Question
from hinterland.engine.protocol import Counted, Event, Failed, Priority, Queued, Request
from hinterland.engine.shared import UnreachableError
from hinterland.engine.status import ServiceStatus
from hinterland.errors import HinterlandError, name_of
from hinterland.paths import Paths


class EngineClient:
    """Attaches to the shared box, where the machine has one, or to the account's service, and starts
    that when there is none."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._stopped: set[str] = set()
        """Turns that were to be stopped: their answers are not asked for again."""
        self.in_line: dict[int, Queued] = {}
        """What the requests that wait were told last, by the request."""

    async def stream(self, request: Request) -> AsyncIterator[Event]:
        """Yield the answer's events; the last is Done or Failed.

        Closing the iterator cancels a request that has no conversation; one that has goes on.
        """
        try:
            box = shared.find()
        except HinterlandError as error:
            yield failure(error)
            return
        self._stopped.discard(request.turn_id or "")
        start = not request.when_idle
        # A batch asks again by itself, from the start.
        if box is None or request.when_idle or request.priority is Priority.BATCH:
            events = self._events("POST", exchange.CHAT, requests.encode(request), start=start)
        else:
            events = self._lasting(request)
        async with aclosing(events):
            async for event in events:
                if isinstance(event, Queued):
                    waiting = self._in_line(request, event, events)
                    async with aclosing(waiting):
                        async for later in waiting:
                            yield later
                    return
                yield event

    async def _in_line(
        self, request: Request, first: Queued, others: AsyncGenerator[Event, None]
    ) -> AsyncGenerator[Event, None]:
        """Yield an answer's events from the first that told of a wait."""
        from hinterland.engine.countdown import counted_down

        try:
            async with aclosing(counted_down(first, others)) as events:
                async for event in events:
                    self.in_line.pop(id(request), None)
                    if isinstance(event, Queued):
                        self.in_line[id(request)] = event
                    yield event
        finally:
            self.in_line.pop(id(request), None)

    async def attach(self, turn_id: str) -> AsyncIterator[Event]:
        """Yield the events of an answer that is being written, from its start."""
        async for event in self._events("GET", f"/hint/answers/{turn_id}"):
            yield event

    async def load(self, model: str | None = None) -> AsyncIterator[Event]:
        """Bring a model into memory and yield how that goes."""
        async for event in self._events(
            "POST", "/hint/load", msgspec.json.encode({"model": model})
        ):
            yield event

    async def count(self, request: Request) -> AsyncIterator[Event]:
        """Yield how the prompt is counted: Counted and then Done; or Failed. Nothing is answered."""
        async for event in self._events("POST", "/hint/count", requests.encode(request)):
            if isinstance(event, Counted) and shared.find() is not None:
                event = _as_it_is(event)
            yield event

    async def cancel(self, turn_id: str) -> bool:
        """Stop the answer to that turn; its stream ends with Done(CANCELLED). Return whether the
        service knew of it."""
        self._stopped.add(turn_id)
        answer = await self._ask("POST", f"/hint/cancel/{turn_id}")
        return answer is not None and bool(msgspec.json.decode(answer)["cancelled"])

    async def status(self) -> ServiceStatus | None:
        """Return what the service says of itself; None when none runs."""
        answer = await self._ask("GET", "/hint/status")
        return None if answer is None else msgspec.json.decode(answer, type=ServiceStatus)

    async def stop(self) -> bool:
        """Tell the service to end; return whether one ran. It is gone when its socket is."""
        return await self._ask("POST", "/hint/stop") is not None

    async def stop_if_idle(self) -> bool:
        """Tell the service to end unless it is answering; return whether none will run."""
        answer = await self._ask("POST", "/hint/stop?idle=1")
        return answer is None or bool(msgspec.json.decode(answer)["stopping"])

    def _lasting(self, request: Request) -> AsyncGenerator[Event, None]:
        from hinterland.engine.lasting import Lasting

        return Lasting(self._paths, request, lambda: request.turn_id in self._stopped).events()

    async def _events(
        self, method: str, target: str, body: bytes = b"", *, start: bool = True
    ) -> AsyncGenerator[Event, None]:
        try:
            reached = await exchange.ask(self._paths, Question(method, target, body), start=start)
            async for event in exchange.events(reached.connection):
                yield event
        except HinterlandError as error:
            yield failure(error)

    async def _ask(self, method: str, target: str) -> bytes | None:
        question = Question(method, target)
        try:
            reached = await exchange.ask(self._paths, question, start=False)
            try:
                return await reached.connection.body()
            finally:
                reached.connection.close()
        except (NotRunningError, UnreachableError, LostError, OSError, h11.RemoteProtocolError):
            return None


def _as_it_is(counted: Counted) -> Counted:
    """Return the counts with a window that cannot be raised: that of a shared box is not the
    caller's affair."""
    return msgspec.structs.replace(counted, largest_context=counted.context)


def failure(error: HinterlandError) -> Failed:
    """Return the last event of an answer that ends with `error`."""
    return Failed(name_of(error), error.message, error.hint)

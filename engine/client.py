"""The one way to an engine service: a request over its socket, its answer as a stream of events."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import h11
import msgspec

from hinterland.engine import requests
from hinterland.engine.events import EventParser
from hinterland.engine.launcher import connect
from hinterland.engine.protocol import PROTOCOL_VERSION, Event, Failed, Request
from hinterland.engine.status import ServiceStatus
from hinterland.engine.wire import Connection
from hinterland.errors import EngineError, HinterlandError, by_name, name_of
from hinterland.paths import Paths

_ENDING = 503
_PATIENCE_WITH_THE_LAST = 10.0  # seconds
_STOPPED = "The engine service stopped in the middle of the answer."
_RESTARTS = "Ask again: it starts by itself."
_HEADERS = {"X-Hint-Protocol": str(PROTOCOL_VERSION)}


class EngineClient:
    """Attaches to the account's service, and starts it when there is none."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths

    async def stream(self, request: Request) -> AsyncIterator[Event]:
        """Yield the answer's events; the last is Done or Failed.

        Closing the iterator cancels a request that has no conversation; one that has goes on.
        """
        target, body = "/v1/chat/completions", requests.encode(request)
        async for event in self._events("POST", target, body, start=not request.when_idle):
            yield event

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
            yield event

    async def cancel(self, turn_id: str) -> bool:
        """Stop the answer to that turn; its stream ends with Done(CANCELLED). Return whether the
        service knew of it."""
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

    async def _events(
        self, method: str, target: str, body: bytes = b"", *, start: bool = True
    ) -> AsyncIterator[Event]:
        parser = EventParser()
        connection: Connection | None = None
        try:
            connection = await self._exchange(method, target, body, start)
            with contextlib.suppress(OSError, h11.RemoteProtocolError):  # said below
                async for piece in connection.chunks():
                    for event in parser.feed(piece):
                        yield event
        except HinterlandError as error:
            parser.ended = True
            yield Failed(name_of(error), error.message, error.hint)
        finally:
            if connection is not None:
                connection.close()
        if not parser.ended:
            for event in parser.close():
                yield event
            yield Failed("EngineError", _STOPPED, _RESTARTS)

    async def _exchange(self, method: str, target: str, body: bytes, start: bool) -> Connection:
        """Return a connection whose answer may be read; raises HinterlandError."""
        if len(body) > requests.LARGEST_BODY:
            raise requests.too_large()
        patience = time.monotonic() + _PATIENCE_WITH_THE_LAST
        while True:
            try:
                connection = await connect(self._paths, start=start)
            except OSError as error:
                raise EngineError("The engine does not run.", _RESTARTS) from error
            try:
                status = await connection.send(method, target, body, _HEADERS)
                if status == 200:
                    return connection
                refusal = _refused(status, await connection.body())
            except (OSError, h11.RemoteProtocolError) as error:
                connection.close()
                raise EngineError(_STOPPED, _RESTARTS) from error
            connection.close()
            if status != _ENDING or time.monotonic() > patience:
                raise refusal
            await asyncio.sleep(0.05)  # that service is ending; the next one may start then

    async def _ask(self, method: str, target: str) -> bytes | None:
        try:
            connection = await connect(self._paths, start=False)
        except OSError:
            return None
        try:
            status = await connection.send(method, target, headers=_HEADERS)
            body = await connection.body()
        except (OSError, h11.RemoteProtocolError):
            return None
        finally:
            connection.close()
        if status != 200:
            raise _refused(status, body)
        return body


def _refused(status: int, body: bytes) -> HinterlandError:
    if status == 426:
        return EngineError(
            "The running engine is of another release of Hinterland.",
            "Stop it with `hint engine stop`; the next command starts the right one.",
        )
    try:
        error = msgspec.json.decode(body)["error"]
        return by_name(error["type"], error["message"], error.get("hint", ""))
    except (msgspec.MsgspecError, KeyError, TypeError):
        return EngineError(f"The engine service answered with status {status}.", "See its log.")

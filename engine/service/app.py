"""The service's routes: OpenAI's chat completions, and a little of our own under /hint."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from urllib.parse import quote

import msgspec
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from hinterland.engine import requests
from hinterland.engine.protocol import Failed
from hinterland.engine.service import defects
from hinterland.engine.service.answers import Answer
from hinterland.engine.service.desk import ClosingError, Desk
from hinterland.engine.service.guard import Guard, caller_of, refusal
from hinterland.engine.service.house import Caller
from hinterland.engine.service.reading import strangers_body
from hinterland.engine.service.terms import TurnedAwayError
from hinterland.errors import ConfigError, EngineError, HinterlandError, InputError, by_name

_LOOK_FOR_CALLER_EVERY = 0.25  # seconds, until the first byte: after it the server notices
_EVENTS = "text/event-stream; charset=utf-8"
_ERRORS: dict[type[HinterlandError], int] = {ClosingError: 503, TurnedAwayError: 429}
"""Statuses of errors that are told by more than their kind."""


Around = Callable[[ASGIApp], ASGIApp]


def as_it_is(served: ASGIApp) -> ASGIApp:
    """Put nothing around the service's routes."""
    return served


def app(
    desk: Desk, stop: Callable[[], None], also: Sequence[BaseRoute] = (), around: Around = as_it_is
) -> Guard:
    """Return the service as an ASGI app over `desk`; `stop` ends it, `also` are further routes, and
    `around` is put around all of them, where it is known already who asks."""

    handlers = _Handlers(desk, stop)
    routes = [
        Route("/v1/chat/completions", handlers.chat, methods=["POST"]),
        Route("/hint/load", handlers.load, methods=["POST"]),
        Route("/hint/count", handlers.count, methods=["POST"]),
        Route("/hint/answers/{turn_id}", handlers.attach),
        Route("/hint/cancel/{turn_id}", handlers.cancel, methods=["POST"]),
        Route("/hint/status", handlers.status),
        Route("/hint/stop", handlers.end, methods=["POST"]),
        *also,
    ]
    served = Starlette(
        routes=routes, exception_handlers={HinterlandError: _refused, Exception: handlers.failed}
    )
    return Guard(around(served), desk.house)


class _Handlers:
    def __init__(self, desk: Desk, stop: Callable[[], None]) -> None:
        self._desk = desk
        self._stop = stop

    async def chat(self, http: Request) -> Response:
        order = requests.decode(await _body(http, self._desk))
        answer = self._desk.take(order, caller_of(http))
        # What has no turn's id could be stopped by nobody, and taken up by nobody.
        outlives = order.hint.conversation_id is not None and order.hint.turn_id is not None
        pieces = _follow(self._desk, answer, outlives)
        if order.hint.events:
            return StreamingResponse(pieces, media_type=_EVENTS)
        streamed = bool(order.body.get("stream"))
        return await _plain(http, answer, pieces, _EVENTS if streamed else "application/json")

    async def load(self, http: Request) -> Response:
        try:
            wanted = msgspec.json.decode(await _body(http, self._desk), type=dict[str, str | None])
        except msgspec.MsgspecError as error:
            raise InputError(f"The request does not name a model: {error}.") from error
        answer = self._desk.load(wanted.get("model"), caller_of(http))
        return StreamingResponse(_follow(self._desk, answer, outlives=False), media_type=_EVENTS)

    async def count(self, http: Request) -> Response:
        answer = self._desk.count(requests.decode(await _body(http, self._desk)), caller_of(http))
        return StreamingResponse(_follow(self._desk, answer, outlives=False), media_type=_EVENTS)

    async def attach(self, http: Request) -> Response:
        answer = self._desk.answer_to(http.path_params["turn_id"], caller_of(http))
        if answer is None:
            return refusal(by_name("EngineError", "That answer is not being written."), 404)
        return StreamingResponse(_follow(self._desk, answer, outlives=True), media_type=_EVENTS)

    async def cancel(self, http: Request) -> Response:
        cancelled = self._desk.cancel(http.path_params["turn_id"], caller_of(http))
        return JSONResponse({"cancelled": cancelled})

    async def status(self, http: Request) -> Response:
        told = msgspec.json.encode(self._desk.status(caller_of(http)))
        return Response(told, media_type="application/json")

    async def end(self, http: Request) -> Response:
        _check_may_stop(self._desk, caller_of(http))
        stopping = "idle" not in http.query_params or not self._desk.busy
        if stopping:
            asyncio.get_running_loop().call_soon(self._stop)
        return JSONResponse({"stopping": stopping})

    async def failed(self, _http: Request, error: Exception) -> Response:
        if not isinstance(error, ClientDisconnect):
            defects.note(error, shared=self._desk.house.shared)
        return refusal(EngineError(*defects.TOLD), 500)


def _check_may_stop(desk: Desk, caller: Caller) -> None:
    if desk.house.shared and caller.uid != 0:
        raise ConfigError("The shared box is not yours to stop.", "Ask who looks after this box.")


async def _refused(_http: Request, error: Exception) -> Response:
    assert isinstance(error, HinterlandError)
    return refusal(error, next((n for kind, n in _ERRORS.items() if isinstance(error, kind)), None))


async def _body(http: Request, desk: Desk) -> bytes:
    """Return the body; raises InputError for one that is too large, or does not come to an end."""
    if desk.house.shared:
        return await strangers_body(http, desk.bytes_a_second)
    body = bytearray()
    async for piece in http.stream():
        body += piece
        if len(body) > requests.LARGEST_BODY:
            raise requests.too_large()
    return bytes(body)


async def _follow(desk: Desk, answer: Answer, outlives: bool) -> AsyncGenerator[bytes, None]:
    try:
        async with aclosing(answer.follow()) as pieces:
            async for piece in pieces:
                yield piece
        desk.delivered(answer)
    finally:
        if not outlives:
            desk.drop(answer)


async def _plain(
    http: Request, answer: Answer, pieces: AsyncGenerator[bytes, None], media_type: str
) -> Response:
    """Answer a client that knows only OpenAI's protocol: a status that tells, and plain chunks."""
    first = asyncio.ensure_future(anext(pieces, b""))
    while not first.done():
        await asyncio.wait({first}, timeout=_LOOK_FOR_CALLER_EVERY)
        if await http.is_disconnected():
            first.cancel()
            await asyncio.wait({first})
            await pieces.aclose()
            return Response(status_code=499)
    if isinstance(answer.last, Failed) and not first.result():
        return refusal(by_name(answer.last.kind, answer.last.message, answer.last.hint))

    async def whole() -> AsyncIterator[bytes]:
        async with aclosing(pieces):
            yield first.result()
            async for piece in pieces:
                yield piece

    # Whoever reads no events of ours is told here what there is to tell with every answer.
    notice = answer.caller.terms.notice
    headers = {"X-Hint-Notice": quote(notice)} if notice else None
    return StreamingResponse(whole(), media_type=media_type, headers=headers)

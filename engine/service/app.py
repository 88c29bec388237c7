"""The service's routes: OpenAI's chat completions, and a little of our own under /hint."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from hinterland.engine import requests
from hinterland.engine.protocol import PROTOCOL_VERSION
from hinterland.engine.service.answers import Answer
from hinterland.engine.service.desk import Desk
from hinterland.errors import HinterlandError, InputError

PROTOCOL_HEADER = "x-hint-protocol"
LARGEST_BODY = 64 * 1024 * 1024
"""Bytes; more is refused before it is read."""

_STATUS = {2: 400, 3: 404, 4: 502, 5: 507}
_EVENTS = "text/event-stream; charset=utf-8"


def app(desk: Desk, stop: Callable[[], None]) -> Starlette:
    """Return the service as an ASGI app over `desk`; `stop` ends it."""

    async def chat(http: Request) -> Response:
        order = requests.decode(await _body(http))
        if order.hint.events:
            answer = desk.take(order)
            outlives = order.hint.conversation_id is not None
            return StreamingResponse(_follow(desk, answer, outlives), media_type=_EVENTS)
        return await _foreign(desk, order)

    async def load(http: Request) -> Response:
        wanted = msgspec.json.decode(await _body(http), type=dict[str, str | None])
        answer = desk.load(wanted.get("model"))
        return StreamingResponse(_follow(desk, answer, outlives=False), media_type=_EVENTS)

    async def attach(http: Request) -> Response:
        answer = desk.running(http.path_params["turn_id"])
        if answer is None:
            return JSONResponse(_error("that answer is not being written"), 404)
        return StreamingResponse(answer.follow(), media_type=_EVENTS)

    async def cancel(http: Request) -> Response:
        return JSONResponse({"cancelled": desk.cancel(http.path_params["turn_id"])})

    async def status(http: Request) -> Response:
        return Response(msgspec.json.encode(desk.status()), media_type="application/json")

    async def end(http: Request) -> Response:
        asyncio.get_running_loop().call_soon(stop)
        return JSONResponse({"stopping": True})

    return Starlette(
        routes=[
            Route("/v1/chat/completions", _guard(chat), methods=["POST"]),
            Route("/hint/load", _guard(load), methods=["POST"]),
            Route("/hint/answers/{turn_id}", _guard(attach)),
            Route("/hint/cancel/{turn_id}", _guard(cancel), methods=["POST"]),
            Route("/hint/status", _guard(status)),
            Route("/hint/stop", _guard(end), methods=["POST"]),
        ]
    )


Handler = Callable[[Request], Awaitable[Response]]


def _guard(handler: Handler) -> Handler:
    """Let in only this account, and only a client that speaks our protocol version or none."""

    async def guarded(http: Request) -> Response:
        assert http.client is not None
        if http.client.port not in (os.getuid(), 0):
            return JSONResponse(_error("this engine belongs to another user"), 403)
        if http.headers.get(PROTOCOL_HEADER, str(PROTOCOL_VERSION)) != str(PROTOCOL_VERSION):
            return JSONResponse(_error(f"this engine speaks protocol {PROTOCOL_VERSION}"), 426)
        try:
            return await handler(http)
        except HinterlandError as error:
            return JSONResponse(
                _error(error.message, type(error).__name__, error.hint),
                _STATUS.get(error.exit_code, 500),
            )

    return guarded


async def _body(http: Request) -> bytes:
    if int(http.headers.get("content-length", "0")) > LARGEST_BODY:
        raise InputError("The request is larger than 64 MB.", "Send less text at once.")
    return await http.body()


async def _follow(desk: Desk, answer: Answer, outlives: bool) -> AsyncIterator[bytes]:
    try:
        async for piece in answer.follow():
            yield piece
    finally:
        if not outlives:
            desk.drop(answer)


async def _foreign(desk: Desk, order: requests.Order) -> Response:
    """Answer a client that knows only OpenAI's protocol: a status that tells, and plain chunks."""
    pieces = desk.plain(order)
    first = await anext(pieces)

    async def rest() -> AsyncIterator[bytes]:
        yield first
        async for piece in pieces:
            yield piece

    streamed = order.body.get("stream")
    return StreamingResponse(rest(), media_type=_EVENTS if streamed else "application/json")


def _error(message: str, kind: str = "EngineError", hint: str = "") -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "hint": hint}}

"""The service's routes: OpenAI's chat completions, and a little of our own under /hint."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from hinterland.engine import requests
from hinterland.engine.protocol import PROTOCOL_VERSION, Failed
from hinterland.engine.service.answers import Answer
from hinterland.engine.service.desk import ClosingError, Desk
from hinterland.errors import HinterlandError, InputError, by_name, name_of

PROTOCOL_HEADER = "x-hint-protocol"

_STATUS = {2: 400, 3: 404, 4: 502, 5: 507}
_LOOK_FOR_CALLER_EVERY = 0.25  # seconds, until the first byte: after it the server notices
_EVENTS = "text/event-stream; charset=utf-8"


def app(desk: Desk, stop: Callable[[], None]) -> Starlette:
    """Return the service as an ASGI app over `desk`; `stop` ends it."""

    async def chat(http: Request) -> Response:
        order = requests.decode(await _body(http))
        answer = desk.take(order)
        outlives = order.hint.conversation_id is not None
        pieces = _follow(desk, answer, outlives)
        if order.hint.events:
            return StreamingResponse(pieces, media_type=_EVENTS)
        streamed = bool(order.body.get("stream"))
        return await _plain(http, answer, pieces, _EVENTS if streamed else "application/json")

    async def load(http: Request) -> Response:
        try:
            wanted = msgspec.json.decode(await _body(http), type=dict[str, str | None])
        except msgspec.MsgspecError as error:
            raise InputError(f"The request does not name a model: {error}.") from error
        answer = desk.load(wanted.get("model"))
        return StreamingResponse(_follow(desk, answer, outlives=False), media_type=_EVENTS)

    async def count(http: Request) -> Response:
        answer = desk.count(requests.decode(await _body(http)))
        return StreamingResponse(_follow(desk, answer, outlives=False), media_type=_EVENTS)

    async def attach(http: Request) -> Response:
        answer = desk.answer_to(http.path_params["turn_id"])
        if answer is None:
            return JSONResponse(_error("That answer is not being written."), 404)
        return StreamingResponse(answer.follow(), media_type=_EVENTS)

    async def cancel(http: Request) -> Response:
        return JSONResponse({"cancelled": desk.cancel(http.path_params["turn_id"])})

    async def status(http: Request) -> Response:
        return Response(msgspec.json.encode(desk.status()), media_type="application/json")

    async def end(http: Request) -> Response:
        stopping = "idle" not in http.query_params or not desk.busy
        if stopping:
            asyncio.get_running_loop().call_soon(stop)
        return JSONResponse({"stopping": stopping})

    return Starlette(
        routes=[
            Route("/v1/chat/completions", _guard(chat), methods=["POST"]),
            Route("/hint/load", _guard(load), methods=["POST"]),
            Route("/hint/count", _guard(count), methods=["POST"]),
            Route("/hint/answers/{turn_id}", _guard(attach)),
            Route("/hint/cancel/{turn_id}", _guard(cancel), methods=["POST"]),
            # A client of another release has to be able to look at this one and to end it.
            Route("/hint/status", _guard(status, any_version=True)),
            Route("/hint/stop", _guard(end, any_version=True), methods=["POST"]),
        ]
    )


Handler = Callable[[Request], Awaitable[Response]]


def _guard(handler: Handler, *, any_version: bool = False) -> Handler:
    """Let in only this account, and only a client that speaks our protocol version or none."""

    async def guarded(http: Request) -> Response:
        assert http.client is not None
        if http.client.port not in (os.getuid(), 0):
            return JSONResponse(_error("This engine belongs to another user.", "ConfigError"), 403)
        version = http.headers.get(PROTOCOL_HEADER, str(PROTOCOL_VERSION))
        if version != str(PROTOCOL_VERSION) and not any_version:
            return JSONResponse(_error(f"This engine speaks protocol {PROTOCOL_VERSION}."), 426)
        try:
            return await handler(http)
        except ClosingError as error:
            return JSONResponse(_error(error.message), 503)
        except HinterlandError as error:
            return _refusal(name_of(error), error.message, error.hint)

    return guarded


async def _body(http: Request) -> bytes:
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
        return _refusal(answer.last.kind, answer.last.message, answer.last.hint)

    async def whole() -> AsyncIterator[bytes]:
        async with aclosing(pieces):
            yield first.result()
            async for piece in pieces:
                yield piece

    return StreamingResponse(whole(), media_type=media_type)


def _refusal(kind: str, message: str, hint: str) -> Response:
    status = _STATUS.get(by_name(kind, message).exit_code, 500)
    return JSONResponse(_error(message, kind, hint), status)


def _error(message: str, kind: str = "EngineError", hint: str = "") -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "hint": hint}}

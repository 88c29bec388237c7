"""The echo worker: the echo engine in a process of its own, behind the protocol every worker speaks.

`echo:200` writes 200 tokens a second. It counts its requests (`GET /metrics`), so that tests can
say how often work was done.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from hinterland.engine import asgi, echo, requests
from hinterland.engine.protocol import (
    Done,
    Failed,
    PromptProgress,
    Request,
    TextDelta,
)
from hinterland.engine.workers import lifeline
from hinterland.engine.workers.spec import WorkerSpec, decode


def _sse(chunk: dict[str, Any]) -> bytes:
    return b"data: " + msgspec.json.encode(chunk) + b"\n\n"


def app(spec: WorkerSpec) -> Starlette:
    """Return the worker as an ASGI app."""
    engine = echo.EchoEngine(echo.speed(spec.model), context=spec.pool_tokens)

    async def chat(http: HttpRequest) -> Response:
        order = requests.decode(await http.body())
        request = Request(order.messages, sampling=order.sampling)
        if order.body.get("response_format"):
            message = "the echo engine cannot follow a JSON Schema"
            return JSONResponse({"error": {"code": 400, "message": message}}, 400)

        async def stream() -> AsyncIterator[bytes]:
            async for event in engine.stream(request):
                choice: dict[str, Any] = {"index": 0, "delta": {}, "finish_reason": None}
                chunk: dict[str, Any] = {"model": spec.model, "choices": [choice]}
                if isinstance(event, TextDelta):
                    choice["delta"] = {"content": event.text}
                elif isinstance(event, PromptProgress):
                    chunk["prompt_progress"] = {"processed": event.done, "total": event.total}
                elif isinstance(event, Failed):
                    chunk = {"error": {"code": 400, "message": event.message}}
                elif isinstance(event, Done):
                    choice["finish_reason"] = event.finish_reason.value
                    chunk |= {"usage": event.usage, "timings": event.timings}
                yield _sse(chunk)
            yield b"data: [DONE]\n\n"

        return StreamingResponse(stream(), media_type="text/event-stream")

    async def count(http: HttpRequest) -> Response:
        order = requests.decode(await http.body())
        return JSONResponse({"input_tokens": echo.prompt_tokens(order.messages)})

    async def metrics(http: HttpRequest) -> Response:
        return JSONResponse({"requests": engine.asked})

    return Starlette(
        routes=[
            Route("/v1/chat/completions", chat, methods=["POST"]),
            Route("/v1/chat/completions/input_tokens", count, methods=["POST"]),
            Route("/metrics", metrics),
        ]
    )


def main() -> None:
    """Serve until the service goes away."""
    say_ready = lifeline.hold()
    os.umask(0o177)
    spec = decode(sys.argv[1])
    server = asgi.server(app(spec))
    listener = asgi.listen(Path(spec.socket))
    say_ready()
    asyncio.run(server.serve(sockets=[listener]))


if __name__ == "__main__":
    main()

"""The worker's routes: chat completions and token counts as llama-server gives them, one caller at a
time in the order they came."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from typing import Any, TypeVar

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from hinterland.engine import requests
from hinterland.engine.protocol import begun
from hinterland.engine.requests import Order
from hinterland.engine.workers.ctransformers.answer import Finished, Read, Said, Step, answer
from hinterland.engine.workers.ctransformers.chat_template import ChatTemplate
from hinterland.engine.workers.ctransformers.model import LegacyModel
from hinterland.engine.workers.ctransformers.text_flow import TextFlow
from hinterland.errors import InputError

# The tokenizers match words recursively; other threads of macOS have half a megabyte.
_STACK = 64 << 20
_OPENAI_ONLY_TEXT = ("tools", "functions", "grammar", "json_schema")

T = TypeVar("T")


def app(name: str, model: LegacyModel, template: ChatTemplate) -> Starlette:
    """Return the worker of a loaded model, which is called `name`, as an ASGI app."""
    desk = _Desk(name, model, template)
    return Starlette(
        routes=[
            Route("/v1/chat/completions", desk.chat, methods=["POST"]),
            Route("/v1/chat/completions/input_tokens", desk.count, methods=["POST"]),
        ]
    )


class _Desk:
    def __init__(self, name: str, model: LegacyModel, template: ChatTemplate) -> None:
        self._name = name
        self._model = model
        self._template = template
        self._line = asyncio.Lock()  # who came first is first
        threading.stack_size(_STACK)
        # One thread: whatever is cancelled, the model is never asked two things at once.
        self._thread = ThreadPoolExecutor(1, "model")

    async def count(self, http: HttpRequest) -> Response:
        try:
            order = _order(await http.body())
            return JSONResponse({"input_tokens": len(await self._compute(self._prompt, order))})
        except InputError as error:
            return _refusal(error)

    async def chat(self, http: HttpRequest) -> Response:
        try:
            order = _order(await http.body())
            prompt = await self._compute(self._fitting, order)
        except InputError as error:
            return _refusal(error)
        if order.body.get("stream"):
            return StreamingResponse(self._stream(order, prompt), media_type="text/event-stream")
        return await self._whole(http, order, prompt)

    def _prompt(self, order: Order) -> list[int]:
        text = self._template.render(order.messages, self._model.bos, self._model.eos)
        tokens = self._model.tokens(text)
        return tokens or self._model.tokens("\n")  # there is always something to go on from

    def _fitting(self, order: Order) -> list[int]:
        """Return the prompt's tokens; raises InputError when no answer fits behind them."""
        prompt = self._prompt(order)
        if len(prompt) >= self._model.context:
            raise InputError(
                f"The prompt has {len(prompt)} tokens and {self._model.context - 1} fit.",
                "Shorten it; nothing was cut.",
            )
        return prompt

    async def _compute(self, work: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)

    async def _steps(self, order: Order, prompt: list[int]) -> AsyncGenerator[Step, None]:
        stops = (*order.sampling.stop, *self._template.stop)
        flow = TextFlow(stops, trim=self._template.trim and not begun(order.messages))
        async with self._line:
            if order.body.get("cache_prompt") is False:
                await self._compute(self._model.forget)
            steps = answer(self._model, prompt, order.sampling, flow)
            while (step := await self._compute(_next, steps)) is not None:
                yield step

    async def _stream(self, order: Order, prompt: list[int]) -> AsyncIterator[bytes]:
        head = self._head("chat.completion.chunk")
        progress = bool(order.body.get("return_progress"))
        try:
            async with aclosing(self._steps(order, prompt)) as steps:
                async for step in steps:
                    if isinstance(step, Read) and progress:
                        yield _sse(head | _delta({"content": None}) | _progress(step))
                    elif isinstance(step, Said) and step.text:
                        yield _sse(head | _delta({"content": step.text}))
                    elif isinstance(step, Finished):
                        yield _sse(head | _delta({}, step.reason.value))
                        totals = {"choices": [], "usage": _usage(step), "timings": _timings(step)}
                        yield _sse(head | totals)
        except RuntimeError as error:
            yield _sse({"error": {"code": 500, "message": f"{error}", "type": "server_error"}})
        yield b"data: [DONE]\n\n"

    async def _whole(self, http: HttpRequest, order: Order, prompt: list[int]) -> Response:
        said: list[str] = []
        body = self._head("chat.completion")
        try:
            async with aclosing(self._steps(order, prompt)) as steps:
                async for step in steps:
                    if await http.is_disconnected():
                        return Response(status_code=499)
                    if isinstance(step, Said):
                        said.append(step.text)
                    elif isinstance(step, Finished):
                        message = {"role": "assistant", "content": "".join(said)}
                        choice: dict[str, Any] = {"index": 0, "message": message}
                        choice["finish_reason"] = step.reason.value
                        body["choices"] = [choice]
                        body |= {"usage": _usage(step), "timings": _timings(step)}
        except RuntimeError as error:
            return JSONResponse({"error": {"code": 500, "message": f"{error}"}}, 500)
        return JSONResponse(body)

    def _head(self, kind: str) -> dict[str, Any]:
        return {"object": kind, "created": int(time.time()), "model": self._name}


def _order(body: bytes) -> Order:
    """Return the order in a body; raises InputError for what this engine cannot do."""
    order = requests.decode(body)
    form = order.body.get("response_format") or {}
    if not isinstance(form, dict) or form.get("type", "text") != "text":
        raise _CannotError("This model's engine, ctransformers, cannot hold an answer to a schema.")
    for field in _OPENAI_ONLY_TEXT:
        if order.body.get(field):
            raise _CannotError(f"This model's engine, ctransformers, does not know `{field}`.")
    for message in order.body["messages"]:
        parts = message.get("content")
        if isinstance(parts, list) and any(part.get("type") != "text" for part in parts):
            raise _CannotError("This model reads text only.")
    return order


class _CannotError(InputError):
    def __init__(self, message: str) -> None:
        super().__init__(message, "Choose a model that llama.cpp runs: `hint models list`.")


def _refusal(error: InputError) -> Response:
    """Return the answer for a request that is refused; its sentence is passed on as it is."""
    told = {"message": error.message, "hint": error.hint, "type": "refused", "code": 400}
    return JSONResponse({"error": told}, 400)


def _next(steps: Iterator[Step]) -> Step | None:
    return next(steps, None)


def _delta(delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}


def _progress(read: Read) -> dict[str, Any]:
    told = {
        "total": read.total,
        "cache": read.cached,
        "processed": read.done,
        "time_ms": round(read.milliseconds),
    }
    return {"prompt_progress": told}


def _usage(end: Finished) -> dict[str, Any]:
    return {
        "prompt_tokens": end.prompt_tokens,
        "completion_tokens": end.completion_tokens,
        "total_tokens": end.prompt_tokens + end.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": end.cached},
    }


def _timings(end: Finished) -> dict[str, Any]:
    read = end.prompt_tokens - end.cached
    return {
        "cache_n": end.cached,
        "prompt_n": read,
        "prompt_ms": end.prompt_ms,
        "prompt_per_second": _rate(read, end.prompt_ms),
        "predicted_n": end.completion_tokens,
        "predicted_ms": end.predicted_ms,
        "predicted_per_second": _rate(end.completion_tokens, end.predicted_ms),
    }


def _rate(count: int, milliseconds: float) -> float:
    return count * 1000 / milliseconds if milliseconds > 0 else 0.0


def _sse(chunk: dict[str, Any]) -> bytes:
    return b"data: " + msgspec.json.encode(chunk) + b"\n\n"

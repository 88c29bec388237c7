"""A remote engine in the place of a worker: the same surface, an endpoint elsewhere behind it.

So journals, cancelling, taking turns and answers that outlive their readers are as with any model.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING

import msgspec

from hinterland.engine.remote import dialect
from hinterland.engine.remote import key as keys
from hinterland.engine.remote.dialect import Facts, Server
from hinterland.engine.remote.refusals import LARGEST, AgainError, refused
from hinterland.engine.remote.relay import relay
from hinterland.engine.service.admission import Admission
from hinterland.engine.status import WorkerStatus
from hinterland.engine.workers.spec import RemoteSpec, WorkerSpec
from hinterland.errors import ConfigError, EngineError, HinterlandError
from hinterland.text import clean_line

if TYPE_CHECKING:
    from hinterland.engine.remote.endpoint import Answer, Endpoint

log = logging.getLogger("hinterland.engine")

_SLOTS = 8
_LARGEST_LIST = 4 * 1024 * 1024  # bytes of a list of models
_LARGEST_ANSWER = 64 * 1024 * 1024  # bytes of one that is not streamed
_TO_LOOK = 30.0  # seconds for what is asked besides answers
# What may be wrong with a count that a server gives.
_NO_COUNT = (
    *(HinterlandError, AgainError, msgspec.MsgspecError, RecursionError),
    *(KeyError, TypeError, ValueError),
)
# Statuses of a server that has no list of models.
_NO_LIST = frozenset({400, 404, 405, 501})


class RemoteWorker:
    """Looks at the endpoint at once; `ready` is awaited before anything else."""

    def __init__(self, spec: WorkerSpec) -> None:
        assert spec.remote is not None
        self.spec = spec
        self.door = _door(spec)
        self.users = 0
        self.last_used = 0.0
        self._remote = spec.remote
        self._facts = Facts()
        self._endpoint: Endpoint | None = None
        self.ready = asyncio.create_task(self._start())

    async def _start(self) -> None:
        name = self.spec.model
        key = keys.read(self._remote.key_variable, name)
        self._endpoint = endpoint = await asyncio.to_thread(_open, name, self._remote, key)
        log.info("%s is looked at", endpoint.engine)
        facts = self._facts = await self._look(endpoint)
        if not facts.model:
            raise dialect.model_needed(endpoint.engine, name, facts)
        endpoint.model, endpoint.models = facts.model, facts.models
        known = [tokens for tokens in (self.spec.context, facts.context) if tokens]
        self.spec = msgspec.structs.replace(
            self.spec,
            context=min(known, default=0),
            slots=self.spec.slots or facts.slots or _SLOTS,
        )
        self.door = _door(self.spec)
        log.info("%s is %s, %d tokens of context", endpoint.engine, facts.server, self.spec.context)

    async def _look(self, endpoint: Endpoint) -> Facts:
        base, root = endpoint.address.base, endpoint.address.root
        status, body = await _get(endpoint, f"{base}/models", _NO_LIST)
        if status != 200:
            return Facts(model=self._remote.model)
        try:
            facts = dialect.recognise(body, self._remote.model)
        except ValueError as error:
            raise ConfigError(
                f"What answers at {base} is no OpenAI-compatible endpoint.",
                f"Check engines.{endpoint.name}.url; it usually ends in /v1.",
            ) from error
        if facts.server is Server.LLAMA:
            _, props = await _get(endpoint, f"{root}/props", frozenset({401, 403, *_NO_LIST}))
            facts = dialect.with_props(facts, props)
        return facts

    @property
    def gone(self) -> bool:
        """Whether the endpoint could not be used when it was looked at: the next request looks again."""
        return self.ready.done() and (self.ready.cancelled() or self.ready.exception() is not None)

    @property
    def progress(self) -> float | None:
        return None

    @property
    def private_bytes(self) -> int:
        return 0

    async def count(self, body: bytes) -> int | None:
        """Return how many tokens the prompt has where the server counts; None elsewhere: then its own
        refusal is the check."""
        endpoint = self._opened()
        if self._facts.server is Server.LLAMA:
            url, field = f"{endpoint.address.base}/chat/completions/input_tokens", "input_tokens"
            asked = self._body(body)
        elif self._facts.server is Server.VLLM:
            url, field = f"{endpoint.address.root}/tokenize", "count"
            messages = msgspec.json.decode(body)["messages"]
            asked = msgspec.json.encode({"model": self._facts.model, "messages": messages})
        else:
            return None
        patience = min(_TO_LOOK, endpoint.timeout)
        try:
            async with endpoint.send("POST", url, asked, patience=patience) as answer:
                return int(msgspec.json.decode(await answer.body(LARGEST))[field])
        except _NO_COUNT:
            return None  # what is wrong will be said by the answer itself

    async def chat(self, body: bytes) -> AsyncGenerator[bytes, None]:
        """Yield the answer's bytes as the remote sends them. Closing the iterator cancels."""
        endpoint = self._opened()
        streamed = bool(msgspec.json.decode(body).get("stream"))
        asked = self._body(body)

        async def once() -> AsyncGenerator[bytes, None]:
            url = f"{endpoint.address.base}/chat/completions"
            async with endpoint.send("POST", url, asked) as answer:
                if not streamed:
                    yield await answer.body(_LARGEST_ANSWER)
                    return
                await _check_stream(endpoint, answer)
                async with aclosing(relay(answer.pieces(), endpoint.engine, endpoint.key)) as lines:
                    async for line in lines:
                        yield line

        async with aclosing(endpoint.patiently(once)) as pieces:
            async for piece in pieces:
                yield piece

    def _body(self, body: bytes) -> bytes:
        sent = dialect.body_for(self._facts, self._opened().engine, msgspec.json.decode(body))
        return msgspec.json.encode(sent)

    def _opened(self) -> Endpoint:
        assert self._endpoint is not None
        return self._endpoint

    async def stop(self) -> None:
        """Drop the connections."""
        self.ready.cancel()
        await asyncio.gather(self.ready, return_exceptions=True)
        if self._endpoint is not None:
            await self._endpoint.close()

    def status(self) -> WorkerStatus:
        return WorkerStatus(
            model=self.spec.model,
            sha256="",
            pid=0,
            state="gone" if self.gone else "ready" if self.ready.done() else "loading",
            context=self.spec.context,
            slots=self.spec.slots,
            threads=0,
            running=self.door.running,
            waiting=self.door.waiting,
            reserved_tokens=self.door.reserved_tokens,
            pool_tokens=self.spec.pool_tokens,
            expected=self.door.outlook(),
            url=self._remote.url,
            server=self._facts.server.value if self.ready.done() and not self.gone else "",
        )


def _door(spec: WorkerSpec) -> Admission:
    return Admission(spec.slots or _SLOTS, spec.pool_tokens, shared=spec.shared)


def _open(name: str, spec: RemoteSpec, key: keys.Key) -> Endpoint:
    from hinterland.engine.remote.endpoint import Endpoint

    return Endpoint(name, spec, key)


async def _get(endpoint: Endpoint, url: str, also: frozenset[int]) -> tuple[int, bytes]:
    async def once() -> AsyncGenerator[tuple[int, bytes], None]:
        patience = min(_TO_LOOK, endpoint.timeout)
        async with endpoint.send("GET", url, patience=patience, also=also) as answer:
            yield answer.status, await answer.body(_LARGEST_LIST)

    async with aclosing(endpoint.patiently(once)) as answers:
        return await anext(answers)


async def _check_stream(endpoint: Endpoint, answer: Answer) -> None:
    """Raise EngineError for a response that is no stream of events."""
    if answer.kind in ("text/event-stream", ""):
        return
    body = await answer.body(LARGEST)
    if answer.kind == "application/json" and b'"error"' in body:
        raise refused(endpoint.engine, endpoint.name, 500, body)
    raise EngineError(
        f"{endpoint.engine} answered with {clean_line(answer.kind, 60)} and not with a stream.",
        f"Check engines.{endpoint.name}.url; it usually ends in /v1.",
    )

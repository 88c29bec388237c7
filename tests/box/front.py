"""A shared house's service in the test's own process, and bare sockets to talk to it."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hinterland.engine import asgi
from hinterland.engine.prefix_store import PrefixStore
from hinterland.engine.service import run
from hinterland.engine.service.desk import Desk
from hinterland.engine.service.house import Served, Terms
from hinterland.engine.service.prefixes import Prefixes
from hinterland.engine.service.workers import Workers
from hinterland.engine.workers.spec import WorkerSpec

PATIENCE = 60.0  # seconds until a wait is a failure


class OneClass:
    """Everybody has the same terms, which a test may change."""

    shared = True

    def __init__(self, terms: Terms) -> None:
        self.now = terms
        self.served: list[Served] = []

    def terms(self, uid: int) -> Terms | None:
        return self.now

    def note(self, served: Served) -> None:
        self.served.append(served)


@dataclass
class Front:
    """The service and where it listens."""

    desk: Desk
    house: OneClass
    path: Path

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_unix_connection(str(self.path))

    async def send(self, raw: bytes) -> bytes:
        """Return all that is answered to those bytes until the service closes the connection."""
        reader, writer = await self.open()
        try:
            writer.write(raw)
            return await asyncio.wait_for(reader.read(), PATIENCE)
        except ConnectionError:  # turned away before it was said
            return b""
        finally:
            writer.close()

    async def post(self, target: str, body: object) -> tuple[int, bytes]:
        """Return status and body of the response to a request in JSON."""
        answer = await self.send(request("POST", target, json.dumps(body).encode()))
        head, _, rest = answer.partition(b"\r\n\r\n")
        return int(head.split()[1]), unchunked(rest) if b"chunked" in head.lower() else rest

    async def ask(self, words: str, **body: Any) -> tuple[int, bytes]:
        messages = [{"role": "user", "content": words}]
        return await self.post("/v1/chat/completions", {"messages": messages, **body})

    async def until_idle(self) -> None:
        async with asyncio.timeout(PATIENCE):
            while self.desk.busy:
                await asyncio.sleep(0.01)


def request(method: str, target: str, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "Host: box", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def unchunked(body: bytes) -> bytes:
    whole = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        length = int(size, 16)
        whole, body = whole + body[:length], body[length + 2 :]
    return whole


@asynccontextmanager
async def serving(
    folder: Path, monkeypatch: pytest.MonkeyPatch, terms: Terms | None = None, slots: int = 4
) -> AsyncIterator[Front]:
    """Serve whoever may connect, with the echo engine."""
    monkeypatch.setattr(run, "_LOOK_EVERY", 0.05)
    workers = Workers(folder, lambda: 1 << 40)

    def resolve(name: str | None) -> WorkerSpec:
        return WorkerSpec(model=name or "echo", kind="echo", slots=slots, shared=True)

    prefixes = Prefixes(PrefixStore(folder / "prefixes", 0), workers, lambda *_: False)
    house = OneClass(terms or Terms())
    desk = Desk(resolve, workers, folder / "journal", 15, prefixes, house)
    path = folder / "run" / "box.sock"
    listener = asgi.listen(path, os.getgid())
    listens = asyncio.Event()
    service = asyncio.create_task(run.serve(desk, listener, listens.set, keep_alive=15))
    await listens.wait()
    try:
        yield Front(desk, house, path)
    finally:
        path.unlink(missing_ok=True)  # it ends when its socket is gone
        await service

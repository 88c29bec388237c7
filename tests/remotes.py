"""A service of this process that asks a remote engine."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path

from hinterland.engine import requests
from hinterland.engine.events import EventParser
from hinterland.engine.prefix_store import PrefixStore
from hinterland.engine.protocol import Event, Failed, Message, Request, Sampling
from hinterland.engine.service.desk import Desk
from hinterland.engine.service.house import Caller, Terms
from hinterland.engine.service.prefixes import Prefixes
from hinterland.engine.service.workers import Workers
from hinterland.engine.service.writer import Resolve
from hinterland.engine.workers.spec import RemoteSpec, WorkerSpec
from tests.answers import last
from tests.hostile import Hostile

KEY = "sk-zanzibar-quetzalcoatl-7731"
ME = Caller(os.getuid(), Terms(sees_all=True))
Ask = Callable[..., list[Event]]


def spec_of(hostile: Hostile, *, context: int = 0, slots: int = 0, **remote: object) -> WorkerSpec:
    settings = RemoteSpec(url=hostile.url, **{"timeout": 20.0, **remote})  # type: ignore[arg-type] # by name
    return WorkerSpec(model="box", kind="remote", context=context, slots=slots, remote=settings)


def desk_in(folder: Path, resolve: Resolve) -> Desk:
    """Return a service's desk with everything it keeps in `folder`."""
    workers = Workers(folder, lambda: 1 << 40)
    prefixes = Prefixes(PrefixStore(folder / "prefixes", 0), workers, lambda *_: False)
    return Desk(resolve, workers, folder / "journal", 15, prefixes)


async def answered(desk: Desk, request: Request) -> list[Event]:
    """Return the events of the service's answer to `request`."""
    parser = EventParser()
    answer = desk.take(requests.decode(requests.encode(request)), ME)
    async with aclosing(answer.follow()) as pieces:
        return [event async for piece in pieces for event in parser.feed(piece)]


def asker(folder: Path) -> Ask:
    """Return what asks a service of this process, which knows one remote engine, and ends it."""

    def asked(
        hostile: Hostile, *, sampling: Sampling | None = None, **settings: object
    ) -> list[Event]:
        async def run() -> list[Event]:
            spec = spec_of(hostile, **settings)  # type: ignore[arg-type] # by name
            desk = desk_in(folder, lambda _: spec)
            try:
                message = Message("user", "How are you?")
                return await answered(desk, Request((message,), "box", sampling or Sampling()))
            finally:
                await desk.close()

        return asyncio.run(asyncio.wait_for(run(), 60))

    return asked


def failure(events: list[Event]) -> Failed:
    failed = last(events)
    assert isinstance(failed, Failed), failed
    assert [event for event in events if isinstance(event, Failed)] == [failed]
    assert KEY not in f"{failed.message} {failed.hint}"
    return failed

"""An engine that has died gives its rows back, and they are not held against."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from hinterland.batch import running
from hinterland.batch.answering import Answering
from hinterland.batch.results import Result
from hinterland.batch.rows import Piece
from hinterland.batch.running import Run, Target
from hinterland.engine.echo import EchoEngine
from hinterland.engine.protocol import Event, Failed, Message, Request
from hinterland.jobs import Supply


class Dead(EchoEngine):
    """It never answers."""

    async def stream(self, request: Request) -> AsyncIterator[Event]:
        self.asked += 1
        await asyncio.sleep(0)
        yield Failed("EngineError", "It has died.", "")


class Slow(EchoEngine):
    """It answers when the other has failed so often that its rows would be given up."""

    def __init__(self, other: EchoEngine, failures: int) -> None:
        super().__init__()
        self._other, self._failures = other, failures

    async def stream(self, request: Request) -> AsyncIterator[Event]:
        while self._other.asked < self._failures:
            await asyncio.sleep(0.001)
        async for event in super().stream(request):
            yield event


def test_an_engine_that_died_gives_its_rows_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_FIRST_PAUSE", 0.0001)
    monkeypatch.setattr(running, "_LONGEST_PAUSE", 0.001)
    pieces = [
        Piece(line=n, id=n, request=Request((Message("user", f"Row {n}"),))) for n in range(1, 11)
    ]
    dead, results = Dead(), list[Result]()
    alive = Slow(dead, failures=40)
    run = Run(
        Supply(iter([pieces])),
        [Target(dead, workers=4), Target(alive, workers=1)],
        Answering(),
        results.append,
    )
    asyncio.run(run.go())
    assert sorted(result.id for result in results) == list(range(1, 11))
    assert all(result.error is None for result in results)
    assert dead.asked >= 40

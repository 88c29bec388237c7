"""An engine that has died gives its rows back, and they are not held against."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

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


class Crashing(EchoEngine):
    """It takes everything under way with it when it crashes, as a worker process does."""

    def __init__(self, crashes: Callable[[Crashing, str], bool]) -> None:
        super().__init__()
        self._crashes = crashes
        self._crash = asyncio.Event()
        self.down = 0
        """Requests that it still fails at."""

    async def stream(self, request: Request) -> AsyncIterator[Event]:
        if self._crashes(self, request.messages[-1].content):
            self._crash.set()
            self._crash = asyncio.Event()
        elif self.down:
            self.down -= 1
        else:
            try:
                async with asyncio.timeout(0.002):
                    await self._crash.wait()
            except TimeoutError:
                async for event in super().stream(request):
                    yield event
                return
        yield Failed("EngineError", "It has crashed.", "")


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


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_FIRST_PAUSE", 0.0001)
    monkeypatch.setattr(running, "_LONGEST_PAUSE", 0.001)


def rows(count: int) -> list[Piece]:
    return [
        Piece(line=n, id=n, request=Request((Message("user", f"Row {n}"),)))
        for n in range(1, count + 1)
    ]


def run(*targets: Target, count: int, retries: int = running.RETRIES) -> dict[str | int, Result]:
    """Return the results of so many rows by id, each of which is there once."""
    results: list[Result] = []
    going = Run(
        Supply(iter([rows(count)])), [*targets], Answering(), results.append, retries=retries
    )
    asyncio.run(asyncio.wait_for(going.go(), 60))
    by_id = {result.id: result for result in results}
    assert sorted(by_id) == list(range(1, count + 1))
    assert len(results) == count
    return by_id


def failed(results: dict[str | int, Result]) -> list[str | int]:
    return [name for name, result in results.items() if result.error is not None]


def test_an_engine_that_died_gives_its_rows_back() -> None:
    dead = Dead()
    alive = Slow(dead, failures=40)
    assert not failed(run(Target(dead, workers=4), Target(alive, workers=1), count=10))
    assert dead.asked >= 40


@pytest.mark.parametrize("poison", [1, 9, 20], ids=["first", "amid", "last"])
@pytest.mark.parametrize("retries", [1, 3])
def test_a_row_that_crashes_the_engine_is_told_from_those_beside_it(
    poison: int, retries: int
) -> None:
    engine = Crashing(lambda _, text: text == f"Row {poison}")
    results = run(Target(engine, workers=4), count=20, retries=retries)
    assert failed(results) == [poison]


@pytest.mark.parametrize("last", ["Row 12", "Row 3"])
def test_an_outage_that_is_longer_than_a_row_is_tried_costs_none(last: str) -> None:
    """Most workers wait for a row by then, and none of them takes the lost ones up too early."""
    seen: list[str] = []

    def crashes(engine: Crashing, text: str) -> bool:
        seen.append(text)
        if seen.count(last) == 1 and text == last:
            engine.down = 8
            return True
        return False

    results = run(Target(Crashing(crashes), workers=4), count=12)
    assert not failed(results)
    assert seen.count(last) == 2, "an engine that is down is not asked for rows"


def test_an_engine_that_joins_late_takes_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_LOOK_FOR_ENGINES", 0.001)
    first, second = EchoEngine(tokens_per_second=200), EchoEngine(tokens_per_second=200)
    asked = 0

    async def late() -> list[Target]:
        nonlocal asked
        asked += 1
        if asked == 3:
            return [Target(second, workers=4)]
        if asked > 3:
            await asyncio.sleep(1000)  # a node that takes for ever holds up nobody
        return []

    results: list[Result] = []
    supply = Supply(iter([rows(60)]))
    going = Run(supply, [Target(first)], Answering(), results.append, late=late)
    asyncio.run(asyncio.wait_for(going.go(), 60))
    assert len(results) == 60
    assert first.asked > 0
    assert second.asked > 20
    assert first.asked + second.asked == 60


def test_a_model_that_could_be_loaded_before_is_waited_for() -> None:
    """A service that was killed leaves a worker behind that has the memory for a moment yet."""

    class Short(EchoEngine):
        async def stream(self, request: Request) -> AsyncIterator[Event]:
            self.asked += 1
            if self.asked in (3, 4):
                yield Failed("ModelError", "The model needs more memory than is free.", "")
                return
            async for event in super().stream(request):
                yield event

    assert not failed(run(Target(Short()), count=5))

"""The time in line, counted down while nothing is heard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from hinterland.engine import countdown
from hinterland.engine.countdown import counted_down
from hinterland.engine.protocol import Done, Event, FinishReason, Queued, TextDelta


def test_a_time_is_counted_down_until_the_turn_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(countdown, "_STEPS", ())
    monkeypatch.setattr(countdown, "_LONGEST_STEP", 0.001)
    end = Done(FinishReason.STOP)

    async def heard() -> list[Event]:
        turn_comes = asyncio.Event()
        now = 0.0

        async def later() -> AsyncGenerator[Event, None]:
            await turn_comes.wait()
            yield Queued(1)
            yield TextDelta("so")
            yield end

        def clock() -> float:
            nonlocal now
            now += 5.0
            return now

        events: list[Event] = []
        async for event in counted_down(Queued(2, 20.0, 35.0), later(), clock):
            events.append(event)
            if event == Queued(2, 0.0, 0.0):
                turn_comes.set()
        return events

    *waiting, next_in_line, text, last = asyncio.run(heard())
    assert waiting[:5] == [Queued(2, left, left + 15) for left in (20.0, 15.0, 10.0, 5.0, 0.0)]
    assert waiting[5:8] == [Queued(2, 0.0, left) for left in (10.0, 5.0, 0.0)]
    assert set(waiting[8:]) <= {Queued(2, 0.0, 0.0)}
    assert (next_in_line, text, last) == (Queued(1), TextDelta("so"), end)


def test_who_leaves_the_line_leaves_nothing_behind() -> None:
    closed = []

    async def leave() -> None:
        waits = asyncio.Event()

        async def never() -> AsyncGenerator[Event, None]:
            try:
                waits.set()
                await asyncio.Event().wait()
                yield TextDelta("")
            finally:
                closed.append(True)

        line = counted_down(Queued(1, 60.0), never())
        assert await anext(line) == Queued(1, 60.0)
        task = asyncio.ensure_future(anext(line))
        await waits.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert closed == [True]

    asyncio.run(leave())

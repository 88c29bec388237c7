"""The time that somebody in line was told, counted down: the service tells it again only when it was
wrong.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable

from hinterland.engine.protocol import Event, Queued

_STEPS = ((20.0, 2.0), (60.0, 5.0), (600.0, 15.0))
"""Below so many seconds, it is told anew every so many."""
_LONGEST_STEP = 60.0


async def counted_down(
    first: Queued,
    others: AsyncGenerator[Event, None],
    clock: Callable[[], float] = time.monotonic,
) -> AsyncGenerator[Event, None]:
    """Yield an event and the others after it, and between them what is left of a time in line."""
    event: Event = first
    coming: asyncio.Future[Event] | None = None
    try:
        while True:
            yield event
            at = clock()
            if not isinstance(event, Queued) or event.expected is None:
                event = await anext(others)
                continue
            coming = asyncio.ensure_future(anext(others))
            left = event.expected
            while not (await asyncio.wait({coming}, timeout=_step(left)))[0]:
                passed = clock() - at
                left = max(0.0, event.expected - passed)
                perhaps = None if event.perhaps is None else max(0.0, event.perhaps - passed)
                yield Queued(event.position, left, perhaps)
            event = await coming
    except StopAsyncIteration:
        return
    finally:
        if coming is not None and not coming.done():
            coming.cancel()
            with contextlib.suppress(asyncio.CancelledError, StopAsyncIteration):
                await coming


def _step(left: float) -> float:
    return next((step for below, step in _STEPS if left < below), _LONGEST_STEP)

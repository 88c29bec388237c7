"""Notices a worker that lives and no longer answers: a grammar that never ends, a hung driver."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

SILENCE = 60.0  # seconds without a byte before it is asked
PATIENCE = 300.0  # seconds: a large model may read one piece of a prompt for minutes on a slow box
_LOOK_EVERY = 5.0  # seconds


class Watch:
    """What goes on with one worker."""

    def __init__(self) -> None:
        self._open = 0
        self._heard = time.monotonic()

    @asynccontextmanager
    async def exchange(self) -> AsyncGenerator[None, None]:
        """Count something that the worker was asked, until it is done with."""
        if not self._open:
            self._heard = time.monotonic()
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1

    def heard(self) -> None:
        """Take note that the worker said something."""
        self._heard = time.monotonic()

    async def until_hung(self, alive: Callable[[], Awaitable[object]]) -> None:
        """Return when the worker was asked something, is silent, and does not answer `alive` either."""
        while True:
            await asyncio.sleep(min(_LOOK_EVERY, SILENCE))
            if not self._open or time.monotonic() - self._heard < SILENCE:
                continue
            try:
                async with asyncio.timeout(PATIENCE):
                    await alive()
            except TimeoutError:
                return
            self.heard()

"""Waits for what may never come, such as a pipe that nobody writes to, in a thread that keeps nobody
from leaving: `asyncio.to_thread` would have Ctrl-C wait for it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def apart(do: Callable[[], T]) -> T:
    """Return what `do` returns, or raise what it raises; whoever stops waiting leaves it behind."""
    loop = asyncio.get_running_loop()
    result: asyncio.Future[T] = loop.create_future()

    def run() -> None:
        found: T
        trouble: Exception | None = None
        try:
            found = do()
        except Exception as error:  # noqa: BLE001 - whoever waits hears of it
            trouble = error

        def tell() -> None:
            if result.cancelled():
                return
            if trouble is not None:
                result.set_exception(trouble)
            else:
                result.set_result(found)

        with contextlib.suppress(RuntimeError):  # the loop is gone
            loop.call_soon_threadsafe(tell)

    threading.Thread(target=run, daemon=True).start()
    return await result

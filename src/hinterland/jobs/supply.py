"""What there is to do, read ahead in a thread and a window at a time: memory does not grow with it.

Workers take from it; what one could not do goes back to the others.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")

_LOW = 256
"""Things left when the next window is read."""


class Supply(Generic[T]):
    """Things to do, from an iterator of windows that may block: a thread reads it.

    Whatever was taken is either `done` or given `back`. What the iterator raises, `take` raises.
    """

    def __init__(self, windows: Iterator[list[T]]) -> None:
        self._windows = windows
        self._ready: deque[T] = deque()
        self._taken = 0
        self._reading: asyncio.Future[list[T] | None] | None = None
        self._at_end = False
        self._changed = asyncio.Condition()

    async def take(self) -> T | None:
        """Return the next thing; None when there is none, and none is under way that might come
        back."""
        while (thing := self.at_hand()) is None:
            if not self._at_end:
                await self._read()
            elif not self._taken:
                return None
            else:
                async with self._changed:
                    await self._changed.wait()
        return thing

    def at_hand(self) -> T | None:
        """Return the next thing where nobody has to wait for it; None otherwise."""
        if not self._ready:
            return None
        self._taken += 1
        thing = self._ready.popleft()
        if len(self._ready) < _LOW and self._reading is None and not self._at_end:
            self._reading = self._window()
        return thing

    def done(self) -> bool:
        """Say that one of the things taken is done; return whether `wake` has to be awaited."""
        self._taken -= 1
        return self._at_end and not self._taken

    async def back(self, thing: T) -> None:
        """Give a thing back to be taken again."""
        self._taken -= 1
        self._ready.appendleft(thing)
        await self.wake()

    async def _read(self) -> None:
        if self._reading is None:
            self._reading = self._window()
        reading = self._reading
        window = await asyncio.shield(reading)
        if self._reading is reading:  # the first of those who waited
            self._reading = None
            if window is None:
                self._at_end = True
                await self.wake()
            else:
                self._ready.extend(window)

    def _window(self) -> asyncio.Future[list[T] | None]:
        """Return the next window that a thread reads; one that never comes keeps nobody from
        leaving."""
        loop = asyncio.get_running_loop()
        window: asyncio.Future[list[T] | None] = loop.create_future()

        def read() -> None:
            found, trouble = None, None
            try:
                found = next(self._windows, None)
            except Exception as error:  # noqa: BLE001 - whoever takes hears of it
                trouble = error

            def tell() -> None:
                if trouble is not None:
                    window.set_exception(trouble)
                else:
                    window.set_result(found)

            with contextlib.suppress(RuntimeError):  # the loop is gone
                loop.call_soon_threadsafe(tell)

        threading.Thread(target=read, daemon=True).start()
        return window

    @property
    def over(self) -> bool:
        """Whether there is nothing left, and nothing under way that might come back."""
        return self._at_end and not self._taken and not self._ready

    async def until(self, happened: Callable[[], bool], seconds: float | None = None) -> None:
        """Wait until `happened`, for so long at most; it is looked at whenever somebody wakes."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(happened)

    async def wake(self) -> None:
        """Have those who wait look again."""
        async with self._changed:
            self._changed.notify_all()

"""Which request runs next on a worker, and whether its context memory is there before it starts.

A worker has one pool of context for all its slots. A request reserves all it may use, prompt and
answer, so that the pool never runs out in the middle of an answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from hinterland.engine.protocol import Priority

_RANK = {Priority.INTERACTIVE: 0, Priority.BATCH: 1}


class _Waiting:
    def __init__(self, tokens: int, priority: Priority, told: Callable[[int], None]) -> None:
        self.tokens = tokens
        self.priority = priority
        self.told = told
        self.admitted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.position = 0


class Admission:
    """The door of one worker. Interactive requests pass batch requests that have not started, and
    where there is more than one slot the batch leaves one to them."""

    def __init__(self, slots: int, pool_tokens: int) -> None:
        self.slots = slots
        self.pool_tokens = pool_tokens
        self.running = 0
        self.running_batch = 0
        self.reserved_tokens = 0
        self._line: list[_Waiting] = []

    @property
    def waiting(self) -> int:
        return len(self._line)

    async def enter(self, tokens: int, priority: Priority, told: Callable[[int], None]) -> None:
        """Return when the request may start; `told` hears its position (1 is next) while it waits.

        `leave` must follow with the same arguments. Cancelling the wait gives the place back.
        """
        waiting = _Waiting(tokens, priority, told)
        behind = [w for w in self._line if _RANK[w.priority] > _RANK[priority]]
        self._line.insert(self._line.index(behind[0]) if behind else len(self._line), waiting)
        self._admit()
        try:
            await waiting.admitted
        except asyncio.CancelledError:
            if waiting in self._line:
                self._line.remove(waiting)
                self._admit()
            elif not waiting.admitted.cancelled():
                self.leave(tokens, priority)
            raise

    def leave(self, tokens: int, priority: Priority) -> None:
        """Give back what `enter` took."""
        self.running -= 1
        self.running_batch -= priority is Priority.BATCH
        self.reserved_tokens -= tokens
        self._admit()

    def _admit(self) -> None:
        while self._line and self._fits(self._line[0]):
            first = self._line.pop(0)
            if first.admitted.cancelled():  # it has left and not come round to saying so
                continue
            self.running += 1
            self.running_batch += first.priority is Priority.BATCH
            self.reserved_tokens += first.tokens
            first.admitted.set_result(None)
        for position, waiting in enumerate(self._line, start=1):
            if waiting.position != position:
                waiting.position = position
                waiting.told(position)

    def _fits(self, waiting: _Waiting) -> bool:
        if waiting.priority is Priority.BATCH and self.running_batch >= max(1, self.slots - 1):
            return False
        return (
            self.running < self.slots and self.reserved_tokens + waiting.tokens <= self.pool_tokens
        )

"""How much of something every user may have a second: a bucket each, which fills up again."""

from __future__ import annotations

import time
from collections.abc import Callable


class Allowance:
    """`rate` a second, and up to `burst` at once. `clock` gives seconds."""

    def __init__(
        self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._buckets: dict[int, tuple[float, float]] = {}
        """What is left in each, and when that was so. There is one for each account at most: nobody has
        one of their own who is not let in."""

    def take(self, uid: int, amount: float) -> float:
        """Take that much; return the seconds until it is due, 0 where it is there already."""
        now = self._clock()
        left, then = self._buckets.get(uid, (self._burst, now))
        left = min(self._burst, left + (now - then) * self._rate) - amount
        self._buckets[uid] = left, now
        return max(0.0, -left / self._rate)

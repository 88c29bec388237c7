"""A worker's door in simulated time: the real Admission, on an event loop that never waits."""

from __future__ import annotations

import asyncio
import random
import selectors
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from hinterland.engine.service.admission import Admission, Turn
from hinterland.engine.service.turns import Claim

_SECONDS_PER_STEP, _SECONDS_PER_CALLER, _SECONDS_PER_READ = 0.004, 0.01, 0.005
"""SmolLM2-135M on two cores, roughly."""
_STRIDE = 8  # tokens that are simulated at once


class _Selector(selectors.DefaultSelector):
    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("everybody waits for ever")
        self.now += max(0.0, timeout)
        return super().select(0)


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.selector = _Selector()
        super().__init__(self.selector)

    def time(self) -> float:
        return self.selector.now


def run(scene: Callable[[], Awaitable[None]]) -> None:
    """Run `scene` on a clock that jumps to whatever is next."""
    with asyncio.Runner(loop_factory=_Loop) as runner:

        async def main() -> None:
            await scene()

        runner.run(main())


@dataclass
class Waited:
    """How one request fared."""

    uid: int
    seconds: float
    expected: float | None


@dataclass
class Box:
    """A worker that writes for all who run at once, a step at a time."""

    slots: int
    shared: bool = True
    tokens: dict[int, list[float]] = field(default_factory=dict)
    """uid → when each of their tokens was written."""
    waits: list[Waited] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = asyncio.get_running_loop().time
        self.door = Admission(self.slots, self.slots * 4096, shared=self.shared, clock=self.clock)

    async def ask(self, claim: Claim, length: int) -> None:
        """Ask for an answer that the model would end after `length` tokens."""
        turn = await self.door.enter(claim, lambda position, expected: None)
        began = turn.began if turn.began is not None else self.clock()
        self.waits.append(Waited(claim.uid, began - turn.entered, turn.expected))
        try:
            await asyncio.sleep(claim.prompt * _SECONDS_PER_READ)
            await self._write(turn, min(length, claim.limit or length))
        finally:
            self.door.leave(turn)

    async def _write(self, turn: Turn, tokens: int) -> None:
        written = self.tokens.setdefault(turn.claim.uid, [])
        for at in range(0, tokens, _STRIDE):
            some = min(_STRIDE, tokens - at)
            step = _SECONDS_PER_STEP + _SECONDS_PER_CALLER * self.door.running
            await asyncio.sleep(some * step)
            turn.meter.heard(b'"content":"x"' * some)
            written.extend([self.clock()] * some)
        why = b"length" if tokens == turn.claim.limit else b"stop"
        turn.meter.heard(b'"finish_reason":"' + why + b'"')


def lengths(rng: random.Random, mean: float = 150) -> int:
    """Return an answer's length: many short ones, a few long ones."""
    return 4 + min(int(rng.expovariate(1 / mean)), 2000)


def jain(shares: list[float]) -> float:
    """Return Jain's fairness index: 1 where all have the same."""
    return sum(shares) ** 2 / (len(shares) * sum(share * share for share in shares))

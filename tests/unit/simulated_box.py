"""A worker's door in simulated time: the real Admission, on an event loop that never waits."""

from __future__ import annotations

import asyncio
import contextlib
import random
import selectors
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from hinterland.engine.service.admission import Admission, Told, Turn
from hinterland.engine.service.forecast import Forecast
from hinterland.engine.service.house import Served
from hinterland.engine.service.turns import Claim

_SECONDS_A_STEP, _SECONDS_A_TOKEN = 0.004, 0.008
"""SmolLM2-135M on two cores, roughly: a step of the engine computes a token for each who is written
for, and what there is room for of the prompts that are read."""
_MOST_A_STEP = 128  # tokens


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
    began: float


@dataclass(eq=False)
class _Running:
    turn: Turn
    to_read: int
    to_write: int
    over: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class Box:
    """A worker that writes for all who run at once, a step at a time."""

    slots: int
    shared: bool = True
    tokens: dict[int, list[float]] = field(default_factory=dict)
    """uid → when each of their tokens was written."""
    waits: list[Waited] = field(default_factory=list)
    served: list[Served] = field(default_factory=list)
    """What each answer took, as a ledger would keep it."""
    forecast: Forecast | None = None
    """One that has learned already."""

    def __post_init__(self) -> None:
        self.clock = asyncio.get_running_loop().time
        self._running: list[_Running] = []
        self._engine: asyncio.Task[None] | None = None
        self.door = Admission(
            self.slots,
            self.slots * 4096,
            shared=self.shared,
            forecast=self.forecast,
            clock=self.clock,
        )

    async def ask(
        self, claim: Claim, length: int, told: Told = lambda position, wait: None
    ) -> Waited:
        """Have an answer that the model would end after `length` tokens; return how it fared."""
        turn = await self.door.enter(claim, told)
        began = turn.began if turn.began is not None else self.clock()
        waited = Waited(claim.uid, began - turn.entered, turn.expected, began)
        self.waits.append(waited)
        running = _Running(turn, claim.prompt, min(length, claim.limit or length))
        self._running.append(running)
        if self._engine is None:
            self._engine = asyncio.create_task(self._run())
        try:
            await running.over.wait()
        finally:
            self._running.remove(running)
            self.door.leave(turn)
            self.served.append(self._served(turn, waited))
        return waited

    def _served(self, turn: Turn, waited: Waited) -> Served:
        meter = turn.meter
        return Served(
            uid=turn.claim.uid,
            model="simulated",
            priority=turn.claim.priority,
            arrived=turn.entered,
            waited=waited.seconds,
            first=None if meter.first is None else meter.first - turn.entered,
            reading=None if meter.first is None else meter.first - waited.began,
            took=self.clock() - turn.entered,
            prompt_tokens=turn.claim.prompt,
            completion_tokens=meter.completion_tokens,
            finish=meter.finish or "",
        )

    async def flood(self, claim: Claim, until: float) -> None:
        """Ask for a long answer and go away half a second later, again and again."""
        while self.clock() < until:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.5):
                    await self.ask(claim, 500)
            await asyncio.sleep(0.001)

    async def _run(self) -> None:
        """Compute, a step at a time, while there is anything to compute."""
        while at_work := [one for one in self._running if not one.over.is_set()]:
            writing = [one for one in at_work if not one.to_read]
            room = _MOST_A_STEP - len(writing)
            for one in at_work:
                read = min(one.to_read, room)
                one.to_read, room = one.to_read - read, room - read
                done = one.turn.claim.prompt - one.to_read
                if read:
                    one.turn.meter.heard(b'"prompt_progress":{"processed":%d}' % done)
            await asyncio.sleep(_SECONDS_A_STEP + _SECONDS_A_TOKEN * (_MOST_A_STEP - room))
            for one in at_work:
                if not one.to_read:
                    self._write(one)
        self._engine = None

    def _write(self, one: _Running) -> None:
        self.tokens.setdefault(one.turn.claim.uid, []).append(self.clock())
        one.to_write -= 1
        one.turn.meter.heard(b'"content":"x"')
        if one.to_write <= 0:
            limit = one.turn.meter.written == one.turn.claim.limit
            one.turn.meter.heard(b'"finish_reason":"' + (b"length" if limit else b"stop") + b'"')
            one.over.set()


def lengths(rng: random.Random, mean: float = 150) -> int:
    """Return an answer's length: many short ones, a few long ones."""
    return 4 + min(int(rng.expovariate(1 / mean)), 2000)


def jain(shares: list[float]) -> float:
    """Return Jain's fairness index: 1 where all have the same."""
    return sum(shares) ** 2 / (len(shares) * sum(share * share for share in shares))

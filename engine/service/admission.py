"""Which request runs next on a worker, and whether its context memory is there before it starts.

A worker has one pool of context for all its slots. A request reserves all it may use, prompt and
answer, so that the pool never runs out in the middle of an answer. Whose turn it is `turns` says,
and how long it will take `forecast`.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable

from hinterland.engine.service.forecast import Forecast, Going, Wait
from hinterland.engine.service.meter import Meter
from hinterland.engine.service.rations import Rations
from hinterland.engine.service.turns import READ, WRITTEN, Claim, Place, Turns

Told = Callable[[int, Wait | None], None]
"""Hears a position (1 is next) and how long that will take, None where that cannot be told."""

_NOBODY = -1  # no user has this id
_LOOK_EVERY = 2.0  # seconds between two forecasts while nothing happens
_OUTLOOK_LASTS = 1.0  # seconds
_SOONEST = 0.05  # seconds between two forecasts, whatever happens
# A forecast may take this part of the time: the cores are the answers'. While somebody is held back,
# whose wait is long to play and who may come and go all the time, it is less.
_SHARE, _SHARE_WHILE_HELD = 20, 100
_STEP = 128  # tokens of prompts that a shared worker reads at once
# Who waits counts down by themselves: they are told anew when that is wrong by both of these.
_WRONG_SECONDS, _WRONG_SHARE = 2.0, 0.15


class Turn:
    """One request's way through a worker: from the line to its end."""

    def __init__(self, claim: Claim, told: Told, place: Place, clock: Callable[[], float]) -> None:
        self.claim = claim
        self.place = place
        self.meter = Meter(clock)
        """To be told the answer's bytes: what the turn took is read off it."""
        self.entered = clock()
        """When it came, by the door's clock."""
        self.began: float | None = None
        """When it left the line."""
        self.expected: float | None = None
        """Seconds in line as they were told first; None where nothing was told."""
        self.admitted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.callers = 0.0
        """Seconds that all had run together when it began: their growth tells the average."""
        self._told = told
        self._position = 0
        self._start: float | None = None

    def tell(self, position: int, start: Wait | None, now: float) -> None:
        """Tell who waits where they stand and when they start, by the clock, if it is news."""
        wrong = start is not None and (
            self._start is None
            or abs(start.expected - self._start)
            > max(_WRONG_SECONDS, _WRONG_SHARE * max(self._start - now, 0.0))
        )
        if position == self._position and not wrong:
            return
        self._position, self._start = position, None if start is None else start.expected
        wait = None
        if start is not None:
            wait = Wait(*(max(0.0, moment - now) for moment in start))
            if self.expected is None:
                self.expected = now - self.entered + wait.expected
        self._told(position, wait)


class Admission:
    """The door of one worker. Interactive requests pass batch requests that have not started, and
    where there is more than one slot the batch leaves one to them. `shared` says that it serves
    several accounts: their turns are then shared out (see `Turns`)."""

    def __init__(
        self,
        slots: int,
        pool_tokens: int,
        *,
        shared: bool = False,
        forecast: Forecast | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`forecast` is one that has learned already."""
        self._turns = Turns(slots, pool_tokens, shared=shared)
        self._forecast = forecast or Forecast(slots)
        self._rations = Rations()
        self._worked = 0.0
        """The cost of all that has ended."""
        self._clock = clock
        self._line: dict[Place, Turn] = {}
        self._running: dict[Place, Turn] = {}
        self._starts: dict[Place, Wait] = {}
        """When each who waits will start, by the clock."""
        self._next_forecast = 0.0
        self._looking: asyncio.TimerHandle | None = None
        self._callers = 0.0
        self._counted = clock()
        self._outlook: float | None = None
        self._next_outlook = -math.inf
        """When it is looked anew how long somebody would wait."""

    @property
    def slots(self) -> int:
        """Requests that may run at once."""
        return self._turns.slots

    @property
    def pool_tokens(self) -> int:
        """Tokens that may be reserved."""
        return self._turns.pool_tokens

    @property
    def running(self) -> int:
        """How many run."""
        return len(self._turns.running)

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._line)

    @property
    def reserved_tokens(self) -> int:
        """Tokens of the pool that running requests hold."""
        return self._turns.reserved_tokens

    def by_user(self) -> dict[int, tuple[int, int]]:
        """Return uid → requests that run, and that wait."""
        return self._turns.by_user()

    def outlook(self) -> float | None:
        """Return the seconds that somebody new would wait who asked now; None where nobody can tell."""
        if self.running < self.slots and not self._line:
            return 0.0
        now = self._clock()
        if now < self._next_outlook:  # anybody may ask, as often as they like
            return self._outlook
        began = time.perf_counter()
        ahead = self._turns.copy()
        claim = Claim(uid=_NOBODY, reserved=self.pool_tokens // max(1, self.slots))
        place = ahead.enter(claim, self._forecast.expected(claim))
        going = [_going(turn) for turn in self._running.values()]
        wait = self._forecast.starts(ahead, going, now, self._rests).get(place)
        self._outlook = None if wait is None else wait.expected
        took = time.perf_counter() - began
        self._next_outlook = now + max(_OUTLOOK_LASTS, _SHARE * took)
        return self._outlook

    async def enter(self, claim: Claim, told: Told) -> Turn:
        """Return when the request may start; `told` hears how long that will take.

        `leave` must follow with the turn. Cancelling the wait gives the place back, and so does
        whatever else ends it.
        """
        self._forecast.came(claim.uid, self._clock())
        place = self._turns.enter(claim, self._forecast.expected(claim))
        turn = self._line[place] = Turn(claim, told, place, self._clock)
        try:
            self._admit()
            await turn.admitted
        except BaseException:  # a cancelled wait too gives the place back
            if place in self._line:
                del self._line[place]
                self._turns.withdraw(place)
                self._admit()
            else:
                self.leave(turn)
            raise
        return turn

    def leave(self, turn: Turn) -> None:
        """Give back what `enter` took; what the turn's meter counted is put down to its user."""
        now, claim, meter = self._clock(), turn.claim, turn.meter
        self._count_callers(now)
        del self._running[turn.place]
        if turn.began is not None and now > turn.began:
            callers = (self._callers - turn.callers) / (now - turn.began)
            self._forecast.learn(claim, meter, turn.began, now, callers)
            # Who asks for no stream and goes before its end has heard nothing, and taken as much.
            if self._turns.shared and meter.first is None and not meter.read:
                meter.suppose(*self._forecast.likely(claim, now - turn.began, round(callers)))
        self._forecast.went(claim.uid, now)
        read = _read(claim, meter)
        self._rations.take(claim.uid, read - claim.prompt)
        self._worked += READ * read + WRITTEN * meter.completion_tokens
        self._turns.left(turn.place, claim.cost(read, meter.completion_tokens))
        self._admit()

    def _admit(self) -> None:
        now = self._clock()
        self._count_callers(now)
        for turn in self._running.values():
            self._turns.grew(turn.place, turn.claim.cost(turn.claim.prompt, turn.meter.written))
        self._rest()
        while (place := self._turns.next()) is not None:
            turn = self._running[place] = self._line.pop(place)
            self._rations.take(turn.claim.uid, turn.claim.prompt)
            self._rest()
            turn.began, turn.callers = now, self._callers
            if turn.expected is not None:
                self._forecast.proved(turn.expected, now - turn.entered)
            if not turn.admitted.done():  # else it has left and not come round to saying so
                turn.admitted.set_result(None)
        self._tell(now)

    def _rest(self) -> None:
        """Hold back whoever had more than their share read, while there is somebody to hold up."""
        if not self._turns.shared:
            return
        running = self._running.values()
        going = sum(READ * turn.meter.read + WRITTEN * turn.meter.written for turn in running)
        self._rations.fill(self._worked + going, self._turns.weights())
        lacking = (
            {uid: self._rations.lacks(uid) for uid in self._turns.weights()} if running else {}
        )
        self._turns.resting = {
            uid: self._forecast.seconds(work, len(running)) for uid, work in lacking.items() if work
        }

    def _rests(self, uid: int, more: float) -> float:
        """Return the seconds from now until somebody may start again who has so many tokens more read."""
        work = self._rations.lacks(uid, more) if self._turns.shared else 0.0
        return self._forecast.seconds(work, len(self._running)) if work else 0.0

    def _count_callers(self, now: float) -> None:
        self._callers += len(self._running) * (now - self._counted)
        self._counted = now

    def _tell(self, now: float) -> None:
        """Tell everybody in the line what is new for them; look again while there is a line."""
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None
        if not self._line:
            return
        rests = (self._turns.resting.get(place.claim.uid, _LOOK_EVERY) for place in self._line)
        again = min(_LOOK_EVERY, *rests)
        if now >= self._next_forecast:
            self._look_ahead(now)
        else:
            again = min(again, self._next_forecast - now)
        self._looking = asyncio.get_running_loop().call_later(again, self._admit)
        for position, place in enumerate(self._turns.line(), start=1):
            self._line[place].tell(position, self._starts.get(place), now)

    def _look_ahead(self, now: float) -> None:
        began = time.perf_counter()
        going = [_going(turn) for turn in self._running.values()]
        waits = self._forecast.starts(self._turns, going, now, self._rests)
        self._starts = {
            place: Wait(*(now + seconds for seconds in wait)) for place, wait in waits.items()
        }
        share = _SHARE_WHILE_HELD if self._turns.resting else _SHARE
        self._next_forecast = now + max(_SOONEST, share * (time.perf_counter() - began))


def _read(claim: Claim, meter: Meter) -> int:
    """Return how many tokens of the prompt the worker had to read. Of those it is just reading it has
    said nothing, when somebody leaves."""
    if meter.first is None:
        return min(claim.prompt, meter.read + _STEP)
    prompt = claim.prompt if meter.prompt_tokens is None else meter.prompt_tokens
    return max(0, prompt - meter.cached_tokens)


def _going(turn: Turn) -> Going:
    """Return how far a running request has come."""
    assert turn.began is not None, "it runs"
    return Going(turn.place, turn.began, turn.meter.first, turn.meter.written, turn.meter.pace)

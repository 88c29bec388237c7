"""How long those in the line will wait: their turns played through with what was learned so far."""

from __future__ import annotations

import math
import random
import statistics
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from hinterland.engine.protocol import FinishReason, Priority
from hinterland.engine.service.house import Served
from hinterland.engine.service.lengths import Lengths
from hinterland.engine.service.meter import Meter
from hinterland.engine.service.pace import Pace
from hinterland.engine.service.turns import WRITTEN, Claim, Place, Turns

_PLAYS, _PLACES = 9, 180
"""Times that the line is played through, each with other lengths, and the median is told; and places
in it that are played at most: the lengths of many even out."""
_PROVED, _BELIEVED = 100, 30  # waits that are remembered; as many are taken to have been foretold
_ALMOST_ALL = 0.9  # of the waits end before what is said to be perhaps
_LEAST_WAIT = 1.0  # seconds: less says nothing about a forecast
_READINGS = 64  # prompts of which it is remembered when they were read
_LEAST = 4  # tokens: fewer say little about the speed
_MOST_ROUNDS = 2_000  # answers that end in one play: it must come to an end, whatever is learned
_SOON = 10.0  # seconds: who asks again within them came back
_COME_BACK, _FORGET = 0.5, 0.97  # the share of those at first; what an older answer counts for


class Wait(NamedTuple):
    """Seconds until a start."""

    expected: float
    """As many wait longer as wait less."""
    perhaps: float
    """Nine of ten waited less than this, as far as forecasts held lately."""


@dataclass(slots=True)
class Going:
    """A running request, as far as it has come."""

    place: Place
    began: float
    """When it began to be read, by the clock."""
    first: float | None = None
    """When its first token came; None while it is read."""
    written: int = 0
    pace: float | None = None
    """Seconds a token of late; None where that is not known."""


@dataclass(slots=True)
class _Played:
    place: Place
    read: float
    """Seconds of reading left, were it read alone."""
    tokens: float
    """Tokens left."""


class Forecast:
    """What one worker's line can expect."""

    def __init__(self, slots: int) -> None:
        self._lengths = {priority: Lengths() for priority in Priority}
        self._pace = Pace(slots)
        self._slower = self._slower_read = 1.0
        self._readings: deque[tuple[float, float]] = deque(maxlen=_READINGS)
        """From when to when prompts were read."""
        self._come_back = _COME_BACK
        self._answered: deque[tuple[float, int]] = deque()
        """When somebody, by uid, had an answer and has not come back since."""
        self._proved: deque[float] = deque([1.0] * _BELIEVED, maxlen=_PROVED)

    def expected(self, claim: Claim) -> float:
        """Return the tokens to expect of an answer."""
        return self._lengths[claim.priority].expected(claim.limit)

    def came(self, uid: int, now: float) -> None:
        """Take note that somebody asks."""
        self._count_lost(now)
        for answered in self._answered:
            if answered[1] == uid:
                self._answered.remove(answered)
                self._count(came_back=True)
                return

    def went(self, uid: int, now: float) -> None:
        """Take note that somebody has an answer."""
        self._count_lost(now)
        self._answered.append((now, uid))

    def _count_lost(self, now: float) -> None:
        while self._answered and self._answered[0][0] < now - _SOON:
            self._answered.popleft()
            self._count(came_back=False)

    def _count(self, *, came_back: bool) -> None:
        self._come_back += (1 - _FORGET) * (came_back - self._come_back)

    def learn(self, claim: Claim, meter: Meter, began: float, ended: float, callers: float) -> None:
        """Learn from a request that ended; `callers` were running meanwhile, on average."""
        if meter.first is None:
            return
        stopped = meter.finish == FinishReason.STOP
        self._learn_writing(
            claim.priority, meter.completion_tokens, ended - meter.first, callers, stopped=stopped
        )
        prompt = meter.prompt_tokens or claim.prompt
        if prompt:  # what was cached is read too, fast: that is learned with it
            self._readings.append((began, meter.first))
            self._learn_reading(prompt, _alone(began, meter.first, self._readings))

    def recall(self, answers: Sequence[Served]) -> None:
        """Learn from answers of an earlier service, in the order of their ends."""
        runs = [
            (
                one,
                one.arrived + one.first - one.reading,
                one.arrived + one.first,
                one.arrived + one.took,
            )
            for one in answers
            if one.first is not None and one.reading is not None
        ]
        readings = [(began, first) for _, began, first, _ in runs]
        spans = [(began, ended) for _, began, _, ended in runs]
        for one, began, first, ended in runs:
            alone = _alone(began, ended, spans)
            callers = (ended - began) / alone if alone else 1.0
            self._learn_writing(
                one.priority,
                one.completion_tokens,
                ended - first,
                callers,
                stopped=one.finish == FinishReason.STOP,
            )
            self._learn_reading(one.prompt_tokens, _alone(began, first, readings))
        came = [(one.arrived, self.came, one.uid) for one in answers]
        went = [(one.arrived + one.took, self.went, one.uid) for one in answers]
        for moment, note, uid in sorted((*came, *went), key=lambda each: each[0]):
            note(uid, moment)
        self._answered.clear()  # by another clock

    def _learn_writing(
        self, priority: Priority, tokens: int, seconds: float, callers: float, *, stopped: bool
    ) -> None:
        self._lengths[priority].add(tokens, ended=stopped)
        if tokens > _LEAST:
            self._pace.wrote(seconds / (tokens - 1), callers)

    def _learn_reading(self, tokens: int, seconds: float) -> None:
        if tokens and seconds > 0:
            self._pace.read(tokens, seconds)

    def likely(self, claim: Claim, seconds: float, callers: int) -> tuple[int, int]:
        """Return the tokens that were read and written, most likely, for a request that ran so long
        beside others, `callers` in all, and of which the engine said nothing."""
        reading, step = self._pace.reading(claim.prompt), self._pace.step(callers)
        if not step or seconds < reading:
            share = seconds / reading if reading else 1.0
            return round(claim.prompt * min(1.0, share)), 0
        written = round((seconds - reading) / step)
        return claim.prompt, min(written, claim.limit) if claim.limit else written

    def seconds(self, work: float, callers: int) -> float:
        """Return how long so many callers take together for so much work, as cost; without end where
        nothing was learned."""
        step = self._pace.step(callers)
        return work / (WRITTEN * callers) * step if step and callers else math.inf

    def proved(self, seconds: float, waited: float) -> None:
        """Learn how long somebody waited after all who was to wait for `seconds` when they came, by
        `starts`: some who come later go first, and nobody can foresee them."""
        if seconds > 0 and waited > _LEAST_WAIT:
            self._proved.append(min(max(waited / (seconds / self._factor), 0.5), 3.0))

    @property
    def _factor(self) -> float:
        return statistics.median(self._proved)

    @property
    def _most(self) -> float:
        return sorted(self._proved)[int(_ALMOST_ALL * len(self._proved))]

    def starts(
        self,
        turns: Turns,
        going: Iterable[Going],
        now: float,
        rests: Callable[[int, float], float] = lambda uid, tokens: 0.0,
    ) -> dict[Place, Wait]:
        """Return how long each who waits will do so; nothing before most of those who run
        are being written, or as many were seen before. `rests` says how many seconds from now somebody,
        by uid, may start again who has so many tokens more read."""
        going = list(going)
        paces = [one.pace for one in going if one.pace is not None]
        if 2 * len(paces) < len(going) and not self._pace.knows(len(going)):
            return {}
        if not self._pace.known:
            if not paces:
                return {}
            self._pace.wrote(statistics.mean(paces), len(going))
        # What else the machine does now shows in those who run.
        usual = self._pace.step(len(going))
        self._slower = statistics.mean(paces) / usual if paces and usual > 0 else 1.0
        readings = [*self._readings, *((one.began, one.first or now) for one in going)]
        reads = [one for one in going if one.first is not None and one.place.claim.prompt]
        usual = sum(self._pace.reading(one.place.claim.prompt) for one in reads)
        took = sum(_alone(one.began, one.first or now, readings) for one in reads)
        self._slower_read = took / usual if usual > 0 else self._slower
        left_to_read = [
            max(0.0, self._to_read(one.place) - _alone(one.began, now, readings))
            if one.first is None
            else 0.0
            for one in going
        ]
        # The same lengths every time, so that a forecast changes only when something happened.
        chances = random.Random(1)  # noqa: S311 - nothing secret
        plays: dict[Place, list[float]] = {}
        for _ in range(max(1, min(_PLAYS, _PLACES // max(1, turns.waiting)))):
            for place, start in self._play(turns.copy(), going, left_to_read, chances, rests):
                plays.setdefault(place, []).append(start)
        factor, most = self._factor, self._most
        waits = {}
        for place, starts in plays.items():
            middle = statistics.median(starts)
            waits[place] = Wait(factor * middle, max(factor * max(starts), most * middle))
        return waits

    def _play(
        self,
        turns: Turns,
        going: list[Going],
        left_to_read: list[float],
        chances: random.Random,
        rests: Callable[[int, float], float],
    ) -> Iterable[tuple[Place, float]]:
        now, last = 0.0, turns.last
        playing = [
            _Played(one.place, read, self._to_write(one.place, one.written, chances))
            for one, read in zip(going, left_to_read, strict=True)
        ]
        asked = turns.waiting
        taken: Counter[int] = Counter()
        for _ in range(_MOST_ROUNDS):
            if not asked:
                return
            # Nobody is held back where nobody runs.
            while (place := turns.next(now if playing else math.inf)) is not None:
                if place.number <= last:
                    asked -= 1
                    yield place, now
                uid = place.claim.uid
                taken[uid] += place.claim.prompt
                if rest := rests(uid, taken[uid]):
                    turns.resting[uid] = rest
                playing.append(
                    _Played(place, self._to_read(place), self._to_write(place, 0, chances))
                )
            if not playing:
                return
            ends = [rest - now for rest in turns.resting.values() if now < rest < math.inf]
            step = self._pace.step(len(playing)) * self._slower
            readers = sum(one.read > 0 for one in playing)
            passing = min(
                [
                    *ends,
                    *(one.read * readers if one.read > 0 else one.tokens * step for one in playing),
                ]
            )
            now += passing
            left = []
            for one in playing:
                if one.read > 0:
                    one.read -= passing / readers
                    one.read = one.read if one.read > 1e-6 else 0.0
                else:
                    one.tokens -= passing / step
                if one.tokens > 1e-6:
                    left.append(one)
                else:
                    turns.left(one.place, turns.running[one.place])
                    if chances.random() < self._come_back:
                        turns.enter(one.place.claim, self.expected(one.place.claim))
            playing = left

    def _to_read(self, place: Place) -> float:
        return self._pace.reading(place.claim.prompt) * self._slower_read

    def _to_write(self, place: Place, written: int, chances: random.Random) -> float:
        lengths = self._lengths[place.claim.priority]
        return max(1, lengths.draw(chances.random(), written, place.claim.limit) - written)


def _alone(began: float, until: float, readings: Iterable[tuple[float, float]]) -> float:
    """Return the seconds that reading from `began` until then would have taken alone: prompts that
    are read at the same time (`readings`, itself among them) share the engine."""
    took = until - began
    shared = sum(max(0.0, min(until, end) - max(began, begin)) for begin, end in readings)
    return took * took / max(took, shared) if took > 0 else 0.0

"""Whose turn it is: the order in which requests of several users start on one worker.

Start-time fair queueing (Goyal, Vin and Cheng, SIGCOMM 1996; with several at once: Jin, Chase and
Kaur, SIGMETRICS 2004) over tokens read and written, as the Virtual Token Counter does for language
models (Sheng et al., OSDI 2024). Nothing here waits or looks at a clock, so that a forecast can
play it through on a copy.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from hinterland.engine.protocol import Priority

READ, WRITTEN = 1.0, 2.0
"""What a token costs: one that is written takes about twice the time of one that is read, with many
callers at once (and is weighed so in the paper on the Virtual Token Counter)."""
BATCH_AFTER = 8
"""Where several users share: as many interactive requests go before a batch request that waits."""
SLACK = 6_000.0
"""By so much cost somebody may be ahead of the others before they go behind who comes later: people
with ordinary questions are served in the order in which they came, and what they are told holds."""
CREDIT = 20_000.0
"""The most that who was passed over may have before the others, by cost: else a batch that waited
through a lesson would have the box for itself afterwards."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What a request asks of a worker before it starts."""

    uid: int = 0
    """Who asks."""
    weight: float = 1.0
    """Their share, beside that of others."""
    priority: Priority = Priority.INTERACTIVE
    reserved: int = 0
    """Tokens of the context pool that are kept for it, prompt and answer together."""
    prompt: int = 0
    """Tokens to read; 0 where nobody knows."""
    limit: int = 0
    """The most tokens that the answer may have; 0 where nobody knows."""

    def cost(self, read: float, written: float) -> float:
        """Return what so many tokens are put down as to its user."""
        return (READ * read + WRITTEN * written) / self.weight


@dataclass(eq=False, slots=True)
class Place:
    """A request in the line, or running."""

    claim: Claim
    cost: float
    """What it is expected to take, as `Claim.cost` counts."""
    after: float
    """The virtual time when it came."""
    number: int
    """The how manieth it is."""


@dataclass(slots=True)
class _User:
    weight: float = 1.0
    finish: float = 0.0
    """The virtual time when what they were given is paid for."""
    running: int = 0
    turn: int = 0
    """The number of their last turn: what they asked before that counts as asked then, so that the
    second of many things does not go before another's first."""
    interactive: list[Place] = field(default_factory=list)
    batch: list[Place] = field(default_factory=list)

    @property
    def active(self) -> bool:
        return bool(self.running or self.interactive or self.batch)

    def line(self, priority: Priority) -> list[Place]:
        return self.batch if priority is Priority.BATCH else self.interactive

    def copy(self) -> _User:
        lines = list(self.interactive), list(self.batch)
        return _User(self.weight, self.finish, self.running, self.turn, *lines)


class Turns:
    """The line of one worker and who runs on it.

    `shared` says that its users are strangers: then nobody holds all slots, nor more than their
    share while others are there; the batch leaves half of them free, and has its turn now and then
    even where somebody always asks something.
    """

    def __init__(self, slots: int, pool_tokens: int, *, shared: bool = False) -> None:
        self.slots = slots
        self.pool_tokens = pool_tokens
        self.shared = shared
        self.reserved_tokens = 0
        self.running: dict[Place, float] = {}
        """What each running request was put down as."""
        self.resting: dict[int, float] = {}
        """Who may start nothing before so many seconds from now have passed."""
        self.running_batch = 0
        self._users: dict[int, _User] = {}
        self._now = 0.0
        self._passed = 0
        self._number = 0

    def enter(self, claim: Claim, written: float) -> Place:
        """Put a request into the line; `written` tokens of answer are expected."""
        cost = claim.cost(claim.prompt, written)
        self._number += 1
        place = Place(claim, cost, self._now, self._number)
        user = self._users.setdefault(claim.uid, _User())
        user.weight = claim.weight
        user.line(claim.priority).append(place)
        return place

    def withdraw(self, place: Place) -> None:
        """Take a request out of the line."""
        self._users[place.claim.uid].line(place.claim.priority).remove(place)
        self._forget()

    def next(self, later: float = 0.0) -> Place | None:
        """Start the request whose turn it is and return it; None when none may start. A play says how
        many seconds later that would be."""
        if len(self.running) >= self.slots:
            return None
        share = self._share()
        for priority in self._ranks():
            if priority is Priority.BATCH and self.running_batch >= self._most_batch:
                continue
            place = self._first(priority, share, later)
            if place is None:
                continue
            if self.reserved_tokens + place.claim.reserved > self.pool_tokens:
                return None  # nobody passes who needs more: else they would wait for ever
            self._start(place)
            return place
        return None

    def grew(self, place: Place, cost: float) -> None:
        """Put a running request down as more than was expected of it."""
        more = cost - self.running[place]
        if more > 0:
            self.running[place] = cost
            self._users[place.claim.uid].finish += more

    def left(self, place: Place, cost: float) -> None:
        """Take note that a request ended, and of what it took after all."""
        claim = place.claim
        user = self._users[claim.uid]
        user.finish += cost - self.running.pop(place)
        user.running -= 1
        self.running_batch -= claim.priority is Priority.BATCH
        self.reserved_tokens -= claim.reserved
        self._forget()

    def line(self) -> list[Place]:
        """Return who waits, in the order in which they would start if nobody's share were full and nobody
        rested."""
        tagged: dict[Priority, list[tuple[float, int, int, Place]]] = {p: [] for p in Priority}
        for user in self._users.values():
            finish = user.finish
            for ahead, place in enumerate((*user.interactive, *user.batch), start=user.running):
                tag = max(place.after, finish - SLACK, self._now - CREDIT)
                finish = max(tag, finish) + place.cost
                tagged[place.claim.priority].append(
                    (tag, ahead, max(place.number, user.turn), place)
                )
        people, batch = (
            [place for *_, place in sorted(tagged[p], key=lambda each: each[:3])] for p in Priority
        )
        if not self.shared:
            return people + batch
        order: list[Place] = []
        so_many = max(0, BATCH_AFTER - self._passed)
        while people and batch:
            order += [*people[:so_many], batch.pop(0)]
            people, so_many = people[so_many:], BATCH_AFTER
        return order + people + batch

    @property
    def last(self) -> int:
        """The number of the last that came or started."""
        return self._number

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(len(user.interactive) + len(user.batch) for user in self._users.values())

    def by_user(self) -> dict[int, tuple[int, int]]:
        """Return uid → requests that run, and that wait."""
        return {
            uid: (user.running, len(user.interactive) + len(user.batch))
            for uid, user in self._users.items()
            if user.active
        }

    def weights(self) -> dict[int, float]:
        """Return uid → weight of those who run or wait."""
        return {uid: user.weight for uid, user in self._users.items() if user.active}

    def copy(self) -> Turns:
        """Return the same line, to be played through."""
        other = Turns(self.slots, self.pool_tokens, shared=self.shared)
        other.reserved_tokens = self.reserved_tokens
        other.running = dict(self.running)
        other.resting = dict(self.resting)
        other.running_batch = self.running_batch
        other._users = {uid: user.copy() for uid, user in self._users.items() if user.active}
        other._now, other._passed, other._number = self._now, self._passed, self._number
        return other

    def _ranks(self) -> tuple[Priority, Priority]:
        if self.shared and self._passed >= BATCH_AFTER:
            return Priority.BATCH, Priority.INTERACTIVE
        return Priority.INTERACTIVE, Priority.BATCH

    @property
    def _most_batch(self) -> int:
        return max(1, self.slots // 2 if self.shared else self.slots - 1)

    def _share(self) -> float:
        """Return the slots that a weight of 1 may have; no end where nobody shares."""
        active = sum(user.weight for user in self._users.values() if user.active)
        return self.slots / active if self.shared and active else math.inf

    def _first(self, priority: Priority, share: float, later: float) -> Place | None:
        """Return whose turn it is among those who may have another slot."""
        first, least = None, (math.inf, 0, 0)
        for uid, user in self._users.items():
            line = user.line(priority)
            if not line or user.running >= self._most(user, share):
                continue
            if self.resting.get(uid, 0.0) > later:
                continue
            order = (self._tag(user, line[0]), user.running, max(line[0].number, user.turn))
            if order < least:
                first, least = line[0], order
        return first

    def _most(self, user: _User, share: float) -> float:
        """Return how many slots a user may have. Where there is one for everybody it is rounded down:
        who had two beside others with one had twice their tokens, and with many running a slot that
        stays empty costs no speed. Where people wait, the line sees to what rounding up gives."""
        if share == math.inf:
            return self.slots
        exact = share * user.weight
        whole = math.floor(exact + 1e-9) if share >= 1 else math.ceil(exact - 1e-9)
        return max(1, min(whole, self.slots - 1))

    def _tag(self, user: _User, place: Place) -> float:
        """Return the virtual time when a request should start."""
        return max(place.after, user.finish - SLACK, self._now - CREDIT)

    def _start(self, place: Place) -> None:
        claim = place.claim
        user = self._users[claim.uid]
        tag = self._tag(user, place)
        user.line(claim.priority).remove(place)
        self._now = max(self._now, tag)
        user.finish = max(tag, user.finish) + place.cost
        user.running += 1
        self._number += 1
        user.turn = self._number
        self.running[place] = place.cost
        self.reserved_tokens += claim.reserved
        if claim.priority is Priority.BATCH:
            self.running_batch += 1
            self._passed = 0
        elif any(user.batch for user in self._users.values()):
            self._passed += 1

    def _forget(self) -> None:
        """When nobody is left who would be owed anything, begin anew."""
        if not any(user.active for user in self._users.values()):
            self._users.clear()
            self._passed = 0

"""Who takes how much of the engine: what runs and waits now, and what each user was given today.

Numbers, never words. With a ledger the day's numbers outlive the service, however it ends: what
unfinished answers have taken is noted as they go on, so that nobody's day begins anew with a kill.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable

from hinterland.engine.protocol import Priority
from hinterland.engine.service.house import Served
from hinterland.engine.service.ledger import Ledger, Line, day_of
from hinterland.engine.service.visit import Visit
from hinterland.engine.status import BoxStatus, ServiceStatus, Share

_NOTE_EVERY = 2.0  # seconds
_WORTH_NOTING = 256  # tokens of a user's unfinished answers: what a kill may take of them
_SYNC_EVERY = 5  # of these rounds: what a power cut may take
_PACE_OVER = 4  # of the same: what a speed is taken over


def taken(served: Served) -> int:
    """Return the tokens that an answer cost the engine: read and written, not those it still knew."""
    return max(0, served.prompt_tokens - served.cached_tokens) + served.completion_tokens


class Pace:
    """Tokens a second over the last rounds of `Usage.checkpoint`."""

    def __init__(self) -> None:
        self._total = 0
        self._marks: deque[tuple[float, int]] = deque(maxlen=_PACE_OVER)

    def add(self, tokens: int) -> None:
        """Count tokens."""
        self._total += tokens

    def mark(self, now: float) -> None:
        """Note what was counted by `now`, in seconds."""
        self._marks.append((now, self._total))

    def at(self, now: float) -> float:
        """Return the speed at `now`; 0 until something was noted."""
        if not self._marks:
            return 0.0
        since, before = self._marks[0]
        return (self._total - before) / max(1.0, now - since)


class _Person:
    """One user's day."""

    def __init__(self) -> None:
        self.tokens = 0
        self.answers = 0
        self.refused = 0
        self.held = 0
        """What the ledger knows of unfinished answers."""
        self.unwritten_refused = 0
        self.unwritten_left = 0
        self.role = ""
        self.limit = 0
        self.pace = Pace()
        self.pace.mark(time.monotonic())


class Usage:
    """The numbers of all users. Nothing here waits but `keep`."""

    def __init__(self, ledger: Ledger | None = None, now: Callable[[], float] = time.time) -> None:
        self.read = Pace()
        self.written = Pace()
        self._ledger = ledger
        self._now = now
        self._visits: set[Visit] = set()
        self._people: dict[int, _Person] = {}
        self._day = ""
        self._turn_day()
        self.checkpoint()

    def arrives(self, uid: int, model: str, priority: Priority, role: str = "") -> Visit:
        """Take note of a request; its `ends` must follow."""
        visit = Visit(self.gone, uid, model, priority, role)
        self._person(uid).role = role
        self._visits.add(visit)
        return visit

    def limit(self, uid: int, tokens_a_day: int) -> None:
        """Remember what a user may have, to show it beside what they had."""
        self._person(uid).limit = tokens_a_day

    def gone(self, visit: Visit) -> None:
        """A visit is over."""
        self._measure(visit)
        self._visits.discard(visit)

    def note(self, served: Served) -> None:
        """Count a request that has ended."""
        self._turn_day()
        person = self._person(served.uid)
        tokens = taken(served)
        if not tokens:
            # Lines for these would let a caller fill the disk by coming and going.
            person.unwritten_left += 1
        else:
            person.tokens += tokens
            person.answers += 1
            self._write(served.uid, person, served)

    def refused(self, uid: int, role: str = "") -> None:
        """Count a request that was turned away."""
        self._turn_day()
        person = self._person(uid)
        person.refused += 1
        person.unwritten_refused += 1
        person.role = role

    def spent(self, uid: int) -> int:
        """Return the tokens a user was given today, those of unfinished answers included."""
        self._turn_day()
        person = self._people.get(uid)
        return (person.tokens if person else 0) + self._held(uid)

    def share(self, uid: int) -> Share:
        """Return the numbers of one user."""
        self._turn_day()
        mine = [visit for visit in self._visits if visit.uid == uid]
        person = self._people.get(uid) or _Person()
        waiting = [visit for visit in mine if not visit.started]
        in_line = [visit for visit in waiting if visit.position is not None]
        first = min(in_line, key=lambda visit: visit.position or 0, default=None)
        return Share(
            uid=uid,
            running=len(mine) - len(waiting),
            waiting=len(waiting),
            batch=sum(visit.priority is Priority.BATCH for visit in mine),
            position=first.position if first else None,
            expected=_rounded(first.to_go) if first else None,
            waited=round(max((visit.waited for visit in waiting), default=0.0), 1),
            tokens_per_second=round(person.pace.at(time.monotonic()), 1),
            tokens_today=person.tokens + self._held(uid),
            tokens_a_day=person.limit,
            answers_today=person.answers,
            refused_today=person.refused,
            role=person.role,
        )

    def everybody(self) -> list[Share]:
        """Return the numbers of all who have asked today or ask now, by user id."""
        self._turn_day()
        return [self.share(uid) for uid in sorted(self._people)]

    def box(self, service: ServiceStatus, uid: int, *, sees_all: bool) -> BoxStatus:
        """Return the numbers of the whole box as that user may see them."""
        self._measure_all()
        now = time.monotonic()
        running = sum(visit.started for visit in self._visits)
        return BoxStatus(
            service=service,
            you=self.share(uid),
            everybody=self.everybody() if sees_all else None,
            users=len({visit.uid for visit in self._visits}),
            running=running,
            waiting=len(self._visits) - running,
            read_per_second=round(self.read.at(now), 1),
            written_per_second=round(self.written.at(now), 1),
        )

    async def keep(self) -> None:
        """Note every few seconds how fast it goes and what unfinished answers have taken, until cancelled."""
        rounds = 0
        while True:
            await asyncio.sleep(_NOTE_EVERY)
            self.checkpoint()
            rounds += 1
            if self._ledger is not None and rounds % _SYNC_EVERY == 0:
                await asyncio.to_thread(self._ledger.sync)

    def checkpoint(self) -> None:
        """Take the speeds, and write down what no line of the ledger holds yet."""
        self._turn_day()
        self._measure_all()
        now = time.monotonic()
        for pace in (self.read, self.written, *(each.pace for each in self._people.values())):
            pace.mark(now)
        if self._ledger is None:
            return
        for uid, person in self._people.items():
            news = abs(self._held(uid) - person.held) >= _WORTH_NOTING
            if news or person.unwritten_refused or person.unwritten_left:
                self._write(uid, person)

    def close(self) -> None:
        """Bring everything to the disk."""
        self.checkpoint()
        if self._ledger is not None:
            self._ledger.close()

    def _measure_all(self) -> None:
        for visit in self._visits:
            self._measure(visit)

    def _measure(self, visit: Visit) -> None:
        new = visit.written - visit.counted
        if new <= 0:
            return
        if not visit.counted:
            self.read.add(visit.read)
        visit.counted = visit.written
        self.written.add(new)
        self._person(visit.uid).pace.add(new)

    def _turn_day(self) -> None:
        """Begin with what the ledger knows of today, when the day or the service is new."""
        now = self._now()
        day = day_of(now)
        if day == self._day:
            return
        is_new = not self._day
        self._day = day
        here = {visit.uid for visit in self._visits}
        self._people = {uid: each for uid, each in self._people.items() if uid in here}
        for person in self._people.values():
            person.tokens = person.answers = person.refused = 0
        held: dict[int, int] = {}
        for line in self._ledger.today(now) if self._ledger is not None else ():
            person = self._person(line.uid)
            person.refused += line.refused
            person.tokens += line.lost
            held[line.uid] = line.held
            if line.served is not None:
                person.tokens += taken(line.served)
                person.answers += 1
                person.role = line.served.role
        for uid, lost in held.items():
            if is_new and lost and self._ledger is not None:
                self._person(uid).tokens += lost
                self._ledger.append(Line(uid=uid, at=round(now, 3), lost=lost))

    def _person(self, uid: int) -> _Person:
        return self._people.setdefault(uid, _Person())

    def _held(self, uid: int) -> int:
        return sum(visit.tokens for visit in self._visits if visit.uid == uid)

    def _write(self, uid: int, person: _Person, served: Served | None = None) -> None:
        if self._ledger is None:
            return
        person.held = self._held(uid)
        line = Line(
            uid=uid,
            at=round(self._now(), 3),
            served=served,
            held=person.held,
            refused=person.unwritten_refused,
            left=person.unwritten_left,
            role=person.role if served is None else "",
        )
        person.unwritten_refused = person.unwritten_left = 0
        self._ledger.append(line)


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)

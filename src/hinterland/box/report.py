"""What a box did in a time, summed up by user and by class, and how evenly it was shared."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from hinterland.engine.protocol import Priority
from hinterland.engine.service.house import Served
from hinterland.engine.service.ledger import Line
from hinterland.engine.service.usage import taken

_MINUTE = 60.0
_WHOLE = 0.97
"""The part of a minute in which a user must have wanted something to be compared in it."""
_NEAR = 0.3
"""How far from the truth a wait that was told may be."""
_SHORT = 1.0  # seconds: a wait of less is none


class Sum(msgspec.Struct, frozen=True, kw_only=True):
    """One user, one class, or all of them."""

    uid: int | None = None
    role: str = ""
    answers: int
    batch: int
    """How many of these were a batch's."""
    refused: int
    """Requests that were turned away."""
    left: int
    """Requests that went before they had begun."""
    tokens: int
    """Read and written, and what a killed service did not bring to an end."""
    read: int
    """Tokens of prompts; those that the engine still knew are not counted."""
    written: int
    waited: float | None
    """Seconds in line, the median; None where nothing was answered."""
    waited_longest: float | None
    first: float | None
    """Seconds from arrival to the first token, the median."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. Jain's index of n users is 1 where all have the same, and 1/n where one has all."""

    since: float
    until: float
    """Seconds since the epoch."""
    role: str
    """The class that was asked for; empty for everything."""
    users: list[Sum]
    classes: list[Sum]
    total: Sum
    jain: float | None
    """Of the tokens of all who had any; None for fewer than two. It says as much of what they asked
    for as of what they got."""
    minutes: int
    """Minutes in which several users wanted answers all the time, and can be compared."""
    jain_minutes: float | None
    """The median over those minutes, a teacher's tokens divided by the weight that teachers have."""
    jain_worst: float | None
    told: int
    """Waits of a second and more whose length was told."""
    told_right: float | None
    """The part of these that was told within 30 % of the truth."""


def sum_up(
    lines: Iterable[Line],
    since: float,
    until: float,
    role: str = "",
    weight: Callable[[int], float] = lambda uid: 1.0,
) -> Report:
    """Return what was done from `since` to `until`, in seconds since the epoch, of a class if one is
    named. `weight` is the share of a user."""
    kept = [line for line in lines if since <= line.at < until and _is_of(line, role)]
    served = [line.served for line in kept if line.served is not None]
    by_user: dict[int, list[Line]] = defaultdict(list)
    by_class: dict[str, list[Line]] = defaultdict(list)
    for line in kept:
        by_user[line.uid].append(line)
        by_class[line.served.role if line.served else line.role].append(line)
    users = [_sum(own, uid=uid) for uid, own in by_user.items()]
    fair = sorted(_by_minute(served, weight))
    told = [each for each in served if each.expected is not None and each.waited >= _SHORT]
    right = sum(abs((each.expected or 0.0) - each.waited) <= _NEAR * each.waited for each in told)
    return Report(
        since=since,
        until=until,
        role=role,
        users=sorted(users, key=lambda each: (-each.tokens, each.uid or 0)),
        classes=[_sum(own, role=name) for name, own in sorted(by_class.items()) if name],
        total=_sum(kept),
        jain=jain([each.tokens for each in users if each.tokens]),
        minutes=len(fair),
        jain_minutes=statistics.median(fair) if fair else None,
        jain_worst=fair[0] if fair else None,
        told=len(told),
        told_right=right / len(told) if told else None,
    )


def jain(shares: Sequence[float]) -> float | None:
    """Return Jain's fairness index (Jain, Chiu and Hawe, DEC-TR-301, 1984) of what several have; None
    for fewer than two, or where nobody has anything."""
    squares = sum(each * each for each in shares)
    if len(shares) < 2 or not squares:
        return None
    return sum(shares) ** 2 / (len(shares) * squares)


def _is_of(line: Line, role: str) -> bool:
    return not role or role == (line.served.role if line.served else line.role)


def _sum(lines: Sequence[Line], uid: int | None = None, role: str = "") -> Sum:
    served = [line.served for line in lines if line.served is not None]
    written = sum(each.completion_tokens for each in served)
    all_taken = sum(map(taken, served))
    waits = [each.waited for each in served]
    firsts = [each.first for each in served if each.first is not None]
    return Sum(
        uid=uid,
        role=role,
        answers=len(served),
        batch=sum(each.priority is Priority.BATCH for each in served),
        refused=sum(line.refused for line in lines),
        left=sum(line.left for line in lines),
        tokens=all_taken + sum(line.lost for line in lines),
        read=all_taken - written,
        written=written,
        waited=round(statistics.median(waits), 3) if waits else None,
        waited_longest=max(waits, default=None),
        first=round(statistics.median(firsts), 3) if firsts else None,
    )


def _by_minute(served: Sequence[Served], weight: Callable[[int], float]) -> Iterator[float]:
    """Yield Jain's index of each minute, over the users who wanted something all through it: those
    with an interactive request, or where there are not two such, those with a batch."""
    tokens: dict[tuple[int, Priority], dict[int, float]] = {}
    wanted: dict[tuple[int, Priority], dict[int, list[tuple[float, float]]]] = {}
    for each in served:
        begun = each.arrived + each.waited
        first = each.arrived + (each.first if each.first is not None else each.took)
        end = each.arrived + each.took
        for minute, start, stop in _minutes(each.arrived, end):
            own = wanted.setdefault((minute, each.priority), {}).setdefault(each.uid, [])
            own.append((start, stop))
        read = max(0, each.prompt_tokens - each.cached_tokens)
        for count, start, stop in ((read, begun, first), (each.completion_tokens, first, end)):
            for minute, part in _spread(start, stop):
                row = tokens.setdefault((minute, each.priority), {})
                row[each.uid] = row.get(each.uid, 0.0) + count * part / weight(each.uid)
    for minute in sorted({minute for minute, _priority in wanted}):
        for priority in (Priority.INTERACTIVE, Priority.BATCH):
            key = minute, priority
            there = wanted.get(key, {})
            whole = [uid for uid, spans in there.items() if _covered(spans) >= _WHOLE * _MINUTE]
            index = jain([tokens.get(key, {}).get(uid, 0.0) for uid in whole])
            if index is not None:
                yield index
                break


def _minutes(start: float, stop: float) -> Iterator[tuple[int, float, float]]:
    """Yield the minutes that a time touches, and its beginning and end within each."""
    for minute in range(int(start // _MINUTE), int(stop // _MINUTE) + 1):
        yield minute, max(start, minute * _MINUTE), min(stop, (minute + 1) * _MINUTE)


def _spread(start: float, stop: float) -> Iterator[tuple[int, float]]:
    """Yield the minutes that a time touches, and the part of it that lies in each."""
    if stop <= start:
        yield int(start // _MINUTE), 1.0
        return
    for minute, begin, end in _minutes(start, stop):
        yield minute, (end - begin) / (stop - start)


def _covered(spans: list[tuple[float, float]]) -> float:
    """Return how many seconds several times cover together."""
    covered = 0.0
    until = -1.0
    for start, stop in sorted(spans):
        covered += max(0.0, stop - max(start, until))
        until = max(until, stop)
    return covered

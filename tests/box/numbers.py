"""What a crowd saw, as numbers: speeds, fairness, waiting."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from tests.box.people import Seen


class Asked(msgspec.Struct, kw_only=True):
    """One question and what became of it; moments in seconds of the clock that all share."""

    user: str
    number: int
    at: float
    told: float | None = None
    """When the waiting time was told for the first time."""
    expected: float | None = None
    """The seconds that were told then."""
    started: float | None = None
    """When the engine began to read it: the first that its user saw of that."""
    tokens: list[float] = []
    """When each token came."""
    text: str = ""
    end: str = ""
    """done, failed; "" for one of which nothing was heard any more."""
    ended: float | None = None
    message: str = ""

    @property
    def first(self) -> float | None:
        """Seconds to the first token."""
        return self.tokens[0] - self.at if self.tokens else None

    @property
    def waited(self) -> float | None:
        """Seconds from when a waiting time was told until it started."""
        if self.told is None or self.started is None:
            return None
        return self.started - self.told


def questions(seen: Iterable[Seen]) -> list[Asked]:
    """Return every question of what was seen."""
    found: dict[tuple[str, int], Asked] = {}
    for each in seen:
        key = each.user, each.number
        if each.what == "asked":
            found[key] = Asked(user=each.user, number=each.number, at=each.at)
            continue
        asked = found[key]
        if each.what == "queued" and each.expected is not None and asked.told is None:
            asked.told, asked.expected = each.at, each.expected
        if each.what in {"reading", "text"} and asked.started is None:
            asked.started = each.at
        if each.what == "text":
            asked.tokens.append(each.at)
            asked.text += each.text
        if each.what in {"done", "failed"}:
            asked.end, asked.ended, asked.message = each.what, each.at, each.message
    return list(found.values())


def tokens_by_user(
    asked: Iterable[Asked], users: Iterable[str], begin: float, end: float
) -> dict[str, int]:
    """Return how many tokens came to each user from `begin` until `end`."""
    came = Counter(a.user for a in asked for moment in a.tokens if begin <= moment < end)
    return {user: came[user] for user in users}


def jain(values: Sequence[float]) -> float:
    """Return Jain's fairness index: 1 when all have the same, 1/n when one has everything.

    Jain, Chiu and Hawe, "A Quantitative Measure of Fairness", DEC TR-301, 1984.
    """
    squares = sum(value * value for value in values)
    return sum(values) ** 2 / (len(values) * squares) if squares else 0.0


def minutes(begin: float, end: float, length: float = 60.0) -> list[tuple[float, float]]:
    """Return the whole minutes between two moments."""
    count = int((end - begin) // length)
    return [(begin + n * length, begin + (n + 1) * length) for n in range(count)]


def forecasts(asked: Iterable[Asked], before: float) -> list[tuple[float, float]]:
    """Return told and real seconds of waiting, of every question that was told any before that
    moment. Who has not started yet has waited without end."""
    return [
        (a.expected, math.inf if a.waited is None else a.waited)
        for a in asked
        if a.expected is not None and a.told is not None and a.told < before
    ]


def step(asked: Iterable[Asked]) -> float:
    """Return the median, over answers, of the seconds between two tokens: what the service sends
    comes in frames of several."""
    gaps = [
        (each.tokens[-1] - each.tokens[0]) / (len(each.tokens) - 1)
        for each in asked
        if len(each.tokens) > 1
    ]
    return statistics.median(gaps) if gaps else 0.0


def rate(asked: Iterable[Asked], begin: float, end: float) -> float:
    """Return the tokens a second that came to all, from `begin` until `end`."""
    return sum(begin <= moment < end for a in asked for moment in a.tokens) / (end - begin)

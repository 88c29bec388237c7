"""Which exercises a pupil should do again today: the nearest to being forgotten, and not too many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, tzinfo

from hinterland.plugins.tutoring.pupils import schedule
from hinterland.plugins.tutoring.pupils.done import Card

A_DAY = 20
"""Exercises that come back on one day, however many wait after the holidays."""


def today(
    cards: Sequence[Card], now: datetime, most: int = A_DAY, zone: tzinfo | None = None
) -> list[Card]:
    """Return the cards that are due `now`, the least remembered first, with those of one objective
    apart where that is possible.

    With those done earlier today they are `most` in all; one that was done today and has to be done
    once more is always among them. `zone` says where a day ends; without it the machine does.
    """
    day = now.astimezone(zone).date()
    again, waiting = list[Card](), list[Card]()
    done = 0
    for card in cards:
        is_today = card.last.astimezone(zone).date() == day
        if card.due <= now:
            (again if is_today else waiting).append(card)
        if is_today and card.first.astimezone(zone).date() != day:
            done += 1
    first = _by_chance(waiting, now)[: max(0, most - done)]
    return _apart(first + _by_chance(again, now))


def _by_chance(cards: Sequence[Card], now: datetime) -> list[Card]:
    chances = zip(schedule.remembered(cards, now), cards, strict=True)
    ranked = sorted(chances, key=lambda pair: (pair[0], pair[1].due, pair[1].exercise))
    return [card for _, card in ranked]


def _apart(cards: list[Card]) -> list[Card]:
    """Return `cards` in nearly their order, no two neighbours of one objective where that can be."""
    left, ordered = list(cards), list[Card]()
    counts = Counter(map(_subject, left))
    before: tuple[str, str] | None = None
    while left:
        # Whoever has more than half of what is left must be next, or two of them meet in the end.
        wanted = [each for each, count in counts.items() if count * 2 > len(left)]
        wanted = [each for each in wanted if each != before] or [
            each for each in map(_subject, left) if each != before
        ]
        place = next((n for n, card in enumerate(left) if _subject(card) in wanted[:1]), 0)
        ordered.append(left.pop(place))
        before = _subject(ordered[-1])
        counts[before] -= 1
    return ordered


def _subject(card: Card) -> tuple[str, str]:
    return card.lesson, card.objective

"""How well a pupil holds an objective, by a rule that a teacher can check by hand: see docs/adr/029."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from enum import StrEnum

import msgspec

from hinterland.plugins.tutoring.pupils import schedule
from hinterland.plugins.tutoring.pupils.done import NEVER, Card, Result
from hinterland.plugins.tutoring.pupils.log import Finished

LAST = 5
"""Exercises that count: the last ones of the objective."""
MOST = 2 * LAST
"""Points that can be had: two for each done alone, one for each done with help."""
HELD = 8
"""Points from which an objective is held."""
DAYS = 2
"""Days on which an objective must have been practised before it is held."""
KNOWN = 0.8
"""The chance to remember below which what was held is fading."""


POINTS = {Result.ALONE: 2, Result.HELPED: 1, Result.SHOWN: 0}


class Level(StrEnum):
    NEW = "new"
    """Nothing was done yet."""
    LEARNING = "learning"
    HELD = "held"
    FADING = "fading"
    """It was held, and is about to be forgotten."""


class Mastery(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one objective."""

    lesson: str
    objective: str
    level: Level = Level.NEW
    points: int = 0
    """From 0 to 10, for the last five exercises."""
    remembered: float = 0.0
    """The chance, from 0 to 1, that an exercise of it would be done right now, by FSRS."""
    done: int = 0
    """Exercises finished, each as often as it was."""
    alone: int = 0
    """Of them, those done right at the first try without a hint."""
    shown: int = 0
    """Of them, those whose answer was shown."""
    days: int = 0
    """Days on which one was finished."""
    last: datetime = NEVER

    @property
    def share(self) -> float:
        """What of it is there today, from 0 to 1: the points, as far as they are remembered."""
        return self.points / MOST * self.remembered


def of_all(
    history: Iterable[Finished], cards: Iterable[Card], now: datetime, zone: tzinfo | None
) -> list[Mastery]:
    """Return the mastery of every objective that was met, in the order in which they were."""
    by_subject: dict[tuple[str, str], list[Card]] = {}
    subjects = {}
    for card in cards:
        subjects[card.exercise] = subject = (card.lesson, card.objective)
        by_subject.setdefault(subject, []).append(card)
    # An exercise that was given to another objective since then counts there, all of it.
    finished: dict[tuple[str, str], list[Finished]] = {}
    for each in history:
        finished.setdefault(subjects[each.done.exercise], []).append(each)
    return [_of(each, by_subject[subject], now, zone) for subject, each in finished.items()]


def _of(
    finished: Sequence[Finished], cards: Sequence[Card], now: datetime, zone: tzinfo | None
) -> Mastery:
    results = [each.done.result for each in finished]
    reached = sum(POINTS[each] for each in results[-LAST:])
    days = len({each.done.when.astimezone(zone).date() for each in finished})
    chances = schedule.remembered(cards, now)
    remembered = sum(chances) / len(chances)
    level = Level.LEARNING
    if reached >= HELD and days >= DAYS:
        level = Level.HELD if remembered >= KNOWN else Level.FADING
    return Mastery(
        lesson=cards[0].lesson,
        objective=cards[0].objective,
        level=level,
        points=reached,
        remembered=remembered,
        done=len(finished),
        alone=results.count(Result.ALONE),
        shown=results.count(Result.SHOWN),
        days=days,
        last=finished[-1].done.when,
    )

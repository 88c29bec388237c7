"""The days on which a pupil learnt. A day that was missed is not told: what was done is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, timedelta, tzinfo

import msgspec

from hinterland.plugins.tutoring.pupils.log import Finished

_DAY = timedelta(days=1)


class Streak(msgspec.Struct, frozen=True):
    days: int
    """Days on which anything was finished."""
    current: int
    """Of them, those in a row up to today; yesterday too, as long as today is not over."""
    longest: int
    """The most there were in a row."""


def by_day(history: Iterable[Finished], zone: tzinfo | None) -> dict[date, int]:
    """Return how many exercises were finished on each day, by the calendar of `zone`."""
    return dict(Counter(each.done.when.astimezone(zone).date() for each in history))


def streak(days: Mapping[date, int], today: date) -> Streak:
    """Return the runs of days up to `today`."""
    longest = run = 0
    for day in sorted(days):
        run = run + 1 if day - _DAY in days else 1
        longest = max(longest, run)
    current, day = 0, today if today in days else today - _DAY
    while day in days:
        current, day = current + 1, day - _DAY
    return Streak(len(days), current, longest)

"""What time it is for a pupil, on a box whose clock may have lost it.

A box without a battery starts in 1970 or where it was switched off; a hand that sets the clock can
miss by years. Time never runs back for a pupil, nor years ahead, until the clock has said the same on
two different days: see docs/adr/029.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import Enum

Clock = Callable[[], datetime]

SLACK = timedelta(minutes=10)
"""How far a clock may be set back without a word: clocks are put right all the time."""
FAR = timedelta(days=400)
"""How long nobody learns for before the clock is doubted; longer than the longest holidays."""
LATER = timedelta(hours=12)
"""After so long a clock that still runs on from where it was doubted is believed."""
EARLIEST = datetime(2024, 1, 1, tzinfo=UTC)
"""There was no Hinterland before: a clock that says so is wrong."""
_DATELESS = EARLIEST + timedelta(days=30)
"""Up to here time was only counted on from `EARLIEST`: any date is better."""
_VISIT = timedelta(hours=6)
"""A step of a doubted clock that is taken for time that passed in a lesson."""


class Doubt(Enum):
    NONE = ""
    BEHIND = "behind"
    AHEAD = "ahead"


class Time:
    """Time for one pupil, from a clock and the last moment that was recorded."""

    def __init__(self, clock: Clock, seen: datetime) -> None:
        self._clock = clock
        self._read = clock().astimezone(UTC)
        self._now = seen
        self.doubt = Doubt.NONE
        """What was wrong with the clock when it was read last."""

    @property
    def read(self) -> datetime:
        """What the clock said when it was read last."""
        return self._read

    @property
    def seen(self) -> datetime:
        """The latest moment there was."""
        return self._now

    def now(self) -> datetime:
        """Return the time, in whole seconds: never before `seen`. While the clock is doubted it
        goes on from there by what passes."""
        before, self._read = self._read, self._clock().astimezone(UTC)
        passed = self._read - before
        if self._read < self._now - SLACK or self._read < EARLIEST:
            self.doubt = Doubt.BEHIND
        elif self._read > self._now + FAR and self._now > _DATELESS:
            self.doubt = Doubt.AHEAD
        else:
            self.doubt = Doubt.NONE
            self._now = max(self._now, self._read.replace(microsecond=0))
            return self._now
        self._now = max(self._now, EARLIEST)
        if timedelta(0) < passed < _VISIT:
            self._now = (self._now + passed).replace(microsecond=0)
        return self._now

    def believe(self) -> None:
        """Take the clock at its word, wherever it is."""
        self._now = self._read.replace(microsecond=0)
        self.doubt = Doubt.NONE


def confirmed(read: datetime, doubted: datetime | None) -> bool:
    """Whether a clock runs on from where it was doubted on an earlier day."""
    return doubted is not None and read >= EARLIEST and LATER <= read - doubted <= FAR

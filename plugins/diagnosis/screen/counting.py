"""Breaths counted by a key for a full minute; the line of the clock is painted once a second at most."""

from __future__ import annotations

import time

from textual.timer import Timer

from hinterland.plugins.diagnosis.screen import pages
from hinterland.plugins.diagnosis.screen.breaths import BreathCount
from hinterland.plugins.diagnosis.screen.view import PagedScreen

_TICK = 1.0  # seconds


class CountingScreen(PagedScreen):
    """A form on which a minute can be counted."""

    def __init__(self) -> None:
        super().__init__()
        self.breaths = BreathCount()
        self._ticking: Timer | None = None

    @staticmethod
    def now() -> float:
        """Return the seconds of a clock that nobody sets."""
        return time.monotonic()

    def begin_count(self) -> None:
        """Wait for the first breath."""
        self.end_count()
        self.tick()

    def end_count(self) -> None:
        """Stop the clock and take it away."""
        if self._ticking is not None:
            self._ticking.stop()
        self._ticking = None
        self.breaths = BreathCount()
        self.put("clock", "")

    def tick(self) -> None:
        """Show the clock."""
        now = self.now()
        self.put("clock", pages.clock(self.breaths, now))
        if self.breaths.over(now) and self._ticking is not None:
            self._ticking.stop()
            self._ticking = None

    def action_breath(self) -> None:
        """Count a breath in; the first one, also after a minute, starts the clock."""
        now = self.now()
        if self.breaths.over(now):
            self.end_count()
        self.breaths.breathe(now)
        if self._ticking is None:
            self._ticking = self.set_interval(_TICK, self.tick)
            self.tick()

    @property
    def counted(self) -> int | None:
        """The breaths of the minute; None before it is over."""
        return self.breaths.count if self.breaths.over(self.now()) else None

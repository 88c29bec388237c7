"""Breaths counted for a full minute, as somebody presses a key at each: no clock of its own, no screen."""

from __future__ import annotations

from dataclasses import dataclass

MINUTE = 60.0  # seconds


@dataclass(slots=True)
class BreathCount:
    """One minute that begins with the first breath."""

    began: float | None = None
    """On the caller's clock, in seconds; None while nothing was counted."""
    count: int = 0

    def breathe(self, now: float) -> None:
        """Count a breath in; after the minute it counts no more."""
        if self.began is None:
            self.began = now
        if not self.over(now):
            self.count += 1

    def left(self, now: float) -> int:
        """Return the whole seconds that are left, the one that runs included."""
        if self.began is None:
            return int(MINUTE)
        return max(0, -int(-(MINUTE - (now - self.began)) // 1))

    def over(self, now: float) -> bool:
        """Whether the minute has passed."""
        return self.began is not None and now - self.began >= MINUTE

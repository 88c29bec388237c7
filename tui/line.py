"""How slow the line to the terminal is: the time it takes to answer a question.

Every terminal since the VT100 says where its cursor is. tmux and screen answer for the terminal
behind them, and send it no more than the line takes: to measure them is no harm.
"""

from __future__ import annotations

QUESTION = "\x1b[6n"
"""What the terminal answers with the place of its cursor."""
SLOW = 0.15
"""Seconds from a question to its answer from which on a line is slow."""
_SLOW_SCREEN = 1.0
"""Seconds that the first screen and the question after it take on a line of few bytes a second."""
_TOO_LATE = 20.0
"""Seconds after which an answer says nothing about the line."""


class RoundTrip:
    """Asks once after the first screen, and once more when that took long. A terminal that does not
    answer stays unknown."""

    def __init__(self) -> None:
        self._first: float | None = None
        self._asked_at: float | None = None

    def asked(self, now: float) -> None:
        """Take note that the question was sent, in seconds of some clock."""
        self._asked_at = now

    @property
    def waiting(self) -> bool:
        """Whether an answer is still to come."""
        return self._asked_at is not None

    def answered(self, now: float) -> bool | None:
        """Return whether the line is slow; None when the question has to be asked again."""
        assert self._asked_at is not None
        took, self._asked_at = now - self._asked_at, None
        if took < SLOW or took > _TOO_LATE:
            return self._first is not None and self._first >= _SLOW_SCREEN
        if self._first is None:
            self._first = took
            return None
        return True

"""How long answers get, learned from those that were given.

An answer that was cut at its limit, or cancelled, only tells that it would have been longer: the
share that goes on is estimated as Kaplan and Meier do (1958).
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Sequence

_REMEMBERED = 200
# Until something was learned: the lengths of a chat's answers, roughly.
_PRIOR = (16, 48, 96, 160, 320, 640)
_QUANTILES = (0.1, 0.3, 0.5, 0.7, 0.9)


class Lengths:
    """Tokens of answers of one kind."""

    def __init__(self) -> None:
        self._seen: deque[tuple[int, bool]] = deque(
            [(length, True) for length in _PRIOR], maxlen=_REMEMBERED
        )
        self._ends: Sequence[int] = ()
        self._go_on: Sequence[float] = ()
        self._fresh = False

    def add(self, length: int, *, ended: bool) -> None:
        """Learn from an answer; `ended` says that the model ended it."""
        self._seen.append((length, ended))
        self._fresh = False

    def draw(self, chance: float, written: int = 0, limit: int = 0) -> int:
        """Return the length that a share `chance` of the answers goes beyond, of those that have
        `written` tokens and go on; `limit` is the most there can be, 0 if nobody knows."""
        self._learn()
        at = bisect_right(self._ends, written)
        share = chance * (self._go_on[at - 1] if at else 1.0)
        most = limit or 2 * max(written, self._ends[-1])
        for length, goes_on in zip(self._ends[at:], self._go_on[at:], strict=True):
            if goes_on <= share:
                return min(length, most)
        return max(most, written + 1)

    def expected(self, limit: int = 0) -> float:
        """Return the tokens to expect of an answer, on average."""
        return sum(self.draw(chance, 0, limit) for chance in _QUANTILES) / len(_QUANTILES)

    def _learn(self) -> None:
        """Make the curve: at each length where answers ended, the share that goes beyond it."""
        if self._fresh:
            return
        ends: list[int] = []
        go_on: list[float] = []
        left, share = len(self._seen), 1.0
        # What was cut at a length was longer than what ended there.
        for length, ended in sorted(self._seen, key=lambda seen: (seen[0], not seen[1])):
            if ended:
                share *= 1 - 1 / left
                if ends and ends[-1] == length:
                    go_on[-1] = share
                else:
                    ends.append(length)
                    go_on.append(share)
            left -= 1
        self._ends, self._go_on, self._fresh = ends or [0], go_on or [1.0], True

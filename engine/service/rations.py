"""How much each of several users may have read: a ration each, which fills up with the work done.

While a prompt is read everybody who is written for waits: an engine puts some hundred tokens of it
into each of its steps. Slots and turns do not hold back whoever asks and leaves again at once, with
a slot for everybody: they would have a prompt in every step.
"""

from __future__ import annotations

from collections.abc import Mapping

_TIMES = 2.0
"""Times an even share of all the work. Short questions with shorter answers take more than one, and
two users of the same weight are never held back; of thirty, one can cost the others a fifteenth of
their speed."""
_BURST = 1_000.0
"""Tokens that may be read at any time, a page or two. Whoever has one of them left may begin, however
long the prompt is, and pays it off afterwards: one document never waits for this."""


class Rations:
    """What is left to everybody, in tokens to read."""

    def __init__(self) -> None:
        self._left: dict[int, float] = {}
        """For whoever has not all of it."""
        self._shares: dict[int, float] = {}
        self._work = 0.0

    def fill(self, work: float, weights: Mapping[int, float]) -> None:
        """Share out what was done since the last call: `work` is the cost of everything that was
        ever read and written, which may turn out to be less where some of it was cached. From now on
        users of those weights are there."""
        done = max(0.0, work - self._work)
        self._work += done
        for uid, left in list(self._left.items()):
            filled = left + done * self._shares.get(uid, 0.0)
            if filled < _BURST:
                self._left[uid] = filled
            else:
                del self._left[uid]
        whole = sum(weights.values())
        self._shares = dict.fromkeys(self._left, _TIMES / whole if whole else 1.0)
        self._shares |= {uid: _TIMES * weight / whole for uid, weight in weights.items()}

    def take(self, uid: int, tokens: float) -> None:
        """Take so many tokens of somebody's ration; fewer than 0 give them back."""
        self._left[uid] = min(_BURST, self._left.get(uid, _BURST) - tokens)

    def lacks(self, uid: int, more: float = 0.0) -> float:
        """Return the work until somebody may have more read, as cost; 0 for at once."""
        left, share = self._left.get(uid, _BURST) - more, self._shares.get(uid, 1.0)
        return 0.0 if left > 0 or share >= 1 else (1.0 - left) / share

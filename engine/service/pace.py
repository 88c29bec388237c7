"""How fast a worker reads and writes, by how many it writes for at once: learned as it goes."""

from __future__ import annotations

# What a step takes grows with the number of callers: seen shares of what does and what does not.
_FIXED, _EACH = 0.4, 0.6
_FORGET = 0.97  # an observation counts so much less with each that follows
_PRIOR = 0.5  # observations that the shares above are worth


class Pace:
    """Seconds a token, for a worker with so many slots."""

    def __init__(self, slots: int) -> None:
        self._slots = max(1, slots)
        self._weight = self._n = self._nn = self._s = self._ns = 0.0
        self._read_weight = self._read = 0.0

    @property
    def known(self) -> bool:
        """Whether anything was seen."""
        return self._weight > 0

    def knows(self, callers: int) -> bool:
        """Whether it was seen with about so many callers: half as many on average, or more."""
        return self.known and 2 * self._n >= callers * self._weight

    def wrote(self, seconds: float, callers: float) -> None:
        """Learn that each of so many callers got a token in so many seconds, on average."""
        if seconds <= 0:
            return
        n = max(1.0, callers)
        self._weight = self._weight * _FORGET + 1
        self._n = self._n * _FORGET + n
        self._nn = self._nn * _FORGET + n * n
        self._s = self._s * _FORGET + seconds
        self._ns = self._ns * _FORGET + n * seconds

    def read(self, tokens: int, seconds: float) -> None:
        """Learn that so many tokens of a prompt were read in so many seconds."""
        self._read_weight = self._read_weight * _FORGET + tokens
        self._read = self._read * _FORGET + seconds

    def step(self, callers: int) -> float:
        """Return the seconds until each of so many callers has another token; 0 if nothing is known.

        A line through what was seen, held up by the prior where that was always the same number.
        """
        if not self.known:
            return 0.0
        shape = _FIXED * self._weight + _EACH * self._n
        scale = self._s / shape
        one, all_ = scale * (_FIXED + _EACH), scale * (_FIXED + _EACH * self._slots)
        weight = self._weight + 2 * _PRIOR
        n = self._n + _PRIOR * (1 + self._slots)
        nn = self._nn + _PRIOR * (1 + self._slots**2)
        s = self._s + _PRIOR * (one + all_)
        ns = self._ns + _PRIOR * (one + all_ * self._slots)
        spread = weight * nn - n * n
        if spread <= 1e-9:
            return s / weight
        each = min(max(0.0, (weight * ns - n * s) / spread), s / n)
        fixed = (s - each * n) / weight
        return fixed + each * callers

    def reading(self, tokens: float) -> float:
        """Return the seconds that reading so many tokens takes."""
        if not self._read_weight:
            return tokens * self.step(1) / 2
        return tokens * self._read / self._read_weight

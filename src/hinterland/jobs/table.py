"""A million ids and a number for each, in 16 to 48 bytes an id: a dict takes three times as much."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable

_LARGEST_FILL = 0.7


class Table:
    """Numbers from 1 to 2**64 - 1 by id.

    Ids are told apart by Python's 64-bit hash, which differs from run to run: among a million, the
    chance that two are taken for the same one is 3 in 100 million.
    """

    def __init__(self, ids: int = 0) -> None:
        """Make room for so many: growing by and by takes longer."""
        self._used = 0
        self._make(max(10, int(ids / _LARGEST_FILL).bit_length()))

    def __len__(self) -> int:
        return self._used

    def get(self, name: str) -> int:
        """Return the number of `name`; 0 when there is none."""
        hashes, mask = self._hashes, self._mask
        wanted = hash(name) or 1
        place = wanted & mask
        while (found := hashes[place]) != wanted:
            if not found:
                return 0
            place = (place + 1) & mask
        return self._numbers[place]

    def set(self, name: str, number: int) -> int:
        """Give `name` a number; return the one that it had, 0 for none."""
        return self.exchange((hash(name),), (number,))[0]

    def exchange(self, hashes: Collection[int], numbers: Iterable[int]) -> list[int]:
        """Give the ids with these hashes their numbers; return those that they had, 0 for none."""
        while self._used + len(hashes) > self._most:
            self._grow()
        known, known_numbers, mask = self._hashes, self._numbers, self._mask
        had: list[int] = []
        add = had.append
        used = self._used
        for wanted, number in zip(hashes, numbers, strict=False):
            wanted = wanted or 1  # 0 is an empty place
            place = wanted & mask
            while (found := known[place]) != wanted:
                if not found:
                    known[place] = wanted
                    used += 1
                    add(0)
                    break
                place = (place + 1) & mask
            else:
                add(known_numbers[place])
            known_numbers[place] = number
        self._used = used
        return had

    def _make(self, bits: int) -> None:
        size = 1 << bits
        self._bits = bits
        self._hashes = array("q", (0,)) * size
        self._numbers = array("Q", (0,)) * size
        self._mask = size - 1
        self._most = int(size * _LARGEST_FILL)

    def _grow(self) -> None:
        hashes, numbers = self._hashes, self._numbers
        self._make(self._bits + 1)
        mask, larger = self._mask, self._hashes
        for place, known in enumerate(hashes):
            if known:
                new = known & mask
                while larger[new]:
                    new = (new + 1) & mask
                larger[new] = known
                self._numbers[new] = numbers[place]

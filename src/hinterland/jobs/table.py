"""A million ids and a number for each, in 16 to 48 bytes an id: a dict takes three times as much."""

from __future__ import annotations

from array import array

_LARGEST_FILL = 0.7
_MOST_EXPECTED = 1 << 20


class Table:
    """Numbers from 1 to 2**64 - 1 by id.

    Ids are told apart by Python's 64-bit hash, which differs from run to run: among a million, the
    chance that two are taken for the same one is 3 in 100 million.
    """

    def __init__(self) -> None:
        self._make(1 << 10)
        self._used = 0

    def expect(self, ids: int) -> None:
        """Make room for so many at once, up to a million: growing by and by takes longer."""
        wanted = 1 << int(min(ids, _MOST_EXPECTED) / _LARGEST_FILL).bit_length()
        if wanted > len(self._hashes):
            self._grow(wanted)

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
        hashes, mask = self._hashes, self._mask
        wanted = hash(name) or 1
        place = wanted & mask
        while (found := hashes[place]) != wanted:
            if not found:
                hashes[place] = wanted
                self._numbers[place] = number
                self._used += 1
                if self._used > self._most:
                    self._grow(2 * len(hashes))
                return 0
            place = (place + 1) & mask
        had = self._numbers[place]
        self._numbers[place] = number
        return had

    def _make(self, size: int) -> None:
        self._hashes = array("q", bytes(8 * size))
        self._numbers = array("Q", bytes(8 * size))
        self._mask = size - 1
        self._most = int(size * _LARGEST_FILL)

    def _grow(self, size: int) -> None:
        hashes, numbers = self._hashes, self._numbers
        self._make(size)
        mask, larger = self._mask, self._hashes
        for place, known in enumerate(hashes):
            if known:
                new = known & mask
                while larger[new]:
                    new = (new + 1) & mask
                larger[new] = known
                self._numbers[new] = numbers[place]

"""Which ids an earlier run has finished, and which this one has seen: each is done once.

Work is finished in nearly the order in which it is read. While that holds, what was finished is met
in the order of the ledger, and no id has to be looked up in a table of all: see docs/adr/021.
"""

from __future__ import annotations

from array import array
from itertools import repeat

from hinterland.jobs.table import Table

NEW, REPEATED = 0, 1
"""What `see` says of an id that nobody has finished, and of one that it was asked about before."""

_AHEAD = 4096
"""Ids that may come in another order than they were finished in, before a table is made."""
_SCANS = 8
"""Times that all of the ledger's ids are gone through for new ones; a table takes as long as that."""
_AT_ONCE = 4096


class Register:
    """Ids, those of an earlier run with a number above 1. First they are made known, then seen."""

    def __init__(self) -> None:
        self._hashes = array("q")
        self._numbers = array("Q")
        """What is known, in the order of the ledger."""
        self._known = 0
        """How many of those are no longer to come: they were seen, or stand in `_ahead`."""
        self._ahead: dict[int, int] = {}
        """The numbers of those that should be seen next, by their hashes."""
        self._new: set[int] = set()
        """What was seen and is not known."""
        self._scans = 0
        self._table: Table | None = None
        """All of this, once the order does not help."""

    def know(self, names: list[str], numbers: array[int]) -> None:
        """Take note of ids that an earlier run has finished, with their numbers."""
        self._hashes.extend(map(hash, names))
        if min(numbers, default=2) <= REPEATED:
            numbers = array("Q", [max(number, REPEATED + 1) for number in numbers])
        self._numbers.extend(numbers)

    def see(self, names: list[str]) -> list[int]:
        """Return the numbers of ids that were known and are seen for the first time; REPEATED for
        those seen before, NEW for the others."""
        hashes = list(map(hash, names))
        if self._table is None:
            self._look_ahead(len(hashes))
            found = list(map(self._ahead.pop, hashes, repeat(NEW)))
            if NEW not in found or self._are_new(hashes, found):
                return found
            taken = zip(hashes, found, strict=True)
            self._ahead.update((each, number) for each, number in taken if number != NEW)
            self._table = self._all()
        return self._table.exchange(hashes, repeat(REPEATED))

    def was_seen(self, name: str) -> bool:
        """Whether `see` was asked about it."""
        if self._table is None:
            self._table = self._all()
        return self._table.get(name) == REPEATED

    def _look_ahead(self, count: int) -> None:
        """Have so many ids at hand, and what may have been finished before them."""
        while len(self._ahead) < count + _AHEAD and self._known < len(self._hashes):
            some = slice(self._known, self._known + _AT_ONCE)
            self._ahead.update(zip(self._hashes[some], self._numbers[some], strict=True))
            self._known += _AT_ONCE

    def _are_new(self, hashes: list[int], found: list[int]) -> bool:
        """Whether those that were not found are all new, and differ; they are, from now on."""
        if self._scans == _SCANS:
            return False
        self._scans += 1
        missing = {each for each, number in zip(hashes, found, strict=True) if number == NEW}
        if (
            len(missing) < found.count(NEW)
            or not missing.isdisjoint(self._new)
            or not missing.isdisjoint(self._hashes)
        ):
            return False
        self._new |= missing
        return True

    def _all(self) -> Table:
        """Return a table of everything, which takes the place of all else."""
        table = Table(len(self._hashes) + len(self._new))
        for start in range(0, len(self._hashes), _AT_ONCE):
            some = slice(start, start + _AT_ONCE)
            seen = start < self._known
            table.exchange(self._hashes[some], repeat(REPEATED) if seen else self._numbers[some])
        table.exchange(self._ahead.keys(), self._ahead.values())
        table.exchange(self._new, repeat(REPEATED))
        self._hashes, self._numbers = array("q"), array("Q")
        self._ahead.clear()
        self._new.clear()
        return table

"""Misspelt words: the nearest word of the lexicon, one or two letters away.

Deletions of both words are compared, so that looking one up costs the same however many there are.
Ordinary words that only look like one of the lexicon's are listed there and left alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

_ONE = 5
"""From this many letters a word may be one letter off."""
_TWO = 8
"""From this many, two."""
_LONGEST = 16


class Spelling:
    """Which stems are right, and which of them is meant by another."""

    def __init__(self, stems: Iterable[str], ordinary: Iterable[str]) -> None:
        self.right = frozenset(stems)
        self.ordinary = frozenset(ordinary)
        self._near: dict[str, list[str]] | None = None
        self._found: dict[str, str | None] = {}

    def mend(self, stem: str) -> str | None:
        """Return the stem itself when it is known, the one that is meant, or None."""
        if stem in self.right or stem in self.ordinary:
            return stem
        if not _ONE <= len(stem) <= _LONGEST:
            return None
        if stem not in self._found:
            if len(self._found) > 4096:
                self._found.clear()
            self._found[stem] = self._nearest(stem)
        return self._found[stem]

    def _nearest(self, stem: str) -> str | None:
        if self._near is None:
            self._near = {}
            for word in sorted(self.right):
                if _ONE <= len(word) <= _LONGEST:
                    for short in _shortened(word, _far(word)):
                        self._near.setdefault(short, []).append(word)
        best: tuple[int, int, str] | None = None
        for short in _shortened(stem, 2 if len(stem) >= _TWO - 1 else 1):
            for word in self._near.get(short, ()):
                allowed = _far(word) if len(stem) >= _far(word) * 3 + 1 else 1
                apart = distance(stem, word)
                swapped = stem[:2] == word[1::-1]
                if apart > allowed or (stem[0] != word[0] and not swapped):
                    continue
                rank = (apart, int(stem[0] != word[0]), word)
                if best is None or rank < best:
                    best = rank
        return best[2] if best else None


def _far(word: str) -> int:
    return 2 if len(word) >= _TWO else 1


def _shortened(word: str, most: int) -> set[str]:
    """Return the word without up to `most` of its letters."""
    result = {word}
    for count in range(1, most + 1):
        for places in combinations(range(len(word)), count):
            result.add("".join(each for at, each in enumerate(word) if at not in places))
    return result


def distance(one: str, other: str) -> int:
    """Return how many letters have to be put, taken, changed or swapped with their neighbour."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        above, row = row, [i] + [0] * len(other)
        for j, wanted in enumerate(other, 1):
            cost = letter != wanted
            row[j] = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + cost)
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                row[j] = min(row[j], before[j - 2] + 1)
        before = above
    return row[-1]

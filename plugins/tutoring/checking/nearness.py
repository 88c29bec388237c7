"""How far apart two spellings are, and when that is a slip of the pen."""

from __future__ import annotations

import functools
import re


def _allowed(letters: int) -> int:
    """Return how many letters may be wrong in a word of so many."""
    if letters < 5:
        return 0
    return 1 if letters < 9 else 2


@functools.lru_cache(maxsize=4096)
def distance(
    said: str, key: str, opposites: tuple[tuple[str, str], ...] = (), *, at_all: bool = False
) -> int | None:
    """Return how many letters are wrong, missing, too many or swapped; None if too many to be a slip.

    Numbers have to be the same, and a beginning that turns the meaning round is no slip. With
    `at_all` two letters are counted however short the word is.
    """
    most = 2 if at_all else _allowed(sum(map(str.isalpha, key)))
    if abs(len(said) - len(key)) > most or re.findall(r"\d", said) != re.findall(r"\d", key):
        return None
    if any(_are_opposite(said, key, each) for each in opposites):
        return None
    found = _letters_apart(said, key)
    return found if found <= most else None


def _are_opposite(one: str, other: str, starts: tuple[str, str]) -> bool:
    first, second = starts
    pairs = ((one, other), (other, one))
    return any(
        left.startswith(first)
        and right.startswith(second)
        and left[len(first) :] == right[len(second) :]
        for left, right in pairs
    )


def _letters_apart(one: str, other: str) -> int:
    """Return the edit distance with swapped neighbours counted once."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for index, letter in enumerate(one, 1):
        older, before, row = before, row, [index]
        for place, target in enumerate(other, 1):
            cost = min(
                before[place] + 1, row[place - 1] + 1, before[place - 1] + (letter != target)
            )
            swapped = (
                index > 1 and place > 1 and letter == other[place - 2] and one[index - 2] == target
            )
            if swapped and letter != target:
                cost = min(cost, older[place - 2] + 1)
            row.append(cost)
    return row[-1]

"""Titles found by what somebody remembers of them: letters in their order, the best match first.

Ten thousand titles are searched at every key, so each is made ready once; a regular expression then
leaves out what does not match before anything is scored.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from hinterland.history.words import folded

Item = TypeVar("Item")

# What a word of the query is worth, by how it lies in the title; what stands earlier weighs more.
_BEGINS, _WORD, _WITHIN, _SCATTERED = 400, 300, 200, 100
_LONGEST_LEAD = 50  # characters before a match that are still counted against it
_MOST_GAPS = 3  # letters of a word may stand apart in so many places, else it is chance


@dataclass(frozen=True, slots=True)
class Prepared(Generic[Item]):
    """Something with a title and tags, ready to be searched."""

    item: Item
    title: str
    tags: tuple[str, ...]


def prepare(item: Item, title: str, tags: Iterable[str] = ()) -> Prepared[Item]:
    """Return `item` ready to be searched by its title and tags."""
    return Prepared(item, " ".join(folded(title).split()), tuple(folded(tag) for tag in tags))


def find(query: str, among: Sequence[Prepared[Item]]) -> list[Item]:
    """Return the items in which every word of `query` is found, the best first; of those that are
    equally good the one that stands first in `among`. A word `#so` has to begin a tag.

    Case and accents do not count. A word is found whole, or with its letters in their order and few
    gaps. A query without a word finds everything.
    """
    words = folded(query, marks="#").split()
    found = [(0, place, each) for place, each in enumerate(among)]
    for word in words:
        if word.startswith("#"):
            found = [each for each in found if _tagged(word.strip("#"), each[2])]
        else:
            found = _narrowed(word.replace("#", ""), found)
    found.sort(key=lambda each: (-each[0], each[1]))
    return [each.item for _, _, each in found]


Found = list[tuple[int, int, Prepared[Item]]]


def _narrowed(word: str, found: Found[Item]) -> Found[Item]:
    scattered = re.compile("[^ ]*?".join(map(re.escape, word)))
    left = []
    for score, place, each in found:
        at = each.title.find(word)
        if at < 0:
            worth = _of_scattered(scattered, word, each)
        elif at == 0:
            worth = _BEGINS
        else:
            whole = f" {each.title}".find(f" {word}")
            at = whole if whole >= 0 else at
            worth = (_WORD if whole >= 0 else _WITHIN) - min(at, _LONGEST_LEAD)
        if worth:
            left.append((score + worth, place, each))
    return left


def _of_scattered(scattered: re.Pattern[str], word: str, each: Prepared[Item]) -> int:
    """Return what a word is worth that does not stand in the title as it was typed; 0 for nothing."""
    if _tagged(word, each):
        return _WORD
    best = 0
    for match in scattered.finditer(each.title):
        gaps = _gaps(word, match[0])
        if gaps <= _MOST_GAPS:
            worth = _SCATTERED - 10 * gaps - min(len(match[0]) - len(word), _LONGEST_LEAD)
            best = max(best, worth)
    return best


def _gaps(word: str, within: str) -> int:
    """Return in how many places other letters stand between those of `word`."""
    gaps = at = 0
    for letter in word:
        found = within.index(letter, at)
        gaps += found > at
        at = found + 1
    return gaps


def _tagged(beginning: str, each: Prepared[Item]) -> bool:
    return any(tag.startswith(beginning) for tag in each.tags)

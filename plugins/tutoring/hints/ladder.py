"""The lesson's own hints, a rung at a time: what there is without a model, and whenever one fails."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hinterland.plugins.tutoring.hints.guard import Guard
from hinterland.plugins.tutoring.hints.guide import Hint, Work
from hinterland.plugins.tutoring.lessons import Posed

_WORD = re.compile(r"[^\W\d_]{4,}|\d+")


class LessonGuide:
    """Gives the next hint; a later one where it speaks of the very mistake that was made."""

    async def hint(self, posed: Posed, work: Work, unused: Sequence[int]) -> Hint:
        """Return the smallest hint that is left; `unused` is not empty."""
        index = rung(posed, work, unused)
        return Hint(index, posed.hints[index])


def choices(posed: Posed, unused: Sequence[int]) -> list[int]:
    """Return the hints that may come next: none below one that was given, none that holds the answer,
    and the last only when it is the next; where none is left so, the smallest that is unused."""
    left = sorted(unused)
    given = set(range(len(posed.hints))) - set(left)
    guard = Guard(posed)
    above = [each for each in left if each > max(given, default=-1)] or left
    fitting = [each for each in above if not guard.leaks(posed.hints[each])] or above[:1]
    return [each for each in fitting if each < len(posed.hints) - 1] or fitting[:1]


def rung(posed: Posed, work: Work, unused: Sequence[int]) -> int:
    """Return which hint is next: the smallest that may come, or the one that shares most words with
    what is said about the pupil's mistake."""
    left = choices(posed, unused)
    if work.mistake is None or not 0 <= work.mistake < len(posed.mistakes):
        return left[0]
    told = _words(posed.mistakes[work.mistake].told)
    common = {index: len(told & _words(posed.hints[index])) for index in left}
    best = max(left, key=lambda index: (common[index], -index))
    return best if common[best] >= 2 else left[0]


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.casefold()))

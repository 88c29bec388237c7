"""The lesson's own hints, a rung at a time: what there is without a model, and whenever one fails."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hinterland.plugins.tutoring.hints.guide import Hint, Work
from hinterland.plugins.tutoring.lessons import Posed

_WORD = re.compile(r"[^\W\d_]{4,}|\d+")


class LessonGuide:
    """Gives the next hint; a later one where it speaks of the very mistake that was made."""

    async def hint(self, posed: Posed, work: Work, unused: Sequence[int]) -> Hint:
        """Return the smallest hint that is left; `unused` is not empty."""
        index = rung(posed, work, unused)
        return Hint(index, posed.hints[index])


def rung(posed: Posed, work: Work, unused: Sequence[int]) -> int:
    """Return which hint is next: the first that is left, or the one that shares most words with what
    is said about the pupil's mistake. The last rung is never reached over the heads of others."""
    left = sorted(unused)
    if work.mistake is None or len(left) < 3:
        return left[0]
    told = _words(posed.mistakes[work.mistake].told)
    common = {index: len(told & _words(posed.hints[index])) for index in left[:-1]}
    best = max(left[:-1], key=lambda index: (common[index], -index))
    return best if common[best] >= 2 else left[0]


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.casefold()))

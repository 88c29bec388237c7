"""A model's answer as parts of the document again, if it is a translation."""

from __future__ import annotations

import re
from collections import Counter

from hinterland.plugins.translation.languages import Language
from hinterland.plugins.translation.segments.cutting import merged
from hinterland.plugins.translation.segments.masking import MARKS, Masked
from hinterland.plugins.translation.segments.unfit import Trouble, Unfit
from hinterland.plugins.translation.units import Code, Parts, text_of

_NUMBERS = re.compile(r"\d+")


def read_answer(
    masked: Masked,
    answer: str,
    source: Language,
    target: Language,
    *,
    was_cut: bool,
    lenient: bool = False,
) -> Parts:
    """Return the parts of a translation; raises Unfit where the answer is none.

    `was_cut` says that the model was stopped at its limit. `lenient` leaves out the checks of
    language, script and whether anything changed, and no other.
    """
    text = answer.strip()
    if was_cut:
        raise Unfit(Trouble.CUT, "The translation is longer than it may be.")
    if not text:
        raise Unfit(Trouble.EMPTY, "The translation is empty.")
    seen: list[int] = []
    parts: list[str | Code] = []
    pieces = MARKS[masked.style].split(text)
    for at, piece in enumerate(pieces):
        if at % 2 == 0:
            parts.append(piece)
            continue
        number = int(piece)
        if not 1 <= number <= len(masked.marks):
            raise Unfit(Trouble.MARK, "The translation has a mark that the source has not.")
        seen.append(number)
        parts.append(masked.marks[number - 1])
    if sorted(seen) != list(range(1, len(masked.marks) + 1)):
        raise Unfit(Trouble.MARK, "The translation lost or doubled a mark.")
    result = merged(parts)
    wanted, found = _numbers(masked.parts), _numbers(result)
    if wanted != found:
        raise Unfit(Trouble.NUMBER, "The translation has other numbers than the source.")
    return result


def _numbers(parts: Parts) -> Counter[str]:
    return Counter(_NUMBERS.findall(text_of(parts)))

"""Mark-up in a text as people see and write it: a number in brackets for each code."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hinterland.errors import InputError
from hinterland.language import _
from hinterland.plugins.translation.units import Code, Kind, Parts, codes_of

_MARK = re.compile(r"\[(\d{1,4})\]")


def shown(parts: Parts, source: Parts) -> str:
    """Return a text, or a translation of `source`, to be read: a code has the number that it has in the
    source, and one that only parts words is a space."""
    return _text(parts, source, spaces=True)


def written(parts: Parts, source: Parts) -> str:
    """Return the same to be changed by hand: every code has its number."""
    return _text(parts, source, spaces=False)


def _text(parts: Parts, source: Parts, *, spaces: bool) -> str:
    left = list(enumerate(codes_of(source), start=1))
    found = ""
    for part in parts:
        if isinstance(part, str):
            found += part
            continue
        number = next((number for number, code in left if code == part), 0)
        left = [each for each in left if each[0] != number]
        found += " " if spaces and part.is_space else f"[{number}]"
    return found


def read(text: str, source: Parts) -> Parts:
    """Return what was written by hand for `source`; raises InputError where a mark of its mark-up is
    not there once, or ends before it begins."""
    codes = codes_of(source)
    found: list[str | Code] = []
    at, seen = 0, list[int]()
    for match in _MARK.finditer(text):
        if 1 <= (number := int(match[1])) <= len(codes):
            found += [text[at : match.start()], codes[number - 1]]
            at = match.end()
            seen.append(number)
    found.append(text[at:])
    _check(seen, codes)
    return tuple(part for part in found if part != "")


def _check(seen: Sequence[int], codes: Sequence[Code]) -> None:
    for number, code in enumerate(codes, start=1):
        if seen.count(number) != 1:
            raise InputError(
                _("The mark [{number}] has to be there once.").format(number=number),
                _("It stands for mark-up of the document."),
            )
        before = _opening(code, codes) if code.kind is Kind.CLOSE else 0
        if before and seen.index(before) > seen.index(number):
            said = _("The mark [{number}] has to come after [{before}].")
            raise InputError(said.format(number=number, before=before))


def _opening(close: Code, codes: Sequence[Code]) -> int:
    opens = (
        number
        for number, code in enumerate(codes, start=1)
        if code.kind is Kind.OPEN and code.pair == close.pair
    )
    return next(opens, 0)

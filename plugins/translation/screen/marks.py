"""Mark-up in a text as people see and write it: a number in brackets for each code."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hinterland.errors import InputError
from hinterland.language import _
from hinterland.plugins.translation.units import Code, Kind, Parts, codes_of

_BRACKETS = ("[]", "{}", "<>", "()")
"""What is put around the number: the first that the words of the source do not have around one."""


def shown(parts: Parts, source: Parts) -> str:
    """Return a text, or a translation of `source`, to be read: a code has the number that it has in the
    source, and one that only parts words is a space."""
    return _text(parts, source, spaces=True)


def written(parts: Parts, source: Parts) -> str:
    """Return the same to be changed by hand: every code has its number."""
    return _text(parts, source, spaces=False)


def _text(parts: Parts, source: Parts, *, spaces: bool) -> str:
    left = list(enumerate(codes_of(source), start=1))
    brackets = _brackets(source)
    found = ""
    for part in parts:
        if isinstance(part, str):
            found += part
            continue
        number = next((number for number, code in left if code == part), 0)
        left = [each for each in left if each[0] != number]
        found += " " if spaces and part.is_space else str(number).join(brackets)
    return found


def read(text: str, source: Parts) -> Parts:
    """Return what was written by hand for `source`; raises InputError where a mark of its mark-up is
    not there once, or ends before it begins."""
    codes = codes_of(source)
    found: list[str | Code] = []
    at, seen = 0, list[int]()
    for match in _mark(_brackets(source)).finditer(text):
        if 1 <= (number := int(match[1])) <= len(codes):
            found += [text[at : match.start()], codes[number - 1]]
            at = match.end()
            seen.append(number)
    found.append(text[at:])
    _check(seen, codes, _brackets(source))
    return tuple(part for part in found if part != "")


def _brackets(source: Parts) -> str:
    words = "".join(part for part in source if isinstance(part, str))
    return next((each for each in _BRACKETS if not _mark(each).search(words)), _BRACKETS[0])


def _mark(brackets: str) -> re.Pattern[str]:
    return re.compile(rf"{re.escape(brackets[0])}(\d{{1,4}}){re.escape(brackets[1])}")


def _check(seen: Sequence[int], codes: Sequence[Code], brackets: str) -> None:
    for number, code in enumerate(codes, start=1):
        if seen.count(number) != 1:
            raise InputError(
                _("The mark {mark} has to be there once.").format(mark=str(number).join(brackets)),
                _("It stands for mark-up of the document."),
            )
        before = _opening(code, codes) if code.kind is Kind.CLOSE else 0
        if before and seen.index(before) > seen.index(number):
            said = _("The mark {mark} has to come after {before}.")
            marks = (str(each).join(brackets) for each in (number, before))
            raise InputError(said.format(mark=next(marks), before=next(marks)))


def _opening(close: Code, codes: Sequence[Code]) -> int:
    opens = (
        number
        for number, code in enumerate(codes, start=1)
        if code.kind is Kind.OPEN and code.pair == close.pair
    )
    return next(opens, 0)

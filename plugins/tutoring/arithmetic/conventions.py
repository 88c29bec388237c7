"""How a language writes decimals and groups of thousands, and what a run of digits then says."""

from __future__ import annotations

import functools
import re
from fractions import Fraction
from importlib import resources

import msgspec

from hinterland.plugins.languages import known

MOST_DIGITS = 40
"""More digits than this are no answer to anything, and slow to compute with."""

_RUN = re.compile(
    r"""(?: \d+ (?: [.,'\u066b\u066c]\d+ | [ ]\d{3}(?!\d|[ ]?/[ ]?\d) )* | [.,\u066b]\d+ )""",
    re.VERBOSE,
)
_ARABIC_DECIMAL, _ARABIC_GROUP = "\u066b", "\u066c"


class Convention(msgspec.Struct, frozen=True):
    """How numbers are written in a language."""

    decimal: str
    groups: frozenset[str]
    """What may stand between thousands, out of `,` and `.`; a space and `'` always may."""


class Digits(msgspec.Struct, frozen=True):
    """Digits as they are read, and as they could have been meant."""

    value: Fraction
    end: int
    """Where in the text the digits end."""
    decimals: int | None = None
    """How many stand behind the decimal sign; None without one."""
    other: Fraction | None = None
    """What they are by another country's convention, where that is another number."""


class _Table(msgspec.Struct, forbid_unknown_fields=True):
    comma: frozenset[str]
    point: frozenset[str]


@functools.cache
def _groups() -> _Table:
    data = resources.files(__package__).joinpath("grouping.toml").read_bytes()
    return msgspec.toml.decode(data, type=_Table)


@functools.lru_cache(maxsize=64)
def convention(language: str) -> Convention:
    """Return how a language, by its BCP 47 code, writes numbers; as in English where not known."""
    base = language.partition("-")[0].lower()
    found = known().get(language) or known().get(base)
    decimal = found.decimal if found is not None else "."
    table = _groups()
    marks = {mark for mark, where in ((",", table.comma), (".", table.point)) if base in where}
    return Convention(decimal, frozenset(marks - {decimal}))


def digits_at(text: str, start: int, how: Convention) -> Digits | None:
    """Read the digits that begin at `start` of a plain text, or return None.

    Where marks make no sense as a number (`1,2,3`), only the digits before them are read.
    """
    match = _RUN.match(text, start)
    if match is None:
        return None
    run = match.group()
    if sum(map(str.isdigit, run)) > MOST_DIGITS:
        return None
    found = _interpreted(run, how)
    if found is None:  # 5, 12 13 is not one number: take what is
        run = re.match(r"\d*", run).group()  # type: ignore[union-attr]  # it always matches
        found = (Fraction(int(run)), None, None) if run else None
    if found is None:
        return None
    return Digits(found[0], start + len(run), found[1], found[2])


_Found = tuple[Fraction, int | None, Fraction | None]


def _interpreted(run: str, how: Convention) -> _Found | None:
    if run.isdigit():
        return Fraction(int(run)), None, None
    if _ARABIC_DECIMAL in run:
        head, _, tail = run.partition(_ARABIC_DECIMAL)
        whole = _ungrouped(head, ",.' " + _ARABIC_GROUP)
        return None if whole is None or not tail.isdigit() else _decimal(whole, tail)
    marks = [each for each in run if not each.isdigit()]
    last = marks[-1]
    if last in ",." and marks.count(last) == 1:
        head, _, tail = run.rpartition(last)
        if len(marks) > 1:
            whole = _ungrouped(head, "".join(set(marks) - {last}))
            return None if whole is None else _decimal(whole, tail)
        return _one_mark(head, last, tail, how)
    if len(set(marks)) > 1:
        return None
    whole = _ungrouped(run, last)
    return None if whole is None else (Fraction(int(whole)), None, None)


def _one_mark(head: str, mark: str, tail: str, how: Convention) -> _Found:
    """`1.234` or `1,5`: a decimal, unless it can only be or is more likely a thousand."""
    decimal = _decimal(head, tail)
    if not (len(tail) == 3 and 1 <= len(head) <= 3 and head[0] != "0"):
        return decimal
    grouped = Fraction(int(head + tail))
    if mark != how.decimal and mark in how.groups:
        return grouped, None, decimal[0]
    return decimal[0], decimal[1], grouped


def _decimal(whole: str, tail: str) -> _Found:
    return Fraction(int((whole or "0") + tail), 10 ** len(tail)), len(tail), None


def _ungrouped(text: str, marks: str) -> str | None:
    """Return the digits of `1 234 567` or of `12,34,567` as in India, or None."""
    if text.isdigit():
        return text
    parts = re.split(f"[{re.escape(marks)}]", text)
    bare = "".join(parts)
    if not bare.isdigit() or parts[0].startswith("0") or len(parts[-1]) != 3:
        return None
    middle = {len(each) for each in parts[1:-1]}
    if middle <= {3} and 1 <= len(parts[0]) <= 3:
        return bare
    return bare if middle == {2} and 1 <= len(parts[0]) <= 2 else None

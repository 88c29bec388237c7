"""A quantity as a person writes it: `7/8 L`, `1 h 30 min`, `$4.50`, `three square metres`."""

from __future__ import annotations

import functools
import re
from fractions import Fraction
from itertools import pairwise

import msgspec

from hinterland.plugins.tutoring.arithmetic import Written, in_digits, plain, read_at, signed
from hinterland.plugins.tutoring.quantities.units import Dimension, Unit, fold, table

_MOST_CHARACTERS = 120
_MOST_PARTS = 4
_MOST_WORDS = 16
_ONES = frozenset({"a", "an", "one", "un", "une"})
_AND_A_HALF = re.compile(r"(\d+)\s+([^\W\d_]+)\s+(?:and|et)\s+(?:1/2|a 1/2|a half)")
_WORD = re.compile(r"[^\W\d_]+(?:'(?=\w))?|[°º$€£₹₦₵¢]|/=")
_POWER = re.compile(r"\s?(?:\^|\*\*)\s?\(?([+-]?[1-9])\)?|([23])(?![\d.,/])")
_TIMES = re.compile(r"\s*[*.]\s*|\s+|-(?=[^\W\d])")
_OVER = re.compile(r"\s*/\s*")


class Quantity(msgspec.Struct, frozen=True):
    """A number of units."""

    value: Fraction
    """In the unit it is written with; in the first one where there are several."""
    unit: Unit
    base: Fraction
    """In the base unit of the dimension."""
    written: Written | None = None
    """The number as it is written; None where there are several."""
    misspelt: bool = False
    """Whether the unit's name has a letter wrong."""


def same(one: Quantity, other: Quantity) -> bool:
    """Whether two quantities are of one kind and one size."""
    return one.unit.dimension == other.unit.dimension and one.base == other.base


def unit_called(text: str, like: Dimension | None = None) -> Unit | None:
    """Return the unit that a text is, as a whole; of the dimension `like` where it can be."""
    text = plain(text).strip()
    found = unit_at(text, 0, like)
    return found[0] if found is not None and not text[found[1] :].strip(" .") else None


def units_at(text: str, start: int) -> tuple[Unit, ...]:
    """Return all the units that the longest name at `start` of a plain text can mean."""
    found = unit_at(text, start)
    if found is None:
        return ()
    return _units(text[start : found[1]]) or (found[0],)


def read(text: str, language: str = "en", like: Dimension | None = None) -> Quantity | None:
    """Return the quantity that a text is; None for anything else, a bare number too.

    `like` is the dimension that a name of several units is taken to be of.
    """
    if len(text) > _MOST_CHARACTERS:
        return None
    text = signed(plain(text).strip(), language)
    negative = text[:1] == "-"
    body = text[1:].lstrip() if text[:1] in ("-", "+") else text
    found = _with_unit_before(body, language, like)
    if found is None:
        digits = _in_digits(body, language) if re.search(r"[^\W\d]{2}", body) else body
        found = _parts(digits, language, like)
    if found is None or not negative:
        return found
    base = (-found.value) * found.unit.factor + found.unit.offset
    written = found.written and msgspec.structs.replace(
        found.written,
        value=-found.written.value,
        other=None if found.written.other is None else -found.written.other,
    )
    if found.written is None:
        base = -found.base
    return msgspec.structs.replace(found, value=-found.value, base=base, written=written)


def _one(written: Written, unit: Unit, misspelt: bool = False) -> Quantity:
    base = written.value * unit.factor + unit.offset
    return Quantity(written.value, unit, base, written, misspelt)


def _with_unit_before(text: str, language: str, like: Dimension | None) -> Quantity | None:
    """Read `$4.50` or `KSh 200`."""
    if text[:1].isdigit():
        return None
    found = _named(text, 0, like)
    if found is None or not found[0].before:
        return None
    number = read_at(text, _after_spaces(text, found[1]), language)
    if number is None or text[number[1] :].strip(" ."):
        return None
    return _one(number[0], found[0])


def _in_digits(text: str, language: str) -> str:
    """Return a text with its number words in digits, and `an hour and a half` as 1 1/2."""
    words = text.split()
    pieces: list[str] = []
    at = 0
    while at < len(words) <= _MOST_WORDS:
        for many in range(len(words) - at, 0, -1):
            digits = in_digits(" ".join(words[at : at + many]), language)
            if digits is not None:
                pieces.append(digits)
                at += many
                break
        else:
            pieces.append(words[at])
            at += 1
    if pieces[:1] and pieces[0].lower() in _ONES:
        pieces[0] = "1"
    text = " ".join(pieces or words)
    half = _AND_A_HALF.fullmatch(text)
    return f"{half.group(1)} 1/2 {half.group(2)}" if half else text


def _parts(text: str, language: str, like: Dimension | None) -> Quantity | None:
    at, parts = 0, list[tuple[Written, Unit]]()
    misspelt = False
    while at < len(text) and len(parts) < _MOST_PARTS:
        number = read_at(text, at, language)
        if number is None:
            return None
        at = _after_spaces(text, number[1])
        found = unit_at(text, _after_between(text, at), like)
        if found is None and not parts:
            found = _misspelt(text, _after_between(text, at), like)
            misspelt = found is not None
        if found is None:
            follower = parts[-1][1].then if parts else ""
            unit = unit_called(follower, parts[-1][1].dimension) if follower else None
            if unit is None or text[at:].strip(" ."):
                return None
            parts.append((number[0], unit))
            break
        parts.append((number[0], found[0]))
        at = _after_spaces(text, found[1])
        if text[at:] == ".":
            break
        at = _after_join(text, at)
    else:
        if at < len(text):
            return None
    return _summed(parts, misspelt)


def _summed(parts: list[tuple[Written, Unit]], misspelt: bool) -> Quantity | None:
    if not parts:
        return None
    written, first = parts[0]
    if len(parts) == 1:
        return _one(written, first, misspelt)
    for (_number, larger), (_next, smaller) in pairwise(parts):
        if larger.dimension != smaller.dimension or smaller.factor >= larger.factor:
            return None
    base = sum((number.value * unit.factor for number, unit in parts), Fraction(0))
    return Quantity(base / first.factor, first, base)


def _after_spaces(text: str, at: int) -> int:
    while text[at : at + 1] == " ":
        at += 1
    return at


def _after_join(text: str, at: int) -> int:
    match = re.compile(r"(?:and|et|,)\s+(?=\d)").match(text, at)
    return match.end() if match else at


@functools.cache
def _between() -> re.Pattern[str]:
    words = sorted(table().between, key=len, reverse=True)
    return re.compile(
        "|".join(re.escape(each) + ("" if each[-1] == "'" else r"\s+") for each in words)
    )


def _after_between(text: str, at: int) -> int:
    match = _between().match(text, at)
    return match.end() if match else at


def unit_at(text: str, start: int, like: Dimension | None = None) -> tuple[Unit, int] | None:
    """Return the longest unit that begins at `start` of a plain text, and where it ends."""
    ways = [_compound(text, start, like), _compound(text, start, None)]
    found = [each for each in ways if each is not None]
    for each in found:
        if each[0].dimension == like:
            return each
    return found[0] if found else None


def _compound(text: str, start: int, like: Dimension | None) -> tuple[Unit, int] | None:
    first = _powered(text, start, like)
    if first is None:
        return None
    unit, at = first
    for _more in range(_MOST_PARTS):
        follow = _sign(text, at)
        if follow is None:
            break
        power, begin = follow
        factor = _powered(text, begin, None)
        if factor is None or (power > 0 and not _multiplies(text, at, begin)):
            break
        unit, at = unit.times(factor[0], power), factor[1]
    return unit, at


def _sign(text: str, at: int) -> tuple[int, int] | None:
    """Return -1 for what is divided by and 1 for what is multiplied with, and where that begins."""
    if over := _OVER.match(text, at):
        return -1, over.end()
    space = _after_spaces(text, at)
    if space > at:
        for words in sorted(table().per, key=len, reverse=True):
            end = space + len(words)
            if text[space:end].lower() == words and (
                words[-1] == "'" or text[end : end + 1] == " "
            ):
                return -1, _after_spaces(text, end)
    if times := _TIMES.match(text, at):
        return 1, times.end()
    return None


def _multiplies(text: str, at: int, begin: int) -> bool:
    """Whether what stands between two units multiplies them: a space alone does so only before
    a power, as in `m s^-1`."""
    if text[at:begin].strip() in ("*", "-"):
        return True
    return bool(re.compile(r"[^\W\d]+\s?(?:\^|\*\*)\s?\(?-").match(text, begin))


def _powered(text: str, start: int, like: Dimension | None) -> tuple[Unit, int] | None:
    table_ = table()
    power, at = 1, start
    word = _WORD.match(text, start)
    if word and word.group().lower() in table_.powers and text[word.end() : word.end() + 1] in " .":
        power, at = table_.powers[word.group().lower()], _after_spaces(text, word.end() + 1)
    found = _named(text, at, like)
    if found is None:
        return None
    unit, at = found
    if power == 1:
        if match := _POWER.match(text, at):
            power, at = int(match.group(1) or match.group(2)), match.end()
        else:
            after = _WORD.match(text, _after_spaces(text, at))
            if after and after.group().lower() in table_.powers:
                power, at = table_.powers[after.group().lower()], after.end()
    return unit.raised(power), at


def _named(text: str, start: int, like: Dimension | None) -> tuple[Unit, int] | None:
    """Return the unit whose name or symbol is the longest at `start`, and where it ends."""
    ends: list[int] = []
    at = start
    for _word in range(table().most_words):
        match = _WORD.match(text, at)
        if match is None:
            break
        ends.append(match.end())
        at = match.end()
        if text[at : at + 1] in (" ", "-"):
            at += 1
    for end in reversed(ends):
        units = _units(text[start:end])
        if units:
            return _liked(units, like), end
    return None


def _units(name: str) -> tuple[Unit, ...]:
    table_ = table()
    return table_.exact.get(name, ()) or table_.folded.get(fold(name), ())


def _liked(units: tuple[Unit, ...], like: Dimension | None) -> Unit:
    return next((each for each in units if each.dimension == like), units[0])


def _misspelt(text: str, start: int, like: Dimension | None) -> tuple[Unit, int] | None:
    """Return the unit whose name is one letter away from the word at `start`, if it is one alone."""
    match = _WORD.match(text, start)
    if match is None or len(match.group()) < 5:
        return None
    word = fold(match.group())
    near = {
        units[0].symbol: units
        for name, units in table().folded.items()
        if len(name) >= 5 and abs(len(name) - len(word)) < 2 and _is_one_off(word, name)
    }
    return (_liked(next(iter(near.values())), like), match.end()) if len(near) == 1 else None


def _is_one_off(one: str, other: str) -> bool:
    """Whether one letter is wrong, missing, too many, or has changed places with the next."""
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    if len(one) == len(other):
        swapped = one[start : start + 2] == other[start : start + 2][::-1]
        return one[start + 1 :] == other[start + 1 :] or (
            swapped and one[start + 2 :] == other[start + 2 :]
        )
    short, long = sorted((one, other), key=len)
    return len(long) == len(short) + 1 and short[start:] == long[start + 1 :]

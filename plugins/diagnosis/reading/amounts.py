"""Spans of time in a text: three weeks, 2/7, since this morning, a couple of days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hinterland.plugins.diagnosis.reading.patterns import Span
from hinterland.plugins.diagnosis.reading.words import NONE, Token
from hinterland.plugins.diagnosis.rules.measures import DAYS_A_MONTH

Classes = Mapping[str, Sequence[Span]]

DAYS = {
    "year": 12 * DAYS_A_MONTH,
    "month": DAYS_A_MONTH,
    "week": 7.0,
    "day": 1.0,
    "hour": 1 / 24,
    "minute": 1 / 1440,
}
_PARTS = {7.0: ("day", 30), 52.0: ("week", 52), 12.0: ("month", 30), 40.0: ("week", 43)}
"""How clinicians write, and how many there may be: 3/7 days, 2/52 weeks, 4/12 months, 34/40 weeks of
a pregnancy."""
_JOINS = frozenset({"y", "et"})
_SEVERAL = 3.0
_MOST = 400.0


@dataclass(frozen=True, slots=True)
class Amount:
    number: float
    unit: str
    span: Span

    @property
    def days(self) -> float:
        return self.number * DAYS[self.unit]

    @property
    def months(self) -> float:
        return self.number * {"year": 12.0, "month": 1.0}.get(
            self.unit, DAYS[self.unit] / DAYS_A_MONTH
        )


def number_at(tokens: Sequence[Token], at: int) -> tuple[float, int] | None:
    """Return the number that begins at a word, and the word after it; of 2-3, the larger."""
    if not 0 <= at < len(tokens):
        return None
    value = tokens[at].number
    if value is None:
        return None
    end = at + 1
    if not tokens[at].word[0].isdigit():
        return _in_words(tokens, value, end)
    if end < len(tokens) and tokens[end].border == NONE and tokens[end].mark == "-":
        after = tokens[end].number
        if after is not None and after > value:
            return after, end + 1
    return value, end


def _in_words(tokens: Sequence[Token], value: float, end: int) -> tuple[float, int]:
    """Return a number of several words: seventy two, quatre-vingt-dix, treinta y cinco."""
    while end < len(tokens) and tokens[end].border == NONE:
        joined = tokens[end].word in _JOINS and end + 1 < len(tokens)
        after = tokens[end + joined].number
        if after is None or tokens[end + joined].word[0].isdigit() or after < 1:
            break
        if after in {20.0, 100.0} and 1 < value < 10 and not joined:
            value *= after
        elif value >= 10 and value % 10 == 0 and after < min(value, 20):
            value += after
        else:
            break
        end += 1 + joined
    return value, end


def amounts(tokens: Sequence[Token], classes: Classes) -> list[Amount]:
    """Return the spans of time that are told in numbers, in order."""
    units: dict[int, tuple[str, int]] = {}
    for unit in DAYS:
        for span in classes.get(f"time.{unit}", ()):
            units[span.start] = (unit, span.end)
    several = {span.start: span.end for span in classes.get("time.several", ())}
    between = {at for span in classes.get("time.between", ()) for at in range(span.start, span.end)}
    half = {at for at, token in enumerate(tokens) if token.number == 0.5}
    result: list[Amount] = []
    at = 0
    while at < len(tokens):
        found = number_at(tokens, at)
        if found is None and at in several:
            found = (_SEVERAL, several[at])
        if found is None:
            at += 1
            continue
        amount = _amount(tokens, at, found, units, half, several, between)
        if amount is None or amount.number > _MOST:
            at += 1
            continue
        result.append(amount)
        at = amount.span.end
    return result


def _amount(
    tokens: Sequence[Token],
    at: int,
    found: tuple[float, int],
    units: Mapping[int, tuple[str, int]],
    half: set[int],
    several: Mapping[int, int],
    between: set[int],
) -> Amount | None:
    value, end = found
    if end < len(tokens) and tokens[end].mark == "/" and tokens[end].border == NONE:
        unit, most = _PARTS.get(tokens[end].number or 0.0, ("", 0))
        return Amount(value, unit, Span(at, end + 1)) if unit and value <= most else None
    # three and a half years, half a year, a couple of weeks
    for skip in range(5):
        place = end + skip
        if place >= len(tokens) or (tokens[place].border != NONE and tokens[place].mark != "-"):
            return None
        if place in units:
            unit, after = units[place]
            if skip and found[0] % 1:
                # A measure, and then something else: 37.8 the day after.
                return None
            if skip and value >= 2 and tokens[place - 1].number == 1 and place - 1 not in half:
                # So often: 46 in a minute, three times a week.
                return None
            return Amount(value, unit, Span(at, after))
        if place in several:
            return None
        if place in half:
            value += 0.5
            continue
        if place not in between:
            return None
    return None

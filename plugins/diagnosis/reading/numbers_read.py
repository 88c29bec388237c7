"""Measured numbers in a text, with their units: temperature, breaths, pulse, pressure, oxygen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hinterland.plugins.diagnosis.reading.amounts import number_at
from hinterland.plugins.diagnosis.reading.lexicon_file import Lexicon, Measure
from hinterland.plugins.diagnosis.reading.patterns import Span
from hinterland.plugins.diagnosis.reading.words import COMMA, NONE, Token
from hinterland.plugins.diagnosis.rules.measures import celsius

Classes = Mapping[str, Sequence[Span]]

_NEAR = 5
"""How many words a number may be from the word that says what it is."""
_AFTER = 2
_FAHRENHEIT = (93.0, 110.0)
"""°F for a living body; no Celsius thermometer shows it."""
_UPPER, _LOWER = (60.0, 280.0), (30.0, 180.0)
"""Blood pressure in mmHg, as two numbers with a stroke between them."""


@dataclass(frozen=True, slots=True)
class Measured:
    fact: str
    value: float
    span: Span


def measured_in(
    tokens: Sequence[Token],
    clause: Sequence[int],
    classes: Classes,
    lexicon: Lexicon,
    taken: frozenset[int],
) -> Iterator[Measured]:
    """Yield the measured numbers; `taken` are words that are an age or a span of time."""
    pressure = list(_pressure(tokens, clause, classes))
    yield from pressure
    used = set(taken) | {at for each in pressure for at in range(each.span.start, each.span.end)}
    for at, token in enumerate(tokens):
        if token.number is None or at in used:
            continue
        if not token.word[0].isdigit():
            spelt = _spelt(tokens, clause, classes, lexicon, at)
            if spelt:
                yield spelt
            continue
        found = [
            each
            for number, measure in enumerate(lexicon.raw.measure)
            if (each := _candidate(tokens, clause, classes, lexicon, number, measure, at))
        ]
        if not found:
            continue
        _, measure, value, span = min(found, key=lambda each: each[0])
        yield Measured(measure.fact, value, span)


def _spelt(
    tokens: Sequence[Token],
    clause: Sequence[int],
    classes: Classes,
    lexicon: Lexicon,
    at: int,
) -> Measured | None:
    """Return what a number in words measures: it needs both its name and its unit."""
    read = number_at(tokens, at)
    if read is None or (at and tokens[at - 1].number and tokens[at].border == NONE):
        return None
    number, last = read
    for each, measure in enumerate(lexicon.raw.measure):
        beside = _beside(clause, classes.get(f"measure.{each}.near", ()), at)
        after = classes.get(f"measure.{each}.after", ())
        end = next((span.end for span in after if span.start == last), 0)
        if beside and end and measure.lowest <= number <= measure.highest:
            return Measured(measure.fact, number, Span(min(at, beside.start), end))
    return None


_Candidate = tuple[tuple[bool, int], Measure, float, Span]


def _candidate(
    tokens: Sequence[Token],
    clause: Sequence[int],
    classes: Classes,
    lexicon: Lexicon,
    number: int,
    measure: Measure,
    at: int,
) -> _Candidate | None:
    """Return what a number measures, with how near the word is that says so."""
    token = tokens[at]
    beside = _beside(clause, classes.get(f"measure.{number}.near", ()), at)
    after = classes.get(f"measure.{number}.after", ())
    end = next((span.end for span in after if span.start == at + 1), 0)
    unit = tokens[at + 1].word if end else ""
    decimal = measure.alone and _decimal(tokens, at)
    if not (beside or (measure.alone and end) or decimal):
        return None
    named = decimal or (beside is not None and 0 <= at - beside.end <= 1)
    if end == 0 and measure.after and not named and not _free(tokens, at, lexicon):
        return None
    if token.border == COMMA and token.mark == "," and not end and "." not in token.word:
        return None
    if token.number is None or (value := _value(token.number, measure, unit)) is None:
        return None
    start, last = at, max(at + 1, end)
    far = _NEAR + 1
    if beside:
        start, last = min(start, beside.start), max(last, beside.end)
        far = max(at - beside.end, beside.start - at - 1)
    return (not end, far), measure, value, Span(start, last)


def _decimal(tokens: Sequence[Token], at: int) -> bool:
    """Return whether a number such as 38.4 stands without a unit of something else."""
    word = tokens[at].word
    if "." not in word and "," not in word:
        return False
    after = tokens[at + 1] if at + 1 < len(tokens) else None
    return after is None or after.border != NONE or len(after.word) > 2 or after.word == "c"


def _value(number: float, measure: Measure, unit: str) -> float | None:
    if measure.fahrenheit and unit.startswith("f"):
        return celsius(number) if _FAHRENHEIT[0] <= number <= _FAHRENHEIT[1] else None
    if measure.lowest <= number <= measure.highest:
        return number
    if measure.fahrenheit and _FAHRENHEIT[0] <= number <= _FAHRENHEIT[1]:
        return celsius(number)
    if measure.divide > 1 and measure.lowest <= number / measure.divide <= measure.highest:
        return round(number / measure.divide, 1)
    return None


def _beside(clause: Sequence[int], near: Sequence[Span], at: int) -> Span | None:
    """Return the nearest of the words that say what a number is."""
    there = [
        span
        for span in near
        if clause[span.start] == clause[at]
        and (0 <= at - span.end <= _NEAR or 0 <= span.start - at - 1 <= _AFTER)
    ]
    return min(there, key=lambda span: max(at - span.end, span.start - at - 1), default=None)


def _free(tokens: Sequence[Token], at: int, lexicon: Lexicon) -> bool:
    """Return whether nothing is counted by a number: not “temp for 3 days”."""
    if at + 1 >= len(tokens) or tokens[at + 1].border != NONE:
        return True
    return tokens[at + 1].stem in lexicon.small


def _pressure(
    tokens: Sequence[Token], clause: Sequence[int], classes: Classes
) -> Iterator[Measured]:
    words = classes.get("pressure.words", ())
    for at in range(len(tokens) - 1):
        upper, lower = tokens[at].number, tokens[at + 1].number
        if upper is None or lower is None:
            # 170 over 110
            if upper is None or at + 2 >= len(tokens) or tokens[at + 2].number is None:
                continue
            if not _beside(clause, words, at):
                continue
            lower, end = tokens[at + 2].number, at + 3
        elif tokens[at + 1].mark == "/":
            end = at + 2
        else:
            continue
        if (
            lower is not None
            and _UPPER[0] <= upper <= _UPPER[1]
            and _LOWER[0] <= lower <= _LOWER[1]
            and lower < upper
        ):
            beside = _beside(clause, words, at)
            span = Span(min(at, beside.start) if beside else at, end)
            yield Measured("systolic_mmhg", upper, span)
            yield Measured("diastolic_mmhg", lower, span)

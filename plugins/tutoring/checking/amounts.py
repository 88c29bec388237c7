"""Verdicts on quantities, and on numbers and quantities that may lie anywhere in a range."""

from __future__ import annotations

import functools
import re
from fractions import Fraction
from itertools import pairwise

import msgspec

from hinterland.plugins.tutoring.arithmetic import Unreadable, Written, plain, read
from hinterland.plugins.tutoring.checking import measures, substances, terms
from hinterland.plugins.tutoring.checking.answer_text import bare_answer
from hinterland.plugins.tutoring.checking.judgement import (
    RIGHT,
    WRONG,
    Judgement,
    close,
    form,
    unit,
    unreadable,
    wrong,
)
from hinterland.plugins.tutoring.checking.numbers import (
    below_zero,
    counted,
    is_turned_round,
    misses_form,
    rounded,
    says_several,
    unasked_unit,
)
from hinterland.plugins.tutoring.lessons import Posed
from hinterland.plugins.tutoring.quantities import Quantity, same
from hinterland.plugins.tutoring.quantities import read as read_quantity

_CLOCK = re.compile(r"(\d{1,3}):([0-5]\d)")
"""4:35, which can be hours and minutes or minutes and seconds."""


@functools.lru_cache(maxsize=512)
def keys(answers: tuple[str, ...], language: str) -> tuple[Quantity, ...]:
    """Return the quantities of a key."""
    found = (read_quantity(bare_answer(each, language), language) for each in answers)
    return tuple(each for each in found if each is not None)


def judge_quantity(posed: Posed, text: str) -> Judgement:
    """Return the verdict on a number with a unit."""
    language = posed.language
    expected = keys(posed.answers, language)
    bare = bare_answer(text, language)
    like = expected[0].unit.dimension if expected else None
    if "=" in bare:
        sides = [each.strip() for each in re.split(r"=+", bare) if each.strip()]
        found = [measures.measured(each, language) for each in sides]
        known = [each for each in found if each is not None]
        if any(measures.disagree(one, other) for one, other in pairwise(known)):
            return wrong("sides-differ", left=sides[0], right=sides[-1])
        bare = sides[-1] if sides else bare
    bare = substances.without(posed, below_zero(bare, language))
    said = read_quantity(bare, language, like)
    if said is not None:
        return _with_unit(posed, said, bare, expected)
    return _without_unit(posed, bare, expected)


def _with_unit(
    posed: Posed, said: Quantity, text: str, expected: tuple[Quantity, ...]
) -> Judgement:
    for key in expected:
        if not same(said, key):
            continue
        if said.misspelt:
            return close("unit-spelling")
        if said.unit.factor != key.unit.factor and _is_given(text, posed.prompt):
            return form("unit-asked", unit=key.unit.symbol)
        if said.written is not None and key.written is not None:
            return misses_form(said.written, key.written, posed.form) or RIGHT
        return RIGHT
    for key in expected:
        judgement = _near(said, key)
        if judgement is not None:
            return judgement
    return WRONG


def _near(said: Quantity, key: Quantity) -> Judgement | None:
    is_alike = said.unit.dimension == key.unit.dimension
    if is_alike and said.written is not None and said.written.other is not None:
        other = said.written.other * said.unit.factor + said.unit.offset
        if other == key.base:
            return form("decimal-sign")
    if said.value == key.value:
        return unit("unit-differs") if is_alike else unit("unit-other-kind")
    if is_alike and said.unit.factor == key.unit.factor and said.written and key.written:
        return rounded(said.written, key.written)
    return None


def _is_given(text: str, prompt: str) -> bool:
    """Whether the prompt has the text, so that it is what was to be converted."""
    compact = re.sub(r"\s", "", plain(text).lower())
    return bool(
        re.search(rf"(?<![\d.,/]){re.escape(compact)}", re.sub(r"\s", "", plain(prompt).lower()))
    )


@functools.lru_cache(maxsize=512)
def _asks_for(prompt: str, key: Quantity, language: str) -> bool:
    """Whether the question names the unit: “How many litres are in the jug?”"""
    asking = re.split(r"(?<=[.!?])\s+", prompt.strip())[-1]
    if not asking.endswith("?"):
        return False
    named = (read_quantity(f"2 {word}", language) for word in re.findall(r"[^\W\d]\S*", asking))
    return any(each is not None and each.unit == key.unit for each in named)


def _with_key_unit(posed: Posed, number: Written, expected: tuple[Quantity, ...]) -> Judgement:
    """Return the verdict on a number in the unit that was asked for."""
    for key in expected:
        if number.value == key.value:
            if key.written is None:
                return RIGHT
            return misses_form(number, key.written, posed.form) or RIGHT
    for key in expected:
        if number.other is not None and number.other == key.value:
            return form("decimal-sign")
        if key.written is not None and (near := rounded(number, key.written)) is not None:
            return near
    return WRONG


def _without_unit(posed: Posed, text: str, expected: tuple[Quantity, ...]) -> Judgement:
    language = posed.language
    if clock := _CLOCK.fullmatch(text):
        said = (f"{clock[1]} h {clock[2]} min", f"{clock[1]} min {clock[2]} s")
        times = [read_quantity(each, language) for each in said]
        if any(same(each, key) for each in times if each is not None for key in expected):
            return unit("unit-missing")
    number = read(text, language)
    about = "unit-missing"
    if number is None:
        if says_several(text, language):
            return unreadable("one-answer")
        found = counted(text, language)
        if found is None:
            return _worked_out(posed, text, expected)
        number, about = found[0], "unit-unknown"
    elif any(_asks_for(posed.prompt, key, language) for key in expected):
        return _with_key_unit(posed, number, expected)
    if any(number.value == key.value for key in expected):
        return unit(about)
    if any(number.other is not None and number.other == key.value for key in expected):
        return form("decimal-sign")
    return wrong(about)


def _worked_out(posed: Posed, text: str, expected: tuple[Quantity, ...]) -> Judgement:
    try:
        node = terms.parse(text, posed.language, with_units=True)
        found = measures.measure(node)
    except Unreadable as error:
        return unreadable("too-hard-to-check" if error.reason == "too-large" else "not-a-quantity")
    except measures.Unclear:
        return unreadable("not-a-quantity")
    for key in expected:
        if found.dimension == key.unit.dimension and found.base == key.base:
            return form("work-it-out")
        if not found.dimension and found.base == key.value:
            return form("work-it-out")
    return WRONG


class _Range(msgspec.Struct, frozen=True):
    first: Fraction
    last: Fraction
    unit: Quantity | None = None
    """A quantity in the range's unit; then its ends are in the base unit."""
    first_number: Fraction = Fraction(0)
    last_number: Fraction = Fraction(0)


@functools.lru_cache(maxsize=512)
def ranges(answers: tuple[str, ...], language: str) -> tuple[_Range, ...]:
    """Return the ranges of a key such as `3..5 cm`; one number is a range of itself."""
    found = []
    for answer in answers:
        low, _sign, high = answer.partition("..")
        high = high or low
        last = read_quantity(high, language)
        if last is None:
            ends = read(low, language), read(high, language)
            if ends[0] is not None and ends[1] is not None:
                found.append(_Range(ends[0].value, ends[1].value))
            continue
        number = read(low, language)
        first = read_quantity(low, language, last.unit.dimension)
        if number is not None:
            base = number.value * last.unit.factor + last.unit.offset
            found.append(_Range(base, last.base, last, number.value, last.value))
        elif first is not None:
            start = (first.base - last.unit.offset) / last.unit.factor
            found.append(_Range(first.base, last.base, last, start, last.value))
    return tuple(found)


def judge_range(posed: Posed, text: str) -> Judgement:
    """Return the verdict on an answer that may be anything from the first to the last."""
    language = posed.language
    bare = substances.without(posed, below_zero(bare_answer(text, language), language))
    expected = ranges(posed.answers, language)
    measured = next((each.unit for each in expected if each.unit is not None), None)
    if measured is None:
        return _number_in(posed, bare, expected)
    said = read_quantity(bare, language, measured.unit.dimension)
    if said is not None:
        if said.unit.dimension != measured.unit.dimension:
            inside = any(each.first_number <= said.value <= each.last_number for each in expected)
            return unit("unit-other-kind") if inside else WRONG
        if any(each.first <= said.base <= each.last for each in expected):
            return close("unit-spelling") if said.misspelt else RIGHT
        return WRONG
    number = read(bare, language)
    if number is None:
        return unreadable("one-answer" if says_several(bare, language) else "not-a-quantity")
    if any(each.first_number <= number.value <= each.last_number for each in expected):
        return unit("unit-missing")
    return wrong("unit-missing")


def _number_in(posed: Posed, text: str, expected: tuple[_Range, ...]) -> Judgement:
    number, thing = read(text, posed.language), ""
    if number is None:
        if says_several(text, posed.language):
            return unreadable("one-answer")
        found = counted(text, posed.language)
        if found is None:
            return unreadable("not-a-number")
        number, thing = found
        if is_turned_round(thing, posed.language):
            return unreadable("one-answer")
    if any(each.first <= number.value <= each.last for each in expected):
        return misses_form(number, number, posed.form) or unasked_unit(posed, thing) or RIGHT
    other = number.other
    if other is not None and any(each.first <= other <= each.last for each in expected):
        return form("decimal-sign")
    return WRONG

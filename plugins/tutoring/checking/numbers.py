"""Verdicts on numbers."""

from __future__ import annotations

import functools
import math
import re
from fractions import Fraction

from hinterland.plugins.tutoring import quantities
from hinterland.plugins.tutoring.arithmetic import (
    NumberForm,
    Unreadable,
    Written,
    in_digits,
    negative,
    plain,
    read,
    read_at,
    signed,
)
from hinterland.plugins.tutoring.checking import points, substances, terms
from hinterland.plugins.tutoring.checking.answer_text import bare_answer
from hinterland.plugins.tutoring.checking.judgement import (
    RIGHT,
    WRONG,
    Judgement,
    Verdict,
    close,
    form,
    unit,
    unreadable,
    wrong,
)
from hinterland.plugins.tutoring.checking.phrases import pattern, phrases, places
from hinterland.plugins.tutoring.lessons import Form, Posed

_MOST_WORDS = 6
_WHOLE_FORMS = frozenset({NumberForm.INTEGER, NumberForm.SCIENTIFIC})


@functools.lru_cache(maxsize=512)
def keys(answers: tuple[str, ...], language: str) -> tuple[Written, ...]:
    """Return the numbers of a key."""
    found = (read(bare_answer(each, language), language) for each in answers)
    return tuple(each for each in found if each is not None)


def judge_number(posed: Posed, text: str) -> Judgement:
    """Return the verdict on a number without a unit."""
    language = posed.language
    expected = keys(posed.answers, language)
    bare = below_zero(bare_answer(text, language), language)
    written = read(_as_ratio(bare, language, expected), language)
    if written is not None:
        return compared(posed, written, expected)
    if "=" in bare:
        return _chain(posed, bare, expected)
    things = counted(bare, language)
    if things is not None:
        return _of_something(posed, *things, expected)
    return _worked_out(posed, bare, expected)


def below_zero(text: str, language: str) -> str:
    """Return `8 degrees below zero` as `-8 degrees`."""
    words = pattern(language, "below", r"\s+", r"$").search(text)
    return text if words is None else negative(text[: words.start()], language) or text


def _as_ratio(text: str, language: str, expected: tuple[Written, ...]) -> str:
    """Return `3 to 4` as `3:4` where a ratio is asked for."""
    if not any(each.form is NumberForm.RATIO for each in expected):
        return text
    return pattern(language, "ratio", r"(?<=\d)\s+", r"\s+(?=\d)").sub(":", text)


def compared(posed: Posed, written: Written, expected: tuple[Written, ...]) -> Judgement:
    """Return the verdict on a number that has been read."""
    judgements = [_with_key(posed, written, each) for each in expected]
    order = (Verdict.RIGHT, Verdict.FORM, Verdict.CLOSE)
    for verdict in order:
        for each in judgements:
            if each.verdict is verdict:
                return each
    return WRONG


def _with_key(posed: Posed, written: Written, key: Written) -> Judgement:
    percent = _is_about_percent(posed, written, key)
    if percent is not None:
        return percent
    if written.value == key.value:
        return misses_form(written, key, posed.form) or RIGHT
    if written.other == key.value:
        return form("decimal-sign")
    return rounded(written, key) or WRONG


def _is_about_percent(posed: Posed, written: Written, key: Written) -> Judgement | None:
    """What there is to say where the per cent sign makes the difference."""
    is_key, is_said = key.form is NumberForm.PERCENT, written.form is NumberForm.PERCENT
    if not is_key and not is_said:
        return None
    asked = pattern(posed.language, "percent", r"(?<!\w)").search(posed.prompt) is not None
    if is_key and not is_said:
        if written.value * 100 == key.value * 10_000:
            return RIGHT if asked else form("percent-missing")
        return form("write-percent") if asked and written.value == key.value else None
    if is_said and not is_key and written.value * 100 == key.value != written.value:
        return RIGHT if asked else form("no-percent")
    return None


def misses_form(written: Written, key: Written, wanted: Form) -> Judgement | None:
    """Return what is wrong with the form of a right number, if anything is."""
    whole = written.value.denominator == 1
    is_plain_whole = whole and written.form in _WHOLE_FORMS
    if wanted is Form.SIMPLEST:
        return _misses_simplest(written, key)
    if wanted is Form.DECIMAL:
        is_decimal = is_plain_whole or written.form in (NumberForm.DECIMAL, NumberForm.SCIENTIFIC)
        return None if is_decimal else form("write-decimal")
    if wanted is Form.MIXED:
        proper = written.form is NumberForm.FRACTION and abs(written.value) < 1
        if is_plain_whole or proper:
            return None
        if written.form is not NumberForm.MIXED or whole:
            return form("write-mixed")
        return None if written.reduced or _is_proper(written) else form("write-mixed")
    if wanted is Form.EXACT and written.alike != key.alike:
        return form("another-form")
    return None


def _misses_simplest(written: Written, key: Written) -> Judgement | None:
    if not written.reduced:
        return form("not-reduced")
    fractions = (NumberForm.FRACTION, NumberForm.MIXED, NumberForm.RATIO)
    if key.form in fractions and written.form in (NumberForm.DECIMAL, NumberForm.PERCENT):
        return form("write-fraction")
    return None


def _is_proper(written: Written) -> bool:
    return written.top < written.bottom


def rounded(written: Written, key: Written) -> Judgement | None:
    """Return what there is to say about a number that is the key but for its decimals."""
    if written.form is not NumberForm.DECIMAL or not written.decimals:
        return None
    digits = written.decimals
    ends = _ends_as_decimal(key.value)
    if key.form is NumberForm.DECIMAL and digits > key.decimals:
        said_as_key = _at(written.value, key.decimals)
        return close("too-many-decimals") if said_as_key == key.value else None
    if digits < 2 and not (ends and key.form is NumberForm.DECIMAL):
        return None
    return close("rounded") if is_rounding(written, key.value, 1) else None


def is_rounding(written: Written, exact: Fraction, least: int = 2) -> bool:
    """Whether a decimal is an exact number rounded or cut off, to `least` decimals or more."""
    if written.decimals < least:
        return False
    size, scale = abs(exact), 10**written.decimals
    near = {Fraction(math.floor(size * scale), scale), abs(_at(exact, written.decimals))}
    return abs(written.value) in near and (written.value < 0) == (exact < 0)


def _at(value: Fraction, digits: int) -> Fraction:
    scale = 10**digits
    size = Fraction(math.floor(abs(value) * scale + Fraction(1, 2)), scale)
    return size if value >= 0 else -size


def _ends_as_decimal(value: Fraction) -> bool:
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest == 1


def says_several(text: str, language: str) -> bool:
    """Whether a text names several numbers to choose from: `5 or 6`."""
    return pattern(language, "ors", r"\d.*(?<!\w)").search(text) is not None


def counted(text: str, language: str) -> tuple[Written, str] | None:
    """Return the number and the words of `5 red apples`."""
    text = plain(text)
    words = text.split()
    if text[:1].isalpha():
        for many in range(min(len(words), _MOST_WORDS) - 1, 0, -1):
            if in_digits(" ".join(words[:many]), language) is not None:
                written = read(" ".join(words[:many]), language)
                return None if written is None else (written, " ".join(words[many:]))
        text = signed(text, language)
    sign = text[:1] if text[:1] in ("-", "+") else ""
    found = read_at(text, len(sign), language)
    if found is None:
        return None
    rest = text[found[1] :].strip()
    written = read(text[: found[1]], language)
    if written is None or len(rest.split()) > _MOST_WORDS or not _are_words(rest):
        return None
    return written, rest


def _are_words(text: str) -> bool:
    return bool(re.fullmatch(r"(?:[^\W\d_]|[\s'°º$€£₹₦₵¢²³/()^-]|(?<=[a-z^])[23])+", text)) and any(
        each.isalpha() or each in "°$€£₹₦₵¢" for each in text
    )


def _of_something(
    posed: Posed, written: Written, thing: str, expected: tuple[Written, ...]
) -> Judgement:
    if is_turned_round(thing, posed.language):
        return unreadable("one-answer")
    said = thing.lower().split()
    worth = places(posed.language).get(" ".join(said))
    if worth is not None:
        value = written.value * worth
        if any(value == each.value for each in expected):
            return RIGHT
        if said[-1] not in posed.prompt.lower():
            return WRONG
    judgement = compared(posed, written, expected)
    if judgement.verdict not in (Verdict.RIGHT, Verdict.FORM):
        return judgement
    return unasked_unit(posed, thing) or judgement


def is_turned_round(thing: str, language: str) -> bool:
    """Whether the words behind a number take it back: 5 not, 5 or more."""
    words = phrases(language)
    return any(each in words.nots or each in words.ors for each in thing.lower().split())


def unasked_unit(posed: Posed, thing: str) -> Judgement | None:
    """Return what there is to say where the words behind a number are a unit, `kg` or `kg of rice`,
    that the prompt does not ask for."""
    amount, _substance = substances.parted(thing, posed.language)
    measure = quantities.unit_called(amount)
    if measure is None:
        return None
    asked = asked_units(posed.prompt, posed.language)
    if any(measure in each for each in asked):
        return None if measure in asked[0] else unit("unit-differs")
    return unit("unit-unexpected")


@functools.lru_cache(maxsize=256)
def asked_units(prompt: str, language: str) -> tuple[frozenset[quantities.Unit], ...]:
    """Return the units a prompt names, each with what else its name may mean, the one asked for
    first."""
    text = plain(prompt)
    found: list[frozenset[quantities.Unit]] = []
    for match in re.finditer(r"(?<![^\W\d_])[^\W\d_]+|[°$€£₹₦₵¢]", text):
        units = quantities.units_at(text, match.start())
        if units:
            found.append(frozenset(units))
    for match in pattern(language, "how_many", r"(?<!\w)", r"\s*").finditer(text):
        units = quantities.units_at(text, match.end())
        if units:
            return frozenset(units), *found
    return tuple(found)


def _chain(posed: Posed, text: str, expected: tuple[Written, ...]) -> Judgement:
    """Judge `3 + 4 = 7` by its plain number, if its sides agree; a name before `=` says nothing."""
    sides = [each.strip() for each in re.split(r"=+", text) if each.strip()]
    if len(sides) > 6 or not sides:
        return unreadable("not-a-number")
    numbers = [read(each, posed.language) for each in sides]
    values = []
    for side, number in zip(sides, numbers, strict=True):
        if number is not None:
            values.append(number.value)
            continue
        value = _value(side, posed.language)
        if value is not None:
            values.append(value)
    said = [each for each in numbers if each is not None]
    if not said:
        things = counted(sides[-1], posed.language)
        if things is None:
            return _worked_out(posed, sides[-1], expected)
        return _of_something(posed, *things, expected)
    if len(set(values)) > 1:
        return wrong("sides-differ", left=sides[0], right=sides[-1])
    return compared(posed, said[-1], expected)


def _value(text: str, language: str) -> Fraction | None:
    try:
        return points.value(terms.parse(text, language), {})
    except (Unreadable, points.Undefined):
        return None


def _worked_out(posed: Posed, text: str, expected: tuple[Written, ...]) -> Judgement:
    """Judge what is not yet a number: `3 + 4`, or primes multiplied where they are asked for."""
    if says_several(text, posed.language):
        return unreadable("one-answer")
    try:
        node = terms.parse(text, posed.language)
        value = points.value(node, {})
    except Unreadable as error:
        return unreadable("too-hard-to-check" if error.reason == "too-large" else "not-a-number")
    except points.Undefined:
        return unreadable("not-a-number")
    if all(value != each.value for each in expected):
        return WRONG
    if posed.form is Form.FACTORED:
        return RIGHT if terms.are_primes(node) else form("not-factored")
    return form("work-it-out")

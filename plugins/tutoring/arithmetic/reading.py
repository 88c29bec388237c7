"""A number as a person writes it: what it is worth, and in which form it is written."""

from __future__ import annotations

import math
import re
from enum import StrEnum
from fractions import Fraction

import msgspec

from hinterland.plugins.tutoring.arithmetic.characters import plain
from hinterland.plugins.tutoring.arithmetic.conventions import Digits, convention, digits_at
from hinterland.plugins.tutoring.arithmetic.number_words import read_words

_MOST_CHARACTERS = 120
_MOST_EXPONENT = 40
_PERCENT = re.compile(
    r"\s*(?:%|percent\b|per cent\b|pct\b|pour ?cent\b|p\. ?100)\s*", re.IGNORECASE
)
_POWER_OF_TEN = re.compile(r"(?:[eE]|\s*[*xX]\s*10\s*(?:\^|\*\*)\s*)\(?([+-]?\d{1,4})\)?(?!\d)")
_MIXED = re.compile(r"\s*(?:(?<=\s)and\s+|(?<=\s)et\s+)?(\d+)\s*/\s*(\d+)")
_OVER = re.compile(r"\s*([/:])\s*")


class NumberForm(StrEnum):
    """How a number is written."""

    INTEGER = "integer"
    FRACTION = "fraction"
    MIXED = "mixed"
    DECIMAL = "decimal"
    PERCENT = "percent"
    RATIO = "ratio"
    SCIENTIFIC = "scientific"


class Written(msgspec.Struct, frozen=True):
    """A number, and how it is written."""

    value: Fraction
    form: NumberForm
    reduced: bool = True
    """Whether its fraction cannot be written with smaller numbers, and is below one in a mixed number."""
    decimals: int = 0
    """How many stand behind the decimal sign."""
    other: Fraction | None = None
    """What it is by another country's convention, where that is another number: 1,234."""
    in_words: bool = False

    @property
    def alike(self) -> tuple[Fraction, NumberForm, bool]:
        """What two numbers that are written alike have in common."""
        return self.value, self.form, self.reduced


def read_number(text: str, language: str = "en") -> Fraction | None:
    """Return the number that a text is, or None."""
    written = read(text, language)
    return None if written is None else written.value


def read(text: str, language: str = "en") -> Written | None:
    """Return the number that a text is, and how it is written; None for anything else.

    Digits of any script, decimals and thousands by the language's convention, fractions, mixed
    numbers, ratios, per cent, powers of ten, and words in the languages that are known.
    """
    if len(text) > _MOST_CHARACTERS:
        return None
    text = plain(text).strip()
    while len(text) > 2 and text[0] == "(" and text[-1] == ")":
        text = text[1:-1].strip()
    if not text:
        return None
    if text[0].isalpha():
        return _from_words(text, language)
    negative = text[0] == "-"
    found = _read(text[1:].lstrip() if text[0] in "+-" else text, language)
    if found is None or not negative:
        return found
    other = None if found.other is None else -found.other
    return msgspec.structs.replace(found, value=-found.value, other=other)


def _from_words(text: str, language: str) -> Written | None:
    percent = _PERCENT.search(text)
    if percent and percent.end() == len(text):
        bare = _from_words(text[: percent.start()], language)
        return None if bare is None else _per_cent(bare)
    words = read_words(text, language)
    if words is None:
        return None
    value, is_fraction, decimals = words
    if decimals:
        return Written(value, NumberForm.DECIMAL, decimals=decimals, in_words=True)
    if is_fraction:
        form = NumberForm.FRACTION if abs(value) < 1 else NumberForm.MIXED
        return Written(value, form, in_words=True)
    return Written(value, NumberForm.INTEGER, in_words=True)


def _per_cent(bare: Written) -> Written:
    other = None if bare.other is None else bare.other / 100
    return Written(bare.value / 100, NumberForm.PERCENT, bare.reduced, bare.decimals, other)


def _read(text: str, language: str) -> Written | None:
    how = convention(language)
    first = digits_at(text, 0, how)
    if first is None:
        return None
    rest = text[first.end :]
    if not rest or rest == ".":
        return _plain_number(first)
    if _PERCENT.fullmatch(rest):
        return _per_cent(_plain_number(first))
    if power := _POWER_OF_TEN.fullmatch(rest):
        return _scientific(first, int(power.group(1)))
    if first.decimals is None and (mixed := _MIXED.match(rest)) and rest[0] in " \t":
        written = _mixed(first.value, int(mixed.group(1)), int(mixed.group(2)))
        return _with_percent(written, rest[mixed.end() :])
    if first.decimals is None and (over := _OVER.match(rest)):
        return _fraction(first, rest[over.end() :], over.group(1) == ":", language)
    return None


def _plain_number(digits: Digits) -> Written:
    if digits.decimals is None:
        return Written(digits.value, NumberForm.INTEGER, other=digits.other)
    return Written(digits.value, NumberForm.DECIMAL, decimals=digits.decimals, other=digits.other)


def _scientific(digits: Digits, exponent: int) -> Written | None:
    if abs(exponent) > _MOST_EXPONENT:
        return None
    return Written(digits.value * Fraction(10) ** exponent, NumberForm.SCIENTIFIC)


def _mixed(whole: Fraction, top: int, bottom: int) -> Written | None:
    if bottom == 0:
        return None
    reduced = top < bottom and math.gcd(top, bottom) == 1
    return Written(whole + Fraction(top, bottom), NumberForm.MIXED, reduced)


def _with_percent(written: Written | None, rest: str) -> Written | None:
    if written is None or not rest.strip():
        return written
    return _per_cent(written) if _PERCENT.fullmatch(rest) else None


def _fraction(top: Digits, rest: str, is_ratio: bool, language: str) -> Written | None:
    negative = rest.startswith("-")
    bottom = digits_at(rest[negative:], 0, convention(language))
    if bottom is None or bottom.decimals is not None or bottom.value == 0:
        return None
    after = rest[negative:][bottom.end :]
    reduced = bottom.value > 1 and math.gcd(int(top.value), int(bottom.value)) == 1
    if is_ratio:  # 3:1 is as simple as it gets
        reduced = math.gcd(int(top.value), int(bottom.value)) == 1
    value = top.value / bottom.value
    form = NumberForm.RATIO if is_ratio else NumberForm.FRACTION
    return _with_percent(
        Written(-value if negative else value, form, reduced and not negative), after
    )

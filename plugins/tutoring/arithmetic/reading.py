"""A number as a person writes it: what it is worth, and in which form it is written."""

from __future__ import annotations

import math
import re
from enum import StrEnum
from fractions import Fraction

import msgspec

from hinterland.plugins.tutoring.arithmetic.characters import plain
from hinterland.plugins.tutoring.arithmetic.conventions import Digits, convention, digits_at
from hinterland.plugins.tutoring.arithmetic.number_words import (
    after_minus,
    in_digits,
    scale_called,
)

_MOST_CHARACTERS = 120
_MOST_EXPONENT = 40
_PERCENT = re.compile(
    r"\s*(?:%|percent\b|per cent\b|pct\b|pour ?cent\b|p\. ?100)\s*", re.IGNORECASE
)
_POWER_OF_TEN = re.compile(r"(?:[eE]|\s*[*xX]\s*10\s*(?:\^|\*\*)\s*)\(?([+-]?\d{1,4})\)?(?!\d)")
_MIXED = re.compile(r"\s*(?:(?<=\s)and\s+|(?<=\s)et\s+)?(\d{1,40})\s*/\s*(\d{1,40})(?![\d.,]*\d)")
_OVER = re.compile(r"\s*([/:])\s*")
_BOTTOM = re.compile(r"-?\d{1,40}(?![\d.,]*\d)")


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
    top: int = 0
    bottom: int = 0
    """Of its fraction as it is written, without the whole number before it."""

    @property
    def alike(self) -> tuple[Fraction, NumberForm, int, int]:
        """What two numbers that are written alike have in common."""
        return self.value, self.form, self.bottom, self.decimals


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
    digits = in_digits(text, language)
    if digits is not None:
        found = read(digits, language)
        return None if found is None else msgspec.structs.replace(found, in_words=True)
    rest = after_minus(text, language)
    if rest is None or not rest[:1].isdigit():
        return None
    return read("-" + rest, language)


def _per_cent(bare: Written) -> Written:
    other = None if bare.other is None else bare.other / 100
    return Written(bare.value / 100, NumberForm.PERCENT, bare.reduced, bare.decimals, other)


def read_at(text: str, start: int, language: str) -> tuple[Written, int] | None:
    """Return the number without a sign that begins at `start` of a plain text, and where it ends."""
    first = digits_at(text, start, convention(language))
    if first is None:
        return None
    end = first.end
    if power := _POWER_OF_TEN.match(text, end):
        written = _scientific(first, int(power.group(1)))
        return None if written is None else (written, power.end())
    if first.decimals is None:
        if text[end : end + 1] == " " and (mixed := _MIXED.match(text, end)):
            written = _mixed(first.value, int(mixed.group(1)), int(mixed.group(2)))
            return None if written is None else (written, mixed.end())
        if over := _OVER.match(text, end):
            return _fraction(first, text, over.end(), is_ratio=over.group(1) == ":")
    return _plain_number(first), end


def _read(text: str, language: str) -> Written | None:
    found = read_at(text, 0, language)
    if found is None:
        return None
    written, end = found
    rest = text[end:]
    if rest.strip() in ("", "."):
        return written
    if _PERCENT.fullmatch(rest):
        return _per_cent(written)
    scale = scale_called(rest.strip(), language)
    if scale is None or written.form not in (NumberForm.INTEGER, NumberForm.DECIMAL):
        return None
    return Written(written.value * scale, NumberForm.INTEGER)


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
    return Written(whole + Fraction(top, bottom), NumberForm.MIXED, reduced, top=top, bottom=bottom)


def _fraction(top: Digits, text: str, start: int, *, is_ratio: bool) -> tuple[Written, int] | None:
    match = _BOTTOM.match(text, start)
    if match is None:
        return _plain_number(top), top.end
    bottom = int(match.group())
    if bottom == 0:
        return None
    shared = math.gcd(int(top.value), bottom)
    reduced = shared == 1 and (is_ratio or abs(bottom) > 1) and bottom > 0  # 3:1 is simple, 3/1 not
    form = NumberForm.RATIO if is_ratio else NumberForm.FRACTION
    written = Written(top.value / bottom, form, reduced, top=int(top.value), bottom=bottom)
    return written, match.end()

"""Exact numbers written as a lesson's language writes them."""

from __future__ import annotations

import math
from fractions import Fraction

from hinterland.plugins.tutoring.arithmetic.conventions import convention
from hinterland.plugins.tutoring.arithmetic.expressions import Unreadable

_DAY = 24 * 60  # minutes


def write(value: Fraction, language: str = "en", style: str = "") -> str:
    """Return a number as text: a whole number or `7/8`; in the style `decimal` 2.5, `mixed` 1 3/4,
    `percent` 25%, or with so many decimals (`2`), rounded as schools do; `clock` writes minutes since
    midnight as a time, 19:05.

    Raises Unreadable for another style, for a decimal that would not end, and for a part of a minute.
    """
    sign = "-" if value < 0 else ""
    size = abs(value)
    if style == "":
        return f"{value.numerator}/{value.denominator}" if value.denominator != 1 else str(value)
    if style == "mixed":
        whole, part = divmod(size, 1)
        pieces = [str(whole)] if whole or not part else []
        return sign + " ".join(pieces + ([f"{part.numerator}/{part.denominator}"] if part else []))
    if style == "clock":
        if value.denominator != 1:
            raise Unreadable(f"{value} minutes are no time")
        return "{}:{:02}".format(*divmod(int(value) % _DAY, 60))
    mark = convention(language).decimal
    if style == "percent":
        space = " " if mark == "," else ""
        return f"{write(value * 100, language, 'decimal')}{space}%"
    if style == "decimal":
        digits = _decimals(size)
        if digits is None:
            raise Unreadable(f"{value} has no end as a decimal")
    elif style.isdecimal() and len(style) <= 2:
        digits = int(style)
    else:
        raise Unreadable(f"“{style}” is no way of writing a number")
    scaled = math.floor(size * 10**digits + Fraction(1, 2))
    if scaled == 0:
        sign = ""
    text = str(scaled).zfill(digits + 1)
    return sign + (f"{text[:-digits]}{mark}{text[-digits:]}" if digits else text)


def _decimals(value: Fraction) -> int | None:
    """Return how many decimals a number has, or None where they do not end."""
    rest, counts = value.denominator, {2: 0, 5: 0}
    for prime in counts:
        while rest % prime == 0:
            rest //= prime
            counts[prime] += 1
    return max(counts.values()) if rest == 1 else None

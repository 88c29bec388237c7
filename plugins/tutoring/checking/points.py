"""Terms computed exactly, and compared at a few points, which tells most of them apart."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction

from hinterland.plugins.tutoring.checking.terms import Node

_MOST_BITS = 6000
_POINTS = 8
_FINE = 10**30
_PI = Fraction(3141592653589793238462643383279, 10**30)
_SQUARES = (4, 9, 25)
"""Points at which square roots of a letter are whole."""


class Undefined(ValueError):  # noqa: N818 - read as `except points.Undefined`
    """A term that has no exact value: divided by zero, irrational, or too large."""


def value(node: Node, values: Mapping[str, Fraction]) -> Fraction:
    """Return the exact value of a term; raises Undefined."""
    kind = node.kind
    if kind == "number":
        return node.number
    if kind == "letter":
        if node.name not in values:
            raise Undefined(node.name)
        return values[node.name]
    if kind not in _COMPUTED:  # pi, and quantities, which steps compute
        raise Undefined(kind)
    found = _COMPUTED[kind]([value(each, values) for each in node.parts])
    if max(found.numerator.bit_length(), found.denominator.bit_length()) > _MOST_BITS:
        raise Undefined("too large")
    return found


def _quotient(parts: list[Fraction]) -> Fraction:
    if not parts[1]:
        raise Undefined("division by zero")
    return parts[0] / parts[1]


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    if exponent.denominator == 2:
        base, exponent = _root(base), exponent * 2
    if exponent.denominator != 1 or (not base and exponent <= 0):
        raise Undefined("power")
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if bits * abs(exponent) > _MOST_BITS:
        raise Undefined("too large")
    return Fraction(base ** int(exponent))


def _root(number: Fraction) -> Fraction:
    if number < 0:
        raise Undefined("root")
    top, bottom = math.isqrt(number.numerator), math.isqrt(number.denominator)
    if top * top != number.numerator or bottom * bottom != number.denominator:
        raise Undefined("root")
    return Fraction(top, bottom)


_COMPUTED: Mapping[str, Callable[[list[Fraction]], Fraction]] = {
    "sum": lambda parts: sum(parts, Fraction(0)),
    "product": lambda parts: Fraction(math.prod(parts)),
    "minus": lambda parts: -parts[0],
    "percent": lambda parts: parts[0] / 100,
    "size": lambda parts: abs(parts[0]),
    "over": _quotient,
    "power": lambda parts: _power(*parts),
    "root": lambda parts: _root(parts[0]),
}


def points(letters: Sequence[str]) -> Iterator[dict[str, Fraction]]:
    """Yield the points at which terms are compared: always the same ones, none of them special."""
    dice = random.Random(2027)  # noqa: S311 - it draws points, no secrets
    if not letters:
        yield {}
        return
    for size in _SQUARES:
        yield {
            each: Fraction((size * (2 * index + 1)) ** 2, 49) for index, each in enumerate(letters)
        }
    for _point in range(_POINTS):
        yield {
            each: Fraction(dice.choice((-1, 1)) * dice.randint(2, 60), dice.choice((3, 7, 11, 13)))
            for each in letters
        }


def approximate(node: Node) -> Fraction | None:
    """Return the value of a term without letters to some thirty digits; None where it has none."""
    if node.kind == "pi":
        return _PI
    parts = [approximate(each) for each in node.parts]
    known = [each for each in parts if each is not None]
    if len(known) < len(parts):
        return None
    if node.kind == "root" and known[0] >= 0:
        size = known[0]
        return Fraction(math.isqrt(size.numerator * _FINE**2 // size.denominator), _FINE)
    leaves = tuple(Node("number", number=each) for each in known)
    try:
        return value(Node(node.kind, leaves, node.number, node.name), {})
    except Undefined:
        return None


def differ(one: Node, other: Node) -> bool | None:
    """Return True where two terms differ at a point, False where they agree at all that can be
    computed, None where they cannot be compared at any."""
    seen = False
    for point in points(sorted(one.letters() | other.letters())):
        try:
            left, right = value(one, point), value(other, point)
        except Undefined:
            continue
        if left != right:
            return True
        seen = True
    return False if seen else None


def are_proven_equal(one: Node, other: Node) -> bool:
    """Whether two terms in one letter at most agree at more points than their degrees allow unless
    they are the same polynomial."""
    letters = sorted(one.letters() | other.letters())
    degrees = (_degree(one), _degree(other))
    if len(letters) > 1 or degrees[0] is None or degrees[1] is None:
        return False
    try:
        return all(
            value(one, {each: Fraction(at) for each in letters})
            == value(other, {each: Fraction(at) for each in letters})
            for at in range(max(degrees[0], degrees[1]) + 1)
        )
    except Undefined:
        return False


def _degree(node: Node) -> int | None:
    """Return a bound on the degree of a polynomial; None for what is not clearly one."""
    if not node.letters():
        return 0
    if node.kind == "letter":
        return 1
    degrees = [_degree(each) for each in node.parts]
    known = [each for each in degrees if each is not None]
    if len(known) < len(degrees):
        return None
    if node.kind in ("sum", "minus"):
        return max(known)
    if node.kind == "product":
        return sum(known)
    if node.kind == "over":
        return known[0] if known[1] == 0 else None
    if node.kind == "power" and node.parts[1].kind == "number":
        exponent = node.parts[1].number
        whole = exponent.denominator == 1 and 0 <= exponent <= _MOST_BITS
        return known[0] * int(exponent) if whole else None
    return None

"""Terms with units computed exactly: 2 m + 50 cm, 60 km/h × 2 h."""

from __future__ import annotations

from fractions import Fraction

import msgspec

from hinterland.plugins.tutoring.arithmetic import Unreadable
from hinterland.plugins.tutoring.checking import points, terms
from hinterland.plugins.tutoring.checking.terms import Node
from hinterland.plugins.tutoring.quantities.units import Dimension

_NONE: Dimension = frozenset()


class Unclear(ValueError):  # noqa: N818 - read as `except measures.Unclear`
    """A calculation that cannot be computed without guessing."""


class Measure(msgspec.Struct, frozen=True):
    """What a calculation comes to."""

    base: Fraction
    """In the base unit of the dimension."""
    dimension: Dimension = _NONE
    number: Fraction | None = None
    """The same with all units left out; None where that says nothing."""
    every_unit: bool = True
    """Whether every number had a unit."""
    single_unit: bool = True
    """Whether no two different units of one kind were in it."""
    is_scaled: bool = False
    """Whether it is multiplied or divided by a bare number, as in 250 cm ÷ 100."""


def measured(text: str, language: str) -> Measure | None:
    """Return what a calculation comes to; None where it cannot be read or computed."""
    try:
        return measure(terms.parse(text, language, with_units=True))
    except (Unreadable, Unclear):
        return None


def measure(node: Node) -> Measure:
    """Return what a calculation without letters comes to; raises Unclear."""
    kind = node.kind
    if kind == "quantity":
        assert node.unit is not None
        if node.unit.offset:  # a sum of temperatures is not one
            raise Unclear(kind)
        return Measure(node.number * node.unit.factor, node.unit.dimension, node.number)
    if kind == "number":
        return Measure(node.number, _NONE, node.number, every_unit=False)
    parts = [measure(each) for each in node.parts]
    number = _without_units(node, parts)
    every = all(each.every_unit for each in parts) and bool(parts)
    single = len(_units(node)) <= 1
    if kind == "sum":
        if any(each.kind == "percent" for each in node.parts[1:]):
            raise Unclear("50 + 10% is said of 10% of 50")
        if len({each.dimension for each in parts}) > 1:
            raise Unclear("a sum of different kinds")
        base = sum((each.base for each in parts), Fraction(0))
        return Measure(base, parts[0].dimension, number, every, single)
    if kind == "minus":
        return Measure(-parts[0].base, parts[0].dimension, number, every, single)
    if kind == "product":
        base, dimension = Fraction(1), _NONE
        for each in parts:
            base, dimension = base * each.base, _times(dimension, each.dimension, 1)
        scaled = any(each.dimension for each in parts) and not all(each.dimension for each in parts)
        return Measure(base, dimension, number, every, single, scaled)
    if kind == "over":
        if not parts[1].base:
            raise Unclear("division by zero")
        dimension = _times(parts[0].dimension, parts[1].dimension, -1)
        scaled = bool(parts[0].dimension) and not parts[1].dimension
        return Measure(parts[0].base / parts[1].base, dimension, number, every, single, scaled)
    return _of_numbers(node, parts)


def _of_numbers(node: Node, parts: list[Measure]) -> Measure:
    exponent = parts[1].base if node.kind == "power" else Fraction(1)
    if any(each.dimension for each in parts) and (
        node.kind != "power" or exponent.denominator != 1 or abs(exponent) > 9
    ):
        raise Unclear(node.kind)
    try:
        base = points.value(
            Node(node.kind, tuple(Node("number", number=each.base) for each in parts)), {}
        )
    except points.Undefined as error:
        raise Unclear(node.kind) from error
    dimension = _NONE
    if parts and parts[0].dimension:
        dimension = frozenset((name, each * int(exponent)) for name, each in parts[0].dimension)
    every = bool(parts) and parts[0].every_unit
    return Measure(base, dimension, _without_units(node, parts), every)


def _units(node: Node) -> set[tuple[Dimension, Fraction]]:
    units = (each.unit for each in node.walk())
    return {(each.dimension, each.factor) for each in units if each is not None}


def _without_units(node: Node, parts: list[Measure]) -> Fraction | None:
    numbers = [each.number for each in parts]
    known = [each for each in numbers if each is not None]
    if len(known) < len(numbers):
        return None
    leaves = tuple(Node("number", number=each) for each in known)
    try:
        return points.value(Node(node.kind, leaves), {})
    except points.Undefined:
        return None


def _times(one: Dimension, other: Dimension, power: int) -> Dimension:
    exponents = dict(one)
    for name, exponent in other:
        exponents[name] = exponents.get(name, 0) + exponent * power
    return frozenset((name, each) for name, each in exponents.items() if each)


def disagree(one: Measure, other: Measure) -> str:
    """Return why two sides cannot be equal, as a key of the tutor's words; "" where they can.

    A unit that one side leaves out is forgiven; a unit that is another one is not.
    """
    if one.dimension == other.dimension:
        is_conversion = one.is_scaled and one.number is not None and one.number == other.number
        return "" if one.base == other.base or is_conversion else "sides-differ"
    if not one.dimension or not other.dimension:
        bare, full = (one, other) if not one.dimension else (other, one)
        if full.number is None or not full.single_unit:
            return ""
        return "" if bare.base == full.number else "sides-differ"
    if one.number is not None and one.number == other.number:
        return "units-differ" if one.every_unit else ""
    return "sides-differ" if one.every_unit and one.single_unit and other.single_unit else ""

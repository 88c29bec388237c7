"""In which form a term is written: with like terms collected, or factored."""

from __future__ import annotations

from fractions import Fraction
from math import gcd

from hinterland.plugins.tutoring.checking.terms import Node

_Monomial = frozenset[tuple[str, int]]


def is_collected(node: Node) -> bool:
    """Whether a term has no brackets, no like terms, and nothing left to multiply or reduce."""
    seen: set[_Monomial] = set()
    for part in node.parts if node.kind == "sum" else (node,):
        found = _monomial(part)
        if found is None or found in seen:
            return False
        seen.add(found)
    return True


def size(node: Node) -> int:
    """Return how many numbers and letters a term is written with."""
    return sum(1 for each in node.walk() if not each.parts)


def factors(node: Node) -> list[Node] | None:
    """Return the factors with letters of a product, powers by their base; None for a fraction."""
    if node.kind == "minus":
        return factors(node.parts[0])
    if node.kind == "product":
        found: list[Node] = []
        for each in node.parts:
            more = factors(each)
            if more is None:
                return None
            found += more
        return found
    if node.kind == "over":
        return None if node.parts[1].letters() else factors(node.parts[0])
    if node.kind == "power" and node.parts[1].kind == "number":
        return factors(node.parts[0])
    return [node] if node.letters() else []


def _monomial(node: Node) -> _Monomial | None:
    """Return the letters of a product of one number and different letters; None for any other."""
    while node.kind == "minus":
        node = node.parts[0]
    if node.kind == "over":  # x/2, 3x/4
        top, bottom = node.parts
        if bottom.kind != "number" or bottom.number.denominator != 1 or bottom.number < 2:
            return None
        found = _monomial(top)
        numbers = [each.number for each in _flat(top) if each.kind == "number"]
        number = numbers[0] if numbers else Fraction(1)
        shared = gcd(int(number), int(bottom.number)) if number.denominator == 1 else 2
        return found if found is not None and shared == 1 else None
    powers: dict[str, int] = {}
    numbers_seen = 0
    for each in _flat(node):
        if each.kind == "number" or _is_reduced_fraction(each):
            numbers_seen += 1
            continue
        base, exponent = each, 1
        if each.kind == "power" and each.parts[1].kind == "number":
            base, number = each.parts[0], each.parts[1].number
            if number.denominator != 1 or number < 2:
                return None
            exponent = int(number)
        if base.kind != "letter" or base.name in powers:
            return None
        powers[base.name] = exponent
    is_one = any(each.kind == "number" and each.number == 1 for each in _flat(node))
    if numbers_seen > 1 or (is_one and powers):
        return None
    return frozenset(powers.items())


def _flat(node: Node) -> tuple[Node, ...]:
    return node.parts if node.kind == "product" else (node,)


def _is_reduced_fraction(node: Node) -> bool:
    if node.kind != "over" or any(each.kind != "number" for each in node.parts):
        return False
    top, bottom = (each.number for each in node.parts)
    whole = top.denominator == bottom.denominator == 1
    return whole and bottom > 1 and gcd(int(top), int(bottom)) == 1

"""Expressions of lesson files, such as `gcd(a, b) == 1`: exact, bounded, and without `eval`."""

from __future__ import annotations

import functools
import math
import operator
import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, NoReturn

from hinterland.plugins.tutoring.arithmetic.characters import plain

Value = Fraction | bool | str

MOST_CHARACTERS = 200
MOST_DEPTH = 30
MOST_BITS = 700
"""Of a numerator or a denominator: some 200 digits."""

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<name>[^\W\d]\w*)"
    r"|(?P<sign>\*\*|//|==|!=|<=|>=|[-+*/%^()<>,]))"
)
_WORD_SIGNS = frozenset({"and", "or", "not"})
_COMPARISONS: Mapping[str, Callable[[Value, Value], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Unreadable(ValueError):  # noqa: N818 - it is raised across rooms under this name
    """What cannot be read or computed."""

    def __init__(self, reason: str, column: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        """Words that can follow the text and a colon."""
        self.column = column
        """Of the character at which reading ended, from 1; 0 where it is the whole."""


def evaluate(expression: str, names: Mapping[str, Value] | None = None) -> Value:
    """Return what an expression comes to: an exact number, a truth, or a word that a name stands for.

    It has `+ - * / // % ^ **`, comparisons, `and or not`, `gcd lcm abs min max floor round`, and
    the names given. Raises Unreadable.
    """
    return _value(_parsed(expression), names or {})


Node = tuple[Any, ...]
"""A sign or a function's name, the column, and what it is of: numbers, names and other nodes."""


@functools.lru_cache(maxsize=1024)
def _parsed(expression: str) -> Node:
    if len(expression) > MOST_CHARACTERS:
        raise Unreadable(f"it has more than {MOST_CHARACTERS} characters")
    return _Parser(plain(expression)).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._at = 0
        self._depth = 0

    def whole(self) -> Node:
        node = self._either()
        if self._here != "":
            self._refuse()
        return node

    @property
    def _here(self) -> str:
        return self._tokens[self._at][1]

    @property
    def _column(self) -> int:
        return self._tokens[self._at][2]

    def _refuse(self) -> NoReturn:
        found = self._here
        raise Unreadable(
            f"“{found}” does not belong here" if found else "something is missing at its end",
            self._column,
        )

    def _take(self, *signs: str) -> str:
        kind, text, _column = self._tokens[self._at]
        if kind == "sign" and text in signs:
            self._at += 1
            return text
        return ""

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise Unreadable("it is nested too deeply", self._column)

    def _either(self) -> Node:
        node = self._both()
        while column := self._column * bool(self._take("or")):
            node = ("or", column, node, self._both())
        return node

    def _both(self) -> Node:
        node = self._negated()
        while column := self._column * bool(self._take("and")):
            node = ("and", column, node, self._negated())
        return node

    def _negated(self) -> Node:
        column = self._column
        if self._take("not"):
            self._deeper()
            node: Node = ("not", column, self._negated())
            self._depth -= 1
            return node
        return self._compared()

    def _compared(self) -> Node:
        column, first, pairs = self._column, self._sum(), []
        while sign := self._take(*_COMPARISONS):
            pairs.append((sign, self._sum()))
        return ("compare", column, first, tuple(pairs)) if pairs else first

    def _sum(self) -> Node:
        node = self._product()
        while True:
            column, sign = self._column, self._take("+", "-")
            if not sign:
                return node
            node = (sign, column, node, self._product())

    def _product(self) -> Node:
        node = self._signed()
        while True:
            column, sign = self._column, self._take("*", "/", "//", "%")
            if not sign:
                return node
            node = (sign, column, node, self._signed())

    def _signed(self) -> Node:
        column, sign = self._column, self._take("+", "-")
        if not sign:
            return self._power()
        self._deeper()
        node = self._signed()
        self._depth -= 1
        return ("minus", column, node) if sign == "-" else node

    def _power(self) -> Node:
        base = self._atom()
        column = self._column
        if self._take("^", "**"):
            self._deeper()
            base = ("^", column, base, self._signed())
            self._depth -= 1
        return base

    def _atom(self) -> Node:
        kind, text, column = self._tokens[self._at]
        if kind == "number":
            self._at += 1
            return ("number", column, Fraction(text))
        if kind == "name":
            self._at += 1
            if text in _FUNCTIONS and self._take("("):
                return (text, column, *self._inside(","))
            return ("name", column, text)
        if not self._take("("):
            self._refuse()
        return self._inside()[0]

    def _inside(self, parting: str = "") -> list[Node]:
        self._deeper()
        nodes = [self._either()]
        while parting and self._take(parting):
            nodes.append(self._either())
        if not self._take(")"):
            self._refuse()
        self._depth -= 1
        return nodes


def _tokens(text: str) -> list[tuple[str, str, int]]:
    tokens: list[tuple[str, str, int]] = []
    at, text = 0, text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if not match:
            column = at + 1 + len(text[at:]) - len(text[at:].lstrip())
            raise Unreadable(f"“{text[column - 1]}” is not known", column)
        kind = match.lastgroup or ""
        found = match.group(kind)
        if kind == "name" and found in _WORD_SIGNS:
            kind = "sign"
        tokens.append((kind, found, match.end() - len(found) + 1))
        at = match.end()
    return [*tokens, ("end", "", len(text) + 1)]


def _value(node: Node, names: Mapping[str, Value]) -> Value:
    kind, column, *rest = node
    if kind == "number":
        return _as_number(rest[0], column)
    if kind == "name":
        if rest[0] not in names:
            raise Unreadable(f"“{rest[0]}” is not known", column)
        return names[str(rest[0])]
    if kind in ("and", "or"):
        first, second = rest
        left = _as_truth(_value(first, names), column)
        if left == (kind == "or"):
            return left
        return _as_truth(_value(second, names), column)
    if kind == "not":
        return not _as_truth(_value(rest[0], names), column)
    if kind == "compare":
        return _comparison(rest[0], rest[1], column, names)
    numbers = [_as_number(_value(each, names), column) for each in rest]
    return _computed(kind, numbers, column)


def _comparison(
    first: Node, pairs: tuple[tuple[str, Node], ...], column: int, names: Mapping[str, Value]
) -> bool:
    left = _value(first, names)
    for sign, node in pairs:
        right = _value(node, names)
        if isinstance(left, Fraction) != isinstance(right, Fraction) and sign not in ("==", "!="):
            raise Unreadable(f"“{sign}” compares a number with something else", column)
        if not _COMPARISONS[sign](left, right):
            return False
        left = right
    return True


def _as_truth(value: Value, column: int) -> bool:
    if isinstance(value, bool):
        return value
    raise Unreadable("“and”, “or” and “not” stand between comparisons", column)


def _as_number(value: object, column: int) -> Fraction:
    if isinstance(value, Fraction):
        return value
    raise Unreadable("a word or a truth is computed with", column)


def _computed(kind: str, numbers: list[Fraction], column: int) -> Fraction:
    try:
        value = Fraction(_FUNCTIONS[kind](*numbers))
    except ZeroDivisionError as error:
        raise Unreadable("it divides by zero", column) from error
    except TypeError as error:
        raise Unreadable(f"“{kind}” takes another number of values", column) from error
    except ValueError as error:
        raise Unreadable(str(error), column) from error
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > MOST_BITS:
        raise Unreadable("it comes to too large a number", column)
    return value


def power(base: Fraction, exponent: Fraction) -> Fraction:
    """Return a whole power of an exact number; raises ValueError where it is not one or too large."""
    if exponent.denominator != 1:
        raise ValueError("a power is not a whole number")
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if abs(exponent) > MOST_BITS or (bits > 1 and bits * abs(exponent) > 2 * MOST_BITS):
        raise ValueError("it comes to too large a number")
    return Fraction(base ** int(exponent))


def _whole(value: Fraction) -> int:
    if value.denominator != 1:
        raise ValueError("gcd and lcm are of whole numbers")
    return int(value)


def _rounded(value: Fraction, digits: Fraction = Fraction(0)) -> Fraction:
    """Round as schools do: a half goes away from zero."""
    if digits.denominator != 1 or not -30 <= digits <= 30:
        raise ValueError("round takes a whole number of digits")
    scale = Fraction(10) ** int(digits)
    up = math.floor(abs(value) * scale + Fraction(1, 2)) / scale
    return up if value >= 0 else -up


_FUNCTIONS: Mapping[str, Callable[..., Fraction | int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "^": power,
    "minus": operator.neg,
    "gcd": lambda *each: math.gcd(*map(_whole, each)),
    "lcm": lambda *each: math.lcm(*map(_whole, each)),
    "abs": abs,
    "min": lambda *each: min(each),
    "max": lambda *each: max(each),
    "floor": math.floor,
    "round": _rounded,
}

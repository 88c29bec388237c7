"""Terms as pupils write them (`2x`, `3(x + 1)²`, `x·x`, `√8`), read into a plain tree of values.

Nothing is computed here, and nothing of the text is ever run.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from fractions import Fraction
from typing import NoReturn

import msgspec

from hinterland.plugins.tutoring.arithmetic import Unreadable, plain
from hinterland.plugins.tutoring.checking.term_tokens import END, NAME, NUMBER, SIGN, Token, tokens
from hinterland.plugins.tutoring.quantities import Unit

MOST_CHARACTERS = 300
MOST_DEPTH = 25
MOST_NODES = 200
MOST_DEGREE = 60
"""What the powers in one another may multiply to."""

_PAIRS = {"(": ")", "[": "]", "{": "}", "|": "|"}


class Node(msgspec.Struct, frozen=True):
    """A number, a letter, or a sign with what it stands between."""

    kind: str
    """number, letter, pi, quantity; sum, product, over, power, minus, root, size, percent."""
    parts: tuple[Node, ...] = ()
    number: Fraction = Fraction(0)
    name: str = ""
    unit: Unit | None = None

    def walk(self) -> Iterator[Node]:
        """Yield the node and all that it is made of."""
        yield self
        for each in self.parts:
            yield from each.walk()

    def letters(self) -> frozenset[str]:
        """Return the letters in it."""
        return frozenset(each.name for each in self.walk() if each.kind == "letter")

    def json(self) -> list[object]:
        """Return it as lists, for the process that does algebra."""
        own = [str(self.number)] if self.kind == "number" else [self.name] * bool(self.name)
        return [self.kind, *own, *(each.json() for each in self.parts)]


def parse(
    text: str,
    language: str = "en",
    letters: tuple[str, ...] = (),
    *,
    tight: bool = False,
    with_units: bool = False,
) -> Node:
    """Return a term as a tree.

    `tight` makes `1/2x` one over two x, which otherwise is half of x. `with_units` reads what
    follows a number as its unit where it is one. Raises Unreadable, with a key of the tutor's words
    as its reason.
    """
    if len(text) > MOST_CHARACTERS:
        raise Unreadable("too-large")
    return _parsed(text, language, letters, tight, with_units)


@functools.lru_cache(maxsize=512)
def _parsed(
    text: str, language: str, letters: tuple[str, ...], tight: bool, with_units: bool
) -> Node:
    found = tokens(plain(text), language, letters, with_units)
    node = _Parser(found, tight=tight).whole()
    if sum(1 for _each in node.walk()) > MOST_NODES or _degree(node) > MOST_DEGREE:
        raise Unreadable("too-large")
    return node


def is_ambiguous(text: str) -> bool:
    """Whether brackets are missing that decide what is divided: 1/2x."""
    return bool(re.search(r"/\s*[\w.,]*(?:\d[^\W\d]|[\w]\(|[^\W\d][^\W\d])", plain(text)))


def are_primes(node: Node) -> bool:
    """Whether a term is nothing but primes multiplied, such as 2^3 × 3."""
    if node.kind == "product":
        return all(map(are_primes, node.parts))
    if node.kind == "power":
        base, exponent = node.parts
        return are_primes(base) and exponent.kind == "number" and exponent.number.denominator == 1
    number = node.number
    if node.kind != "number" or number.denominator != 1 or not 2 <= number < 1_000_000:
        return False
    return all(number % each for each in range(2, int(number**0.5) + 1))


def _degree(node: Node) -> int:
    """Return what the powers multiply to; raises Unreadable for a power that is itself a power."""
    inner = max(map(_degree, node.parts), default=1)
    if node.kind == "product":
        return sum(map(_degree, node.parts)) if node.letters() else inner
    if node.kind != "power":
        return inner
    base, exponent = node.parts
    if any(each.kind == "power" for each in exponent.walk()):
        raise Unreadable("too-large")
    sizes = [int(abs(each.number)) + 1 for each in exponent.walk() if each.kind == "number"]
    size = max(sizes, default=1)
    if size > 1000:
        raise Unreadable("too-large")
    return max(_degree(base) * (size - 1 or 1), inner)


class _Parser:
    def __init__(self, found: list[Token], *, tight: bool) -> None:
        self._tokens = [
            msgspec.structs.replace(each, kind=SIGN)
            if each.kind == NAME and each.text in ("*", "√")
            else each
            for each in found
        ]
        self._tight = tight
        self._at = 0
        self._depth = 0
        self._bars = 0

    def whole(self) -> Node:
        node = self._sum()
        if self._here.kind != END:
            self._refuse()
        return node

    @property
    def _here(self) -> Token:
        return self._tokens[self._at]

    def _refuse(self) -> NoReturn:
        raise Unreadable("not-mathematics", self._here.start + 1)

    def _take(self, *signs: str) -> str:
        token = self._here
        if token.kind == SIGN and token.text in signs:
            self._at += 1
            return token.text
        return ""

    def _sum(self) -> Node:
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise Unreadable("too-large", self._here.start + 1)
        parts = [self._signed()]
        while sign := self._take("+", "-"):
            part = self._signed()
            parts.append(Node("minus", (part,)) if sign == "-" else part)
        self._depth -= 1
        return parts[0] if len(parts) == 1 else Node("sum", tuple(parts))

    def _signed(self) -> Node:
        negative = False
        many = 0
        while sign := self._take("+", "-"):
            negative ^= sign == "-"
            many += 1
            if many > 2:
                self._refuse()
        node = self._product()
        return Node("minus", (node,)) if negative else node

    def _product(self) -> Node:
        node = self._row()
        while True:
            if self._take("*"):
                node = _product(node, self._factor_after_sign())
            elif self._take("/", ":"):
                node = Node("over", (node, self._factor_after_sign()))
            elif not self._tight and self._begins_factor():
                node = _product(node, self._power())
            else:
                return node

    def _factor_after_sign(self) -> Node:
        if self._take("-"):
            return Node("minus", (self._row(),))
        return self._row()

    def _row(self) -> Node:
        """Factors without a sign between them; they bind tighter than `/` only if told so."""
        node = self._power()
        while self._tight and self._begins_factor():
            node = _product(node, self._power())
        return node

    def _begins_factor(self) -> bool:
        token = self._here
        before = self._tokens[self._at - 1]
        if token.kind == NUMBER:
            if before.text in (")", "]", "}"):
                raise Unreadable("letter-then-number", token.start + 1)
            return False
        if token.kind == NAME:
            return True
        if token.kind != SIGN:
            return False
        return token.text in ("(", "[", "{", "√") or (token.text == "|" and not self._bars)

    def _power(self) -> Node:
        node = self._atom()
        while self._take("%"):
            node = Node("percent", (node,))
        if self._take("^"):
            self._depth += 1
            if self._depth > MOST_DEPTH:
                raise Unreadable("too-large", self._here.start + 1)
            negative = bool(self._take("-"))
            exponent = self._power()
            self._depth -= 1
            node = Node("power", (node, Node("minus", (exponent,)) if negative else exponent))
        return node

    def _atom(self) -> Node:
        token = self._here
        if token.kind == NUMBER:
            self._at += 1
            kind = "number" if token.unit is None else "quantity"
            return Node(kind, number=token.number, unit=token.unit)
        if token.kind == NAME:
            self._at += 1
            return Node("pi") if token.text == "π" else Node("letter", name=token.text)
        if self._take("√"):
            self._depth += 1
            if self._depth > MOST_DEPTH:
                raise Unreadable("too-large", token.start + 1)
            node = Node("root", (self._power(),))
            self._depth -= 1
            return node
        opened = self._take(*_PAIRS)
        if not opened:
            self._refuse()
        self._bars += opened == "|"
        node = self._sum()
        self._bars -= opened == "|"
        if not self._take(_PAIRS[opened]):
            self._refuse()
        return Node("size", (node,)) if opened == "|" else node


def _product(one: Node, other: Node) -> Node:
    first = one.parts if one.kind == "product" else (one,)
    return Node("product", (*first, other))

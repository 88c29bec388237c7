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

from hinterland.plugins.tutoring.arithmetic import (
    Convention,
    Unreadable,
    convention,
    digits_at,
    plain,
)
from hinterland.plugins.tutoring.checking.phrases import any_of, phrases
from hinterland.plugins.tutoring.quantities import Unit, unit_at

MOST_CHARACTERS = 300
MOST_DEPTH = 25
MOST_NODES = 200
MOST_DEGREE = 60
"""What the powers in one another may multiply to."""

_NUMBER, _NAME, _SIGN, _END = "number", "name", "sign", "end"
_MIXED = re.compile(r" (\d{1,9})/(\d{1,9})(?![\d./(]|\s*[^\W\d])")
_OVER = re.compile(r"/(\d{1,9})(?=\s?[^\W\d]|\s?°)")
_LETTERS = re.compile(r"[^\W\d_]+")
_SIGNS = re.compile(r"\*\*|[-+*/:^()\[\]{}|√%]")
_PAIRS = {"(": ")", "[": "]", "{": "}", "|": "|"}
_ROOTS = frozenset({"sqrt", "racine", "root"})
_FUNCTIONS = re.compile(r"(?:sqrt|racine|root|pi)", re.IGNORECASE)


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


class _Token(msgspec.Struct, frozen=True):
    kind: str
    text: str
    start: int
    value: Node | None = None
    glued: bool = False
    """Whether nothing stands between it and what is before it."""


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
    tokens = _tokens(plain(text), language, letters, with_units)
    node = _Parser(tokens, tight=tight).whole()
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


def _tokens(text: str, language: str, letters: tuple[str, ...], with_units: bool) -> list[_Token]:
    reader = _Reader(text, language, letters, with_units)
    return reader.tokens()


class _Reader:
    """Cuts a text into tokens."""

    def __init__(
        self, text: str, language: str, letters: tuple[str, ...], with_units: bool
    ) -> None:
        self._text = text.strip().rstrip(".").rstrip()
        self._how: Convention = convention(language)
        self._of = re.compile(rf"(?:{any_of(phrases(language).of)})\s*", re.IGNORECASE)
        self._letters = letters
        self._with_units = with_units
        self._found: list[_Token] = []
        self._at = 0

    def tokens(self) -> list[_Token]:
        text = self._text
        while self._at < len(text):
            start = self._at
            glued = start > 0 and text[start - 1] != " "
            if text[start] == " ":
                self._at += 1
            elif text[start].isdigit() or (text[start] in ".," and self._number_may_begin()):
                self._number(glued)
            elif text[start] in "°$€£₹₦₵¢" or text[start].isalpha():
                self._word(glued)
            elif sign := _SIGNS.match(text, start):
                self._at = sign.end()
                self._add(_SIGN, sign.group().replace("**", "^"), start, glued=glued)
            else:
                raise Unreadable("not-mathematics", start + 1)
            if len(self._found) > 2 * MOST_NODES:
                raise Unreadable("too-large")
        self._add(_END, "", len(text))
        return self._found

    def _add(
        self, kind: str, text: str, start: int, value: Node | None = None, *, glued: bool = False
    ) -> None:
        self._found.append(_Token(kind, text, start, value, glued))

    def _number_may_begin(self) -> bool:
        return self._text[self._at + 1 : self._at + 2].isdigit()

    def _number(self, glued: bool) -> None:
        start = self._at
        digits = digits_at(self._text, start, self._how)
        if digits is None:
            raise Unreadable("too-large", start + 1)
        value, self._at = digits.value, digits.end
        if digits.decimals is None and (mixed := _MIXED.match(self._text, self._at)):
            if int(mixed.group(2)) == 0:
                raise Unreadable("divides-by-zero", start + 1)
            value += Fraction(int(mixed.group(1)), int(mixed.group(2)))
            self._at = mixed.end()
        if self._found and self._found[-1].kind == _NAME and glued:
            raise Unreadable("letter-then-number", start + 1)
        node = Node("number", number=value)
        if self._with_units:
            node = self._with_unit(self._fraction_of_unit(node))
        self._add(_NUMBER, self._text[start : self._at], start, node, glued=glued)

    def _fraction_of_unit(self, node: Node) -> Node:
        """Read 3/4 L as three quarters of a litre, not as three over four litres."""
        over = _OVER.match(self._text, self._at)
        if over is None or int(over.group(1)) == 0:
            return node
        fraction = Node("number", number=node.number / int(over.group(1)))
        before, self._at = self._at, over.end()
        if self._with_unit(fraction).unit is not None:
            self._at = over.end()
            return fraction
        self._at = before
        return node

    def _with_unit(self, node: Node) -> Node:
        at = self._at + (self._text[self._at : self._at + 1] == " ")
        word = _LETTERS.match(self._text, at)
        if word and (word.group() in self._letters or self._of.match(self._text, at)):
            return node
        found = unit_at(self._text, at)
        if found is None or self._text[found[1] : found[1] + 1].isalpha():
            return node
        self._at = found[1]
        return Node("quantity", number=node.number, unit=found[0])

    def _word(self, glued: bool) -> None:
        start = self._at
        if (of := self._of.match(self._text, start)) and self._multiplies():
            self._at = of.end()
            self._add(_SIGN, "*", start)
            return
        match = _LETTERS.match(self._text, start)
        if match is None:
            raise Unreadable("not-mathematics", start + 1)
        word = match.group()
        for name in self._names(word):
            self._add(_NAME, name, start, glued=glued)
            glued = True
        self._at = match.end()

    def _multiplies(self) -> bool:
        """Whether a fraction or a percentage stands before `of`."""
        last = [each.text for each in self._found[-3:]]
        return last[-1:] == ["%"] or (len(last) == 3 and last[1] == "/")

    def _names(self, word: str) -> list[str]:
        if word in self._letters:
            return [word]
        if word.lower() in _ROOTS:
            return ["√"]
        if word.lower() == "pi" or word == "π":
            return ["π"]
        if word in ("x", "X") and not {"x", "X"} & set(self._letters):
            return ["*"]
        lower = {each.lower(): each for each in self._letters}
        if word.lower() in lower:
            return [lower[word.lower()]]
        names = [each if each in self._letters else lower.get(each.lower(), "") for each in word]
        if all(names):
            return names
        if len(word) <= 2 and word.isascii() and self._letters:
            raise Unreadable("other-letter", self._at + 1)
        raise Unreadable("not-mathematics", self._at + 1)


class _Parser:
    def __init__(self, tokens: list[_Token], *, tight: bool) -> None:
        self._tokens = [
            msgspec.structs.replace(each, kind=_SIGN)
            if each.kind == _NAME and each.text in ("*", "√")
            else each
            for each in tokens
        ]
        self._tight = tight
        self._at = 0
        self._depth = 0
        self._bars = 0

    def whole(self) -> Node:
        node = self._sum()
        if self._here.kind != _END:
            self._refuse()
        return node

    @property
    def _here(self) -> _Token:
        return self._tokens[self._at]

    def _refuse(self) -> NoReturn:
        raise Unreadable("not-mathematics", self._here.start + 1)

    def _take(self, *signs: str) -> str:
        token = self._here
        if token.kind == _SIGN and token.text in signs:
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
        if token.kind == _NUMBER:
            if before.text in (")", "]", "}"):
                raise Unreadable("letter-then-number", token.start + 1)
            return False
        if token.kind == _NAME:
            return True
        if token.kind != _SIGN:
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
        if token.kind == _NUMBER:
            self._at += 1
            assert token.value is not None
            return token.value
        if token.kind == _NAME:
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

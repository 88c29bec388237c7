"""The little language in which the rules of a pack are written, read without `eval`.

`cough and breaths_per_minute >= 40`, `count(sunken_eyes, skin_pinch >= slow) >= 2`. It knows three
values, yes, no and unknown (Kleene's logic); names are facts of the vocabulary, settings of the site
(`site.malaria_risk`) and conditions that the pack has defined.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Container, Iterator, Mapping

import msgspec

from hinterland.plugins.diagnosis.rules.facts import Choice, Fact, Number, Value

Truth = bool | None
Lookup = Callable[[str], Value | None]
"""Returns the value of a fact; None means unknown, False of any kind of fact that it does not apply."""

_TOKEN = re.compile(r"-?\d+(?:\.\d+)?|[a-z][a-z0-9_.]*|>=|<=|==|[<>(),]")
_NEXT = re.compile(rf"\s*(?:{_TOKEN.pattern})")
_KEYWORDS = frozenset({"and", "or", "not", "count"})
_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}
_DEEPEST = 30


class ExpressionError(ValueError):
    """A condition that cannot be read: one sentence."""


class Said(msgspec.Struct, frozen=True, gc=False):
    """A yes/no fact."""

    name: str

    def truth(self, lookup: Lookup, dismissed: Container[str]) -> Truth:
        value = lookup(self.name)
        if value is None:
            return False if self.name in dismissed else None
        return bool(value)


class Measured(msgspec.Struct, frozen=True, gc=False):
    """A number compared with a threshold."""

    name: str
    sign: str
    threshold: float

    def truth(self, lookup: Lookup, dismissed: Container[str]) -> Truth:
        value = lookup(self.name)
        if value is None:
            return False if self.name in dismissed else None
        if value is False:
            return False
        return _COMPARE[self.sign](float(value), self.threshold)


class OneOf(msgspec.Struct, frozen=True, gc=False):
    """A choice that is one of these options."""

    name: str
    options: frozenset[str]
    rising: bool
    """Whether no worse option lies outside of `options`."""

    def truth(self, lookup: Lookup, dismissed: Container[str]) -> Truth:
        value = lookup(self.name)
        if value is None:
            return False if self.name in dismissed else None
        return value in self.options


class Not(msgspec.Struct, frozen=True, gc=False):
    part: Expression

    def truth(self, lookup: Lookup, dismissed: Container[str]) -> Truth:
        truth = self.part.truth(lookup, dismissed)
        return None if truth is None else not truth


class AtLeast(msgspec.Struct, frozen=True, gc=False):
    """So many of the parts; `and` is all of them, `or` is one."""

    parts: tuple[Expression, ...]
    least: int

    def truth(self, lookup: Lookup, dismissed: Container[str]) -> Truth:
        yes = unknown = 0
        for part in self.parts:
            truth = part.truth(lookup, dismissed)
            if truth:
                yes += 1
                if yes >= self.least:
                    return True
            elif truth is None:
                unknown += 1
        return None if yes + unknown >= self.least else False


Expression = Said | Measured | OneOf | Not | AtLeast


def names(expression: Expression) -> Iterator[str]:
    """Yield the facts that an expression asks for, in the order of reading; some more than once."""
    if isinstance(expression, Not):
        yield from names(expression.part)
    elif isinstance(expression, AtLeast):
        for part in expression.parts:
            yield from names(part)
    else:
        yield expression.name


def waiting(expression: Expression, lookup: Lookup) -> Iterator[str]:
    """Yield the unknown facts on which the truth of an expression still depends."""
    if expression.truth(lookup, ()) is not None:
        return
    if isinstance(expression, Not):
        yield from waiting(expression.part, lookup)
    elif isinstance(expression, AtLeast):
        for part in expression.parts:
            yield from waiting(part, lookup)
    else:
        yield expression.name


def falling(expression: Expression) -> str:
    """Return what makes a condition less true when a sign is added, in words; "" when nothing does."""
    if isinstance(expression, Not):
        return "it uses `not`"
    if isinstance(expression, OneOf) and not expression.rising:
        return f"it leaves out worse options of {expression.name} (write >=)"
    if isinstance(expression, AtLeast):
        return next(filter(None, map(falling, expression.parts)), "")
    return ""


def parse(
    text: str, facts: Mapping[str, Fact], defined: Mapping[str, Expression] | None = None
) -> Expression:
    """Return the condition that `text` says; raises ExpressionError where it is not one."""
    return _Parser(text, facts, defined or {}).whole()


class _Parser:
    def __init__(
        self, text: str, facts: Mapping[str, Fact], defined: Mapping[str, Expression]
    ) -> None:
        self._facts = facts
        self._defined = defined
        self._tokens = [*_tokens(text), ""]
        self._at = 0
        self._depth = 0

    def whole(self) -> Expression:
        found = self._either()
        if self._next():
            raise ExpressionError(f"“{self._next()}” is not expected there")
        return found

    def _next(self) -> str:
        return self._tokens[self._at]

    def _take(self, wanted: str = "") -> str:
        token = self._next()
        if wanted and token != wanted:
            raise ExpressionError(f"“{wanted}” is missing before “{token or 'the end'}”")
        if not token:
            raise ExpressionError("it ends too early")
        self._at += 1
        return token

    def _either(self) -> Expression:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ExpressionError("it is nested too deeply")
        parts = [self._both()]
        while self._next() == "or":
            self._take()
            parts.append(self._both())
        self._depth -= 1
        return parts[0] if len(parts) == 1 else AtLeast(tuple(parts), 1)

    def _both(self) -> Expression:
        parts = [self._one()]
        while self._next() == "and":
            self._take()
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else AtLeast(tuple(parts), len(parts))

    def _one(self) -> Expression:
        negations = 0
        while self._next() == "not":
            self._take()
            negations += 1
        found = self._plain()
        return Not(found) if negations % 2 else found

    def _plain(self) -> Expression:
        word = self._take()
        if word == "(":
            inner = self._either()
            self._take(")")
            return inner
        if word == "count":
            return self._count()
        if word in _KEYWORDS or not word[0].isalpha():
            raise ExpressionError(f"“{word}” is not expected there")
        if word in self._defined:
            return self._defined[word]
        fact = self._facts.get(word)
        if fact is None:
            raise ExpressionError(f"“{word}” is not in the vocabulary")
        if isinstance(fact, Number):
            return Measured(word, self._sign(word), self._number())
        if isinstance(fact, Choice):
            return self._choice(word, fact)
        if self._next() in _COMPARE:
            raise ExpressionError(f"“{word}” is yes or no and cannot be compared")
        return Said(word)

    def _count(self) -> Expression:
        self._take("(")
        parts = [self._either()]
        while self._next() == ",":
            self._take()
            parts.append(self._either())
        self._take(")")
        self._take(">=")
        least = self._number()
        if least != int(least) or not 1 <= least <= len(parts):
            raise ExpressionError(f"count() has {len(parts)} parts and cannot reach {least:g}")
        return AtLeast(tuple(parts), int(least))

    def _sign(self, name: str) -> str:
        if self._next() not in _COMPARE:
            raise ExpressionError(f"“{name}” has to be compared with something")
        return self._take()

    def _number(self) -> float:
        token = self._take()
        if not token.lstrip("-")[:1].isdigit():
            raise ExpressionError(f"“{token}” stands where a number is needed")
        return float(token)

    def _choice(self, name: str, fact: Choice) -> Expression:
        sign, option = self._sign(name), self._take()
        options = [each.id for each in fact.options]
        if option not in options:
            raise ExpressionError(f"“{option}” is not one of the options of {name}")
        if sign != "==" and not fact.ordered:
            raise ExpressionError(f"the options of {name} have no order: only == compares them")
        place = options.index(option)
        chosen = frozenset(each for at, each in enumerate(options) if _COMPARE[sign](at, place))
        rising = not fact.ordered or (options[-1] in chosen and sign in {">", ">=", "=="})
        return OneOf(name, chosen, rising)


def _tokens(text: str) -> list[str]:
    found = _TOKEN.findall(text)
    if "".join(found) != "".join(text.split()):  # there is something else between them
        at = 0
        while there := _NEXT.match(text, at):
            at = there.end()
        raise ExpressionError(f"“{text[at:].strip()[:10]}” cannot be read")
    return found

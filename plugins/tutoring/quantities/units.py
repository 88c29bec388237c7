"""The units there are, from units.toml, and what is made of them: products, quotients, powers."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Iterable, Mapping
from fractions import Fraction
from importlib import resources

import msgspec

Dimension = frozenset[tuple[str, int]]
"""What is measured, as powers of what is not made of anything else: length to 1, time to -1."""


class Unit(msgspec.Struct, frozen=True):
    """A unit, or several of them multiplied."""

    symbol: str
    dimension: Dimension
    factor: Fraction
    """How much one is of the dimension's base unit."""
    offset: Fraction = Fraction(0)
    then: str = ""
    """The symbol of the unit that a bare number behind it is in."""
    before: bool = False
    """Whether its symbol may stand before the number."""

    def raised(self, power: int) -> Unit:
        """Return the unit to a power."""
        if power == 1:
            return self
        dimension = frozenset((name, exponent * power) for name, exponent in self.dimension)
        return Unit(f"{self.symbol}^{power}", dimension, self.factor**power)

    def times(self, other: Unit, power: int = 1) -> Unit:
        """Return the product with a power of another unit."""
        exponents = dict(self.dimension)
        for name, exponent in other.dimension:
            exponents[name] = exponents.get(name, 0) + exponent * power
        dimension = frozenset((name, each) for name, each in exponents.items() if each)
        sign = "/" if power < 0 else "·"
        symbol = f"{self.symbol}{sign}{other.symbol}" + (f"^{abs(power)}" if abs(power) > 1 else "")
        return Unit(symbol, dimension, self.factor * other.factor**power)


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    symbol: str
    factor: str
    offset: str = "0"
    then: str = ""
    before: bool = False
    also: list[str] = []
    en: list[str] = []
    fr: list[str] = []


class _Kind(msgspec.Struct, forbid_unknown_fields=True):
    dimension: str
    units: list[_Line]


class _File(msgspec.Struct, forbid_unknown_fields=True):
    between: dict[str, list[str]]
    per: dict[str, list[str]]
    powers: dict[str, dict[str, int]]
    kind: list[_Kind]


class Table(msgspec.Struct, frozen=True):
    """What the units are called."""

    exact: Mapping[str, tuple[Unit, ...]]
    """By symbol and by name as they are written."""
    folded: Mapping[str, tuple[Unit, ...]]
    """In lower case and without accents, for names and for symbols in the wrong case."""
    between: frozenset[str]
    """Words between a number and its unit: 3/4 of a litre."""
    per: frozenset[str]
    powers: Mapping[str, int]
    most_words: int
    """Of a name."""


@functools.cache
def table() -> Table:
    """Return the units by what they are called in any language."""
    data = resources.files(__package__).joinpath("units.toml").read_bytes()
    file = msgspec.toml.decode(data, type=_File)
    exact: dict[str, list[Unit]] = {}
    folded: dict[str, list[Unit]] = {}
    for kind in file.kind:
        dimension = _dimension(kind.dimension)
        for line in kind.units:
            unit = Unit(
                line.symbol,
                dimension,
                Fraction(line.factor),
                Fraction(line.offset),
                line.then,
                line.before,
            )
            names = [*_with_plurals(line.en), *_with_plurals(line.fr)]
            for each in dict.fromkeys((line.symbol, *line.also, *names)):
                exact.setdefault(each, []).append(unit)
            for each in dict.fromkeys(map(fold, (line.symbol, *line.also, *names))):
                folded.setdefault(each, []).append(unit)
    return Table(
        {name: tuple(units) for name, units in exact.items()},
        {name: tuple(units) for name, units in folded.items()},
        frozenset(each for words in file.between.values() for each in words),
        frozenset(each for words in file.per.values() for each in words),
        {word: power for words in file.powers.values() for word, power in words.items()},
        max(len(name.split()) for name in exact),
    )


def fold(name: str) -> str:
    """Return a name in lower case and without accents."""
    bare = unicodedata.normalize("NFKD", name)
    return "".join(each for each in bare if not unicodedata.combining(each)).casefold()


def _dimension(text: str) -> Dimension:
    pairs = (part.partition("^") for part in text.split())
    return frozenset((name, int(power or 1)) for name, _sign, power in pairs)


def _with_plurals(names: Iterable[str]) -> list[str]:
    return [form for name in names for form in (name, _plural(name), _plural(name, each=True))]


def _plural(name: str, *, each: bool = False) -> str:
    words = name.split(" ") if each else [name]
    return " ".join(word if word.endswith(("s", "x")) else word + "s" for word in words)

"""The words around answers and working, from phrases.toml."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from fractions import Fraction
from importlib import resources

import msgspec


class Phrases(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands around answers in a language: see phrases.toml."""

    leads: tuple[str, ...]
    hedges: tuple[str, ...]
    articles: tuple[str, ...]
    nothing: frozenset[str]
    joins: tuple[str, ...]
    ors: tuple[str, ...]
    nots: frozenset[str]
    denials: frozenset[str]
    option: tuple[str, ...]
    small: frozenset[str]
    percent: tuple[str, ...]
    how_many: tuple[str, ...]
    how_much: tuple[str, ...]
    extents: tuple[str, ...]
    whens: tuple[str, ...]
    times: tuple[str, ...]
    so: tuple[str, ...]
    of: tuple[str, ...]
    remainder: tuple[str, ...]
    solutions: tuple[str, ...]
    verbs: frozenset[str]
    short: tuple[tuple[str, str], ...]
    equals: tuple[str, ...]
    ratio: tuple[str, ...]
    below: tuple[str, ...]
    opposites: tuple[tuple[str, str], ...]
    places: dict[str, str]


@functools.cache
def _file() -> dict[str, Phrases]:
    data = resources.files(__package__).joinpath("phrases.toml").read_bytes()
    return msgspec.toml.decode(data, type=dict[str, Phrases])


@functools.lru_cache(maxsize=64)
def phrases(language: str) -> Phrases:
    """Return the words of a language, by its BCP 47 code; of English where there are none."""
    return _file().get(language.partition("-")[0].lower()) or _file()["en"]


def any_of(words: Iterable[str]) -> str:
    """Return a pattern of whole words, the longest first; a space stands for any white space."""
    ordered = sorted(words, key=len, reverse=True)
    return "|".join(
        re.escape(each).replace(r"\ ", r"\s+") + (r"(?!\w)" if each[-1].isalnum() else "")
        for each in ordered
    )


@functools.lru_cache(maxsize=256)
def pattern(language: str, field: str, before: str = "", after: str = "") -> re.Pattern[str]:
    """Return the pattern of a field's words between two other patterns, whatever the case."""
    words = any_of(getattr(phrases(language), field))
    return re.compile(f"{before}(?:{words}){after}", re.IGNORECASE)


@functools.lru_cache(maxsize=64)
def places(language: str) -> dict[str, Fraction]:
    """Return what a number of a place is worth: 5 hundreds."""
    return {word: Fraction(worth) for word, worth in phrases(language).places.items()}

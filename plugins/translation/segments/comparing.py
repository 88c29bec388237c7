"""What people have to look at even where a translation reads well: denials and doses."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from importlib import resources

import msgspec

from hinterland.plugins.languages import Language
from hinterland.plugins.translation.segments.numbers import value_of, whole_words
from hinterland.plugins.translation.segments.protected import either, units


class _Cues(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    words: tuple[str, ...]
    perhaps: tuple[str, ...]
    never: tuple[str, ...]


@functools.cache
def _cues() -> dict[str, _Cues]:
    data = resources.files(__package__).joinpath("negations.toml").read_bytes()
    return msgspec.toml.decode(data, type=dict[str, _Cues])


def negations(text: str, language: Language) -> tuple[str, ...] | None:
    """Return the words of a text that deny, in its order; None for a language without a list."""
    patterns = _patterns(language.base, language.spaced)
    if patterns is None:
        return None
    denies, _perhaps, never = patterns
    return tuple(denies.findall(never.sub(" ", text.casefold())))


def negation_differs(source: str, translated: str, languages: tuple[Language, Language]) -> bool:
    """Whether only one of two texts denies something; False where a language has no list."""
    ours, theirs = (
        _denies(text, language)
        for text, language in zip((source, translated), languages, strict=True)
    )
    return {ours, theirs} == {True, False}


def _denies(text: str, language: Language) -> bool | None:
    """Whether a text denies; None where it may, or where there is no list."""
    patterns = _patterns(language.base, language.spaced)
    if patterns is None:
        return None
    denies, perhaps, never = patterns
    folded = text.casefold()
    bare = never.sub(" ", folded)
    if denies.search(bare):
        return True
    return None if bare != folded or perhaps.search(bare) else False


@functools.cache
def _patterns(base: str, spaced: bool) -> tuple[re.Pattern[str], ...] | None:
    cues = _cues().get(base)
    if cues is None:
        return None
    spaced = spaced and base != "ko"
    return tuple(_pattern(words, spaced) for words in (cues.words, cues.perhaps, cues.never))


def _pattern(words: tuple[str, ...], spaced: bool) -> re.Pattern[str]:
    ordered = sorted((each.casefold() for each in words), key=len, reverse=True)
    joined = "|".join(re.escape(each).replace(r"\*", r"\w*") for each in ordered) or r"(?!)"
    return re.compile(whole_words(joined) if spaced else joined)


def doses(text: str, language: Language) -> tuple[str, ...]:
    """Return the numbers with units of medicine in a text, such as `0.5 mg`, in one spelling and
    in order of size."""
    found = []
    for first, second, unit in _amounts(text):
        for number in filter(None, (first, second)):
            value = value_of(number, language).normalize()
            found.append(f"{value:f} {unit}")
    return tuple(sorted(found))


def _amounts(text: str) -> Iterator[tuple[str, str, str]]:
    pattern, names = _dose_pattern()
    for found in pattern.finditer(text):
        yield found[1], found[2] or "", names[found[3]]


@functools.cache
def _dose_pattern() -> tuple[re.Pattern[str], dict[str, str]]:
    """Return what finds doses, and the unit that each spelling of one means."""
    table = units()
    names: dict[str, str] = {each: each for each in table.dose}
    for unit, spellings in table.written.items():
        names |= dict.fromkeys(spellings, unit)
        names[unit] = unit
    number = r"\d+(?:[.,٫]\d+)*"
    pattern = (
        rf"(?<![A-Za-z\d_.,])({number})(?:\s?[-–—~]\s?({number}))?[\s\u00a0\u202f]?"
        rf"({either(tuple(names))})(?![A-Za-zµμ])"
    )
    return re.compile(pattern), names

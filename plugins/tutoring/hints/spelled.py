"""Numbers spelled as words in a text, turned into digits; for the languages that lessons are in."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Sequence
from importlib import resources
from typing import NamedTuple

import msgspec

from hinterland.plugins.tutoring.arithmetic.number_words import vocabulary

_TOKEN = re.compile(r"[^\W\d_]+|\d+|\S|\s+")
_GAPS = frozenset({" ", "-", "‐", "‑", "–", "'", "’"})


class _Full(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    weak: str
    telling: str
    over: tuple[str, ...]
    percent: tuple[str, ...]


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What spelled.toml says: see there."""

    full: dict[str, _Full]
    short: dict[str, str]
    other: dict[str, str]


class Spelling(NamedTuple):
    """How one language spells numbers; every word is folded."""

    words: dict[str, int]
    parts: dict[str, int]
    alone: dict[str, str]
    """Words that are a fraction by themselves."""
    weak: frozenset[str]
    """Words that are something else, too: a number only where one is expected."""
    single: frozenset[str]
    joins: frozenset[str]
    points: frozenset[str]
    minus: frozenset[str]
    over: tuple[str, ...]
    percent: tuple[str, ...]
    telling: frozenset[str]
    by_score: bool
    """Whether it counts 60 + 17 and 4 × 20, as French does."""


@functools.lru_cache(maxsize=8192)
def folded(text: str) -> str:
    """Return a text without capitals and accents."""
    if text.isascii():
        return text.lower()
    bare = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in bare if not unicodedata.combining(each))


@functools.cache
def table() -> Table:
    """Return what spelled.toml says."""
    data = resources.files(__package__).joinpath("spelled.toml").read_bytes()
    return msgspec.toml.decode(data, type=Table)


@functools.cache
def spelling(language: str) -> Spelling | None:
    """Return how a language, as a BCP 47 code, spells numbers; None where that is not known."""
    full = table().full.get(language.partition("-")[0])
    known = vocabulary(language)
    if full is None or known is None:
        return None
    hundreds = dict.fromkeys(known.hundred, 100)
    return Spelling(
        words={
            folded(word): value for word, value in (known.small | hundreds | known.scales).items()
        },
        parts={folded(word): value for word, value in known.parts.items()},
        alone={folded(word): value for word, value in known.alone.items()},
        weak=frozenset(folded(full.weak).split()),
        single=frozenset(map(folded, known.ones)),
        joins=frozenset(map(folded, known.joins)),
        points=frozenset(map(folded, known.points)),
        minus=frozenset(map(folded, known.minus)),
        over=tuple(map(folded, full.over)),
        percent=tuple(map(folded, full.percent)),
        telling=frozenset(folded(full.telling).split()),
        by_score=language.startswith("fr"),
    )


class _Said(NamedTuple):
    end: int
    """The token after it."""
    text: str
    """In digits."""


@functools.lru_cache(maxsize=4096)
def in_digits(text: str, language: str, *, eager: bool = False) -> str:
    """Return the text with every spelled number in digits: `seven eighths` becomes `7/8`.

    `eager` takes every `one` and `un` for a number; else only those that stand where one is due.
    """
    found = spelling(language)
    if found is None or not _some_number(language).search(folded(text)):
        return text
    tokens = [part for each in _TOKEN.findall(text) for part in _apart(each, found)]
    bare = [folded(each) for each in tokens]
    reader = _Reader(found, bare, eager=eager)
    said: list[str] = []
    at = 0
    while at < len(tokens):
        number = reader.number(at)
        if number is None:
            said.append(tokens[at])
            at += 1
        else:
            said.append(number.text)
            at = number.end
    whole = "".join(said)
    for phrase in found.over:
        whole = re.sub(rf"(?i)(?<=\d)\s+{phrase}\s+(?=\d)", "/", whole)
    for phrase in found.percent:
        whole = re.sub(rf"(?i)(?<=\d)\s+{phrase}\b", " %", whole)
    return whole


@functools.cache
def _some_number(language: str) -> re.Pattern[str]:
    """Return what finds a text that has words of numbers in it at all."""
    of = spelling(language)
    words = {*of.words, *of.parts, *of.alone, *of.over, *of.percent} if of else set()
    return re.compile("|".join(sorted(words, key=len, reverse=True)))


def number_words(text: str, language: str) -> list[str]:
    """Return the words of a text that say a number or a part, folded; weak ones are none."""
    found = spelling(language)
    if found is None:
        return []
    said = (folded(each) for each in _TOKEN.findall(text))
    return [
        each
        for each in said
        if (each in found.words or each in found.parts or each in found.alone)
        and each not in found.weak
    ]


def _apart(token: str, language: Spelling) -> list[str]:
    """Return the number words that a token is glued of, such as `fortytwo`; else the token."""
    word = folded(token)
    if len(word) < 6 or word in language.words or not word.isalpha():
        return [token]
    glued = _glued(language.by_score)
    if not glued[0].fullmatch(word):
        return [token]
    pieces = glued[1].findall(word)
    return [part for each in pieces for part in (each, " ")][:-1]


@functools.cache
def _glued(french: bool) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return what finds a word that is made of number words alone, and what takes it apart."""
    of = spelling("fr" if french else "en")
    assert of is not None
    words = "|".join(sorted({*of.words, *of.parts}, key=len, reverse=True))
    return re.compile(f"(?:{words})+"), re.compile(words)


class _Reader:
    def __init__(self, language: Spelling, bare: Sequence[str], *, eager: bool) -> None:
        self._of = language
        self._bare = bare
        self._eager = eager

    def number(self, at: int) -> _Said | None:
        """Return the number that begins at a token."""
        bare = self._bare
        if bare[at] in self._of.minus:
            after = self._next(at)
            number = self._unsigned(after) if after < len(bare) else None
            return number and _Said(number.end, "-" + number.text)
        return self._unsigned(at)

    def _unsigned(self, at: int) -> _Said | None:
        of, bare = self._of, self._bare
        if bare[at].isdecimal():
            end, count, text = at + 1, int(bare[at]), bare[at]
            part = self._part(end)
            return _Said(part[0], f"{count}/{part[1]}") if part else None
        if bare[at] in of.alone:
            return _Said(at + 1, of.alone[bare[at]])
        if bare[at] in of.single and (part := self._part(at + 1)):
            return _Said(part[0], f"1/{part[1]}")
        read = self._whole(at)
        if read is None:
            return None
        end, count = read
        if part := self._part(end):
            return _Said(part[0], f"{count}/{part[1]}")
        if (self._next(end - 1) < len(bare)) and bare[self._next(end - 1)] in of.points:
            digits, last = self._decimals(self._next(end - 1))
            if digits:
                return _Said(last, f"{count}{',' if of.by_score else '.'}{digits}")
        if mixed := self._fraction_after(end):
            return _Said(mixed.end, f"{count} {mixed.text}")
        text = str(count)
        if bare[at] in of.weak and end == at + 1 and not (self._eager or self._is_told(at)):
            return None
        return _Said(end, text)

    def _is_told(self, at: int) -> bool:
        """Whether a number is expected here: after `is` or `=`, and before no noun."""
        after = self._next(at)
        if after < len(self._bare) and self._bare[after].isalpha():
            return False
        before = at - 1
        while before >= 0 and self._bare[before].isspace():
            before -= 1
        said = self._bare[before] if before >= 0 else ""
        return said in self._of.telling or said in {"=", ":", "≈"}

    def _fraction_after(self, at: int) -> _Said | None:
        """Return the fraction of `three and a half`."""
        joined = self._next(at - 1)
        if joined >= len(self._bare) or self._bare[joined] not in self._of.joins:
            return None
        start = self._next(joined)
        if start >= len(self._bare):
            return None
        of, bare = self._of, self._bare
        if bare[start] in of.alone:
            return _Said(start + 1, of.alone[bare[start]])
        if bare[start] in of.single and (part := self._part(start + 1)):
            return _Said(part[0], f"1/{part[1]}")
        read = self._whole(start)
        if read and (part := self._part(read[0])):
            return _Said(part[0], f"{read[1]}/{part[1]}")
        return None

    def _part(self, at: int) -> tuple[int, int] | None:
        """Return the name of a part after a number: where it ends, and how many make a whole."""
        after = self._next(at - 1)
        if after == at and after < len(self._bare) and self._bare[after - 1].isalpha():
            return None
        if after < len(self._bare) and (many := self._of.parts.get(self._bare[after])):
            return after + 1, many
        return None

    def _decimals(self, at: int) -> tuple[str, int]:
        digits, end = "", at
        after = self._next(at)
        while after < len(self._bare):
            word = self._bare[after]
            value = int(word) if word.isdecimal() else self._of.words.get(word, 100)
            if value > 99:
                break
            digits, end = digits + str(value), after + 1
            after = self._next(after)
        return digits, end

    def _next(self, at: int) -> int:
        """Return the next token that is no gap."""
        at += 1
        while at < len(self._bare) and (self._bare[at].isspace() or self._bare[at] in _GAPS):
            at += 1
        return at

    def _whole(self, at: int) -> tuple[int, int] | None:
        """Return where the whole number ends that begins at a token, and its value."""
        words, by_score = self._of.words, self._of.by_score
        if self._bare[at] not in words:
            return None
        total, group, room, end = 0, 0, 1000, at
        place: int = at
        while place < len(self._bare):
            word = self._bare[place]
            value = words.get(word)
            if value is None:
                after = self._next(place)
                joins = word in self._of.joins and after < len(self._bare)
                if not joins or end == at or words.get(self._bare[after], 0) == 0 or room < 10:
                    break
                if room >= 1000:
                    break
                place = after
                continue
            grown = _grown(group, room, value, by_score=by_score)
            if grown is None:
                break
            group, room = grown
            if value >= 1000:
                total, group = total + group, 0
            end = place + 1
            if value == 0:
                break
            place = self._next(place)
        return end, total + group


def _grown(group: int, room: int, value: int, *, by_score: bool) -> tuple[int, int] | None:
    """Return a number below 1000 with one more word, and what may follow; None where it cannot."""
    units = group % 100
    if value >= 1000:
        return max(1, group) * value, 1000
    if value == 100:
        return (max(1, group) * 100, 100) if group < 100 and room != 100 else None
    if by_score and value == 20 and units == 4:
        return group + 76, 20
    if value >= 20:
        wide = by_score and value in (60, 80)
        return (group + value, 20 if wide else 10) if room >= 100 else None
    if value >= 10:
        return (group + value, 10 if by_score and value == 10 else 1) if room >= 20 else None
    fits = room > value and (value >= 7 or not by_score or units not in {10, 70, 90})
    return (group + value, 1) if fits else None

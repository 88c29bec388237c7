"""Words that say a number in another language than a text's own, or hide one among other letters."""

from __future__ import annotations

import functools
import re
from importlib import resources

import msgspec

from hinterland.plugins.tutoring.hints.spelled import folded, spelling, table

_HIDDEN = 5
"""Letters from which on a number is one within a longer word, too."""
_GLUE = 3
"""Letters that a language puts between tens and units of one word: the `und` of siebenunddreißig."""


def foreign_words(text: str, language: str) -> set[str]:
    """Return the words of a text that say a number in another language, or that hide one of their own
    among other letters; folded."""
    code = language.partition("-")[0]
    own = spelling(code)
    known = _ordinary(code) | ({*own.words, *own.parts} if own else set())
    words = {folded(each) for each in re.findall(r"[^\W\d_]{3,}", text)} - known
    patterns = _foreign()
    return {
        word
        for word in words
        if any(each.fullmatch(word) for each in patterns)
        or any(_hides(word, each) for each in (own.words.keys() - own.weak if own else ()))
    }


def _hides(word: str, number: str) -> bool:
    """Whether a word begins with a number, or has a long one in it: `sixmbysixm`, `ninetyfivel`."""
    return (len(number) > 2 and word.startswith(number)) or (
        len(number) >= _HIDDEN and number in word
    )


@functools.cache
def _foreign() -> list[re.Pattern[str]]:
    """Return for each language what finds a word for a number, alone, glued or with a letter more."""
    known = table()
    listed = {code: folded(words).replace("_", " ").split() for code, words in known.short.items()}
    listed |= {code: [*of.words, *of.parts] for code in known.full if (of := spelling(code))}
    patterns = []
    for words in listed.values():
        every = "|".join(sorted(words, key=len, reverse=True))
        long = "|".join(each for each in words if len(each) > 3)
        stems = "|".join(each[:-1] if len(each) > 4 else each for each in words if len(each) > 2)
        glued = rf"(?:{stems})\w{{0,{_GLUE}}}(?:{every})"
        patterns.append(re.compile(rf"{every}|(?:{long})\w|{glued}|(?:{every}){{2,}}\w?"))
    return patterns


@functools.cache
def _ordinary(code: str) -> frozenset[str]:
    """Return words of a language that say no number, whatever another language has them for."""
    data = resources.files("hinterland.plugins.languages").joinpath("words.toml").read_bytes()
    listed = msgspec.toml.decode(data, type=dict[str, str])
    return frozenset(
        f"{folded(listed.get(code, ''))} {folded(table().other.get(code, ''))}".split()
    )

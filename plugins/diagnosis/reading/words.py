"""A text as words: folded, cut to stems, with numbers read and borders of clauses kept.

All that depends on the language is data of the lexicon: endings, short forms, small words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass

NONE, COMMA, SENTENCE = 0, 1, 2
"""What stands between a word and the one before it."""

_TOKEN = re.compile(
    r"(?P<number>\d+(?:[.,]\d+)?)|(?P<word>[^\W\d_]+(?:['’ʼ`´][^\W\d_]+)*)|(?P<mark>[^\w\s]|\n)"
)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
_APOSTROPHE = re.compile("['’ʼ`´]")
_STRETCHED = re.compile(r"(.)\1{2,}")
_SENTENCE = frozenset(".!?;•…。؟¿¡")
_COMMA = frozenset(',:()[]–—-/*"“”«»|')
_UNITS = ("%", "°")
_SHORTEST_STEM = 3


@dataclass(frozen=True, slots=True)
class Token:
    word: str
    """Lower case, without accents."""
    stem: str
    start: int
    end: int
    number: float | None
    """What it counts, in digits or in words."""
    border: int
    """What stands before it: NONE, COMMA or SENTENCE."""
    mark: str = ""
    """The sign that stands before it, such as `/` in 110/70."""


@dataclass(frozen=True, slots=True)
class Speech:
    """What of a language the cutting into words needs."""

    endings: tuple[str, ...]
    """Endings that a stem is without, longest first; `es:sx` only after one of these letters."""
    short: Mapping[str, tuple[str, ...]]
    """Short forms, written out: cant → can not."""
    clitics: Mapping[str, str]
    """What hangs on with an apostrophe: n't → not. Otherwise the parts are words of their own."""
    numbers: Mapping[str, float]
    """Numbers in words."""


def fold(text: str) -> str:
    """Return `text` in lower case and without accents, œ and æ as two letters."""
    lower = text.lower().replace("œ", "oe").replace("æ", "ae").replace("ß", "ss")
    parts = unicodedata.normalize("NFKD", lower)
    return "".join(each for each in parts if not unicodedata.combining(each))


def stem(word: str, endings: tuple[str, ...]) -> str:
    """Return a word without its ending, a last e and a doubled last letter: vomitting → vomit."""
    for each in endings:
        ending, _, after = each.partition(":")
        left = len(word) - len(ending)
        if left < _SHORTEST_STEM or not word.endswith(ending):
            continue
        if after and word[left - 1] not in after:
            continue
        word = word[:left]
        break
    # Not of short words: a note is not a denial, and care no car.
    if len(word) > _SHORTEST_STEM + 1 and word.endswith("e"):
        word = word[:-1]
    if len(word) > _SHORTEST_STEM and word[-1] == word[-2] and word[-1] not in "aeiou":
        word = word[:-1]
    # cry, cries, cried
    return word[:-1] + "i" if len(word) >= _SHORTEST_STEM and word[-1] == "y" else word


def tokens(text: str, speech: Speech, known: Callable[[str], str | None]) -> list[Token]:
    """Return the words of a text; `known` mends the spelling of a stem, or returns None."""
    result: list[Token] = []
    border, mark, seen_newline = NONE, "", False
    for found in _TOKEN.finditer(text):
        if found["mark"]:
            sign = found["mark"]
            if sign == "\n":
                border = SENTENCE if seen_newline else border
                seen_newline = True
            elif sign in "&+":
                result.append(_plain("and", speech, found.start(), found.end(), border, known))
                border, mark = NONE, ""
            elif sign in _SENTENCE:
                border = SENTENCE
            elif sign in "-/" and _inside(text, found.start()):
                mark = sign
            elif sign in _COMMA:
                border = max(border, COMMA)
                mark = mark if mark in _UNITS else sign
            else:
                mark = sign
            continue
        seen_newline = False
        for word in _written_out(found, speech):
            result.append(_plain(word, speech, found.start(), found.end(), border, known, mark))
            border, mark = NONE, ""
    return result


def _inside(text: str, at: int) -> bool:
    """Return whether a sign joins two words: short-of-breath, 110/70."""
    return 0 < at < len(text) - 1 and text[at - 1].isalnum() and text[at + 1].isalnum()


def _written_out(found: re.Match[str], speech: Speech) -> tuple[str, ...]:
    if found["number"]:
        return (found["number"],)
    word = fold(_APOSTROPHE.sub("'", found["word"]))
    if word in speech.short:
        return speech.short[word]
    parts: list[str] = []
    for part in word.split("'") if not speech.clitics else (word,):
        bare, tail = part, ""
        for clitic, full in speech.clitics.items():
            if part.endswith(clitic) and len(part) > len(clitic):
                bare, tail = part[: -len(clitic)], full
                break
        bare = bare.replace("'", "")
        parts.extend(speech.short.get(bare, (bare,)) if bare else ())
        parts.extend((tail,) if tail else ())
    return tuple(parts)


def _plain(
    word: str,
    speech: Speech,
    start: int,
    end: int,
    border: int,
    known: Callable[[str], str | None],
    mark: str = "",
) -> Token:
    if _NUMBER.fullmatch(word):
        return Token(word, word, start, end, float(word.replace(",", ".")), border, mark)
    cut = stem(word, speech.endings)
    mended = known(cut)
    if mended is None and _STRETCHED.search(word):
        for letters in (r"\1\1", r"\1"):
            short = _STRETCHED.sub(letters, word)
            mended = known(stem(short, speech.endings))
            if mended is not None:
                word = short
                break
    return Token(
        word,
        mended if mended is not None else cut,
        start,
        end,
        speech.numbers.get(word),
        border,
        mark,
    )

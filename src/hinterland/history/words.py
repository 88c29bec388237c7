"""Words as search sees them: without case, accents and vowel points, and found in every script.

Chinese, Japanese, Korean, Thai, Lao, Burmese, Khmer and emoji put no reliable space between words,
so runs of them become overlapping pairs of characters; the last stands alone as well, so that every
single character begins a token. A term then matches where a token (or a row of tokens) begins with
it, and that is one rule for SQLite and for a plain scan.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST_TOKEN = 64
"""Characters; what follows in a longer word (base64, a hash) is not searched."""

_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2600-\u27bf\u2e80-\u2fdf\u3005-\u3007"
    "\u3040-\u30ff\u3100-\u318f\u31a0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff"
    "\uf900-\ufaff\U0001f000-\U0001faff\U00020000-\U0003ffff"
)
_PIECE = re.compile(f"([{_UNSPACED}]+)|([^ {_UNSPACED}]+)")
_CHUNK = re.compile(r"\S+")
_SYMBOLS = re.compile("[\u2600-\u27bf\U0001f000-\U0001faff]")

# Marks that writers leave out or add at will: Latin, Greek and Cyrillic accents, Hebrew points,
# Arabic vowels, hamza and tatweel, variation selectors, skin tones. Other scripts' marks are letters.
_DROPPED = frozenset(
    (
        *range(0x0300, 0x0370),
        *range(0x0591, 0x05C8),
        *range(0x0610, 0x061B),
        0x0640,
        *range(0x064B, 0x0660),
        0x0670,
        *range(0x06D6, 0x06EE),
        *range(0xFE00, 0xFE10),
        *range(0x1F3FB, 0x1F400),
    )
)


class _Folding(dict[int, str]):
    """A table for str.translate that learns each character when it first comes by."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        category = unicodedata.category(character)
        if code in _DROPPED or category == "Cf":
            folded = ""
        elif category[0] in "LMN" or _SYMBOLS.match(character):
            folded = character
        else:
            folded = " "
        self[code] = folded
        return folded


_folding = _Folding()


@dataclass(frozen=True, slots=True)
class Snippet:
    """A match and what stands around it, each on one line."""

    before: str
    match: str
    after: str


def folded(text: str, marks: str = "") -> str:
    """Return `text` without case, accents and vowel points, with a space for whatever is neither a
    letter nor a digit nor a symbol, nor one of `marks`."""
    if not marks:
        return _folded(text)
    parts = re.split(f"([{re.escape(marks)}])", text)
    return "".join(part if part in marks else _folded(part) for part in parts)


def terms(query: str) -> list[str]:
    """Return what has to be found for `query`, each a row of tokens of which the last may be the
    beginning of one; empty when the query holds no word."""
    found: dict[str, None] = {}
    for unspaced, word in _pieces(_folded(query)):
        if unspaced:
            pairs = (unspaced[at : at + 2] for at in range(max(1, len(unspaced) - 1)))
            found[" ".join(pairs)] = None
        else:
            found[word[:LONGEST_TOKEN]] = None
    return list(found)


def searchable(text: str) -> str:
    """Return the tokens that `text` is found by, in order, a space before each."""
    found = []
    folded = _folded(text)
    if folded.isascii():
        found = [word[:LONGEST_TOKEN] for word in folded.split()]
    else:
        for unspaced, word in _pieces(folded):
            if unspaced:
                found += (unspaced[at : at + 2] for at in range(len(unspaced)))
            else:
                found.append(word[:LONGEST_TOKEN])
    return f" {' '.join(found)}"


def matches(searched: str, wanted: list[str]) -> bool:
    """Return whether every term is in a text that went through `searchable`."""
    return all(f" {term}" in searched for term in wanted)


def places(text: str, wanted: list[str]) -> Iterator[tuple[int, int]]:
    """Yield where in `text` the terms stand, from and up to which character, in their order; of a
    run without a space the first place of each term."""
    for chunk in _CHUNK.finditer(text):
        searched = searchable(chunk[0])
        found = (_narrowed(chunk[0], f" {term}") for term in wanted if f" {term}" in searched)
        for start, end in sorted(found):
            yield chunk.start() + start, chunk.start() + end


def snippet(text: str, wanted: list[str], around: int = 60) -> Snippet | None:
    """Return the first place in `text` where one of the terms stands, with up to `around`
    characters on either side; None when there is no such place."""
    place = next(places(text, wanted), None)
    return _cut(text, *place, around) if place else None


def _folded(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text).casefold()
    folded = unicodedata.normalize("NFKD", folded).translate(_folding)
    # Hangul and voiced kana, taken apart by NFKD, are put together again.
    return unicodedata.normalize("NFC", folded)


def _pieces(folded: str) -> Iterator[tuple[str, str]]:
    for piece in _PIECE.finditer(folded):
        yield piece[1], piece[2]


def _narrowed(chunk: str, needle: str) -> tuple[int, int]:
    low, high = 1, len(chunk)
    while low < high:
        middle = (low + high) // 2
        if needle in searchable(chunk[:middle]):
            high = middle
        else:
            low = middle + 1
    end = low
    low, high = 0, end - 1
    while low < high:
        middle = (low + high + 1) // 2
        if needle in searchable(chunk[middle:end]):
            low = middle
        else:
            high = middle - 1
    return low, end


def _cut(text: str, start: int, end: int, around: int) -> Snippet:
    first, last = max(0, start - around), min(len(text), end + around)
    before, after = text[first:start], text[end:last]
    return Snippet(
        ("…" if first else "") + _line(before),
        _line(text[start:end]),
        _line(after) + ("…" if last < len(text) else ""),
    )


def _line(text: str) -> str:
    return re.sub(r"\s+", " ", text)

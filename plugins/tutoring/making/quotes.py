"""Where words stand in a text, although whoever copied them joined its lines and mended its hyphens."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from typing import NamedTuple

LEAST = 12
"""Letters and digits of a quote: fewer could stand anywhere."""
_LIKE = str.maketrans("‘’‚‛“”„‟«»‹›′″–—‐‑−", "''''\"\"\"\"\"\"'''\"-----")
_MARKUP = "*`"
"""Signs of Markdown that make no difference between words."""
_HYPHENS = "-‐\u00ad"
_ENDS = " *`\t\n\"'“”„«»‹›…"


class Found(NamedTuple):
    """A stretch of the text."""

    start: int
    end: int
    words: str
    """Its words on one line, hyphens at the ends of lines mended."""


class Quotable:
    """A text that quotes are looked up in."""

    def __init__(self, text: str) -> None:
        self.text = text
        letters: list[str] = []
        self._places: list[int] = []
        for at, letter in _without_breaks(text):
            for part in unicodedata.normalize("NFKC", letter).translate(_LIKE).casefold():
                if not part.isspace() and part not in _MARKUP:
                    letters.append(part)
                    self._places.append(at)
        self._folded = "".join(letters)
        self._lines = [0, *(found.end() for found in re.finditer("\n", text))]

    def find(self, quote: str, least: int = LEAST) -> Found | None:
        """Return where a quote stands; None where it stands nowhere, or has fewer letters than `least`.

        White space, capitals, typographic signs and words cut at the end of a line make no
        difference; letters and digits do. What begins or ends within a word is no quote.
        """
        wanted = folded(quote.strip(_ENDS))
        if sum(map(str.isalnum, wanted)) < least:
            return None
        at = self._folded.find(wanted)
        while at >= 0:
            start, end = self._places[at], self._places[at + len(wanted) - 1] + 1
            if not self._within_word(start, end):
                return Found(start, end, joined(self.text[start:end]))
            at = self._folded.find(wanted, at + 1)
        return None

    def line(self, at: int) -> int:
        """Return the number of the line, from 1, that a place is in."""
        return bisect_right(self._lines, at)

    def _within_word(self, start: int, end: int) -> bool:
        text = self.text
        return (start > 0 and text[start].isalnum() and _goes_on(text[start - 1])) or (
            end < len(text) and text[end - 1].isalnum() and _goes_on(text[end])
        )


def folded(text: str) -> str:
    """Return a text without white space, in small letters and plain signs, for comparing."""
    plain = "".join(letter for _at, letter in _without_breaks(text))
    spelt = unicodedata.normalize("NFKC", plain).translate(_LIKE).casefold()
    return "".join(each for each in spelt if not each.isspace() and each not in _MARKUP)


def joined(text: str) -> str:
    """Return a text as one line, with words that were cut at the end of a line made whole."""
    return " ".join("".join(letter for _at, letter in _without_breaks(text)).split())


def _without_breaks(text: str) -> list[tuple[int, str]]:
    """Return the letters of a text and their places, without soft hyphens and without a hyphen that
    parts a word at the end of a line."""
    result: list[tuple[int, str]] = []
    at = 0
    while at < len(text):
        letter = text[at]
        if letter == "\u00ad":
            at += 1
            continue
        cut = _CUT.match(text, at) if letter in _HYPHENS else None
        if cut and result and result[-1][1].isalpha():
            at = cut.end()
            continue
        result.append((at, letter))
        at += 1
    return result


_CUT = re.compile(r"[-‐][ \t]*\n[ \t]*(?=[^\W\d_])")


def _goes_on(letter: str) -> bool:
    # Scripts without spaces between words have no word to be within of.
    return letter.isalnum() and not _RUN_ON.match(letter)


_RUN_ON = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")

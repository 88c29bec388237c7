"""Words of a text as term bases compare them, in scripts with and without spaces between words."""

from __future__ import annotations

import re
import unicodedata

_UNSPACED = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u0f00-\u0fff"  # Tibetan
    "\u1000-\u109f\uaa60-\uaa7f"  # Myanmar
    "\u1780-\u17ff"  # Khmer
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"  # kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han
)
_MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a"
    "\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u0711\u0730-\u074a\u07eb-\u07f3"
    "\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0962\u0963\u0981-\u0983\u09bc-\u09d7\u09e2\u09e3"
    "\u0a01-\u0a03\u0a3c-\u0a51\u0a70\u0a71\u0a81-\u0a83\u0abc-\u0acd\u0b01-\u0b03\u0b3c-\u0b57"
    "\u0b82\u0bbe-\u0bcd\u0bd7\u0c00-\u0c04\u0c3e-\u0c56\u0c81-\u0c83\u0cbc-\u0cd6\u0d00-\u0d03"
    "\u0d3e-\u0d4d\u0d57\u0d81-\u0d83\u0dca-\u0ddf\u135d-\u135f\u200c\u200d"
)
"""What is written on letters and belongs to them, but is no letter for regular expressions."""

WORD = re.compile(rf"(?:[^\W{_UNSPACED}]|[{_MARKS}])+")
"""A word of a script that has spaces between words."""
UNSPACED = re.compile(rf"[{_UNSPACED}]")
"""A character of a script that has none."""
SYMBOL = re.compile(r"[^\w\s'’.,;:!?()\[\]/·–—-]")
"""What a word does not have, and tells C++ from C."""

_NO_WORDS = re.compile(
    r"%\([^)]{0,100}\)|\$?\{[^{}\n]{0,200}\}|\b[a-z][a-z+.-]{1,9}://\S+|\bwww\.\S+"
    r"|[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,5}|(?<![\w/])~?(?:/[\w.-]+){2,}",
    re.IGNORECASE,
)
_VOWELS = re.compile(
    "[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0640]"
)
_LETTERS = str.maketrans(
    {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ک": "ك", "’": "'", "\u00ad": None}
)
_TURKISH = str.maketrans({"I": "ı", "İ": "i"})
_ACCENTS = re.compile("[\u0300-\u036f]")


def words_only(text: str) -> str:
    """Return a text with spaces for its placeholders, addresses and paths: no term is meant there."""
    return _NO_WORDS.sub(lambda match: " " * len(match.group()), text)


def folded(text: str, language: str = "") -> str:
    """Return a text without what terms are compared without: case, vowel signs of Arabic and
    Hebrew, and different ways to write the same letter."""
    if language.startswith(("tr", "az")):
        text = text.translate(_TURKISH)
    text = unicodedata.normalize("NFKC", text).casefold()
    if not text.isascii():
        text = unicodedata.normalize("NFC", _VOWELS.sub("", text).translate(_LETTERS))
    return text


def without_accents(text: str) -> str:
    """Return a folded text without the marks on Latin, Greek and Cyrillic letters."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", text)))


def has_capitals(term: str) -> bool:
    """Whether it is an abbreviation, such as WHO or mRNA, that is another word in small letters."""
    rest = term[1:]
    return rest != rest.lower() and " " not in term.strip()

"""Which script a letter is of: the standard library knows names of letters, but no scripts."""

from __future__ import annotations

import bisect
import functools
import re
import unicodedata
from collections import Counter

_RANGES = (
    (0x0041, 0x005A, "Latn"), (0x0061, 0x007A, "Latn"), (0x00AA, 0x00AA, "Latn"),
    (0x00BA, 0x00BA, "Latn"), (0x00C0, 0x00D6, "Latn"), (0x00D8, 0x00F6, "Latn"),
    (0x00F8, 0x02B8, "Latn"), (0x02E0, 0x02E4, "Latn"), (0x0370, 0x03FF, "Grek"),
    (0x0400, 0x052F, "Cyrl"), (0x0531, 0x058F, "Armn"), (0x0591, 0x05F4, "Hebr"),
    (0x0620, 0x065F, "Arab"), (0x066E, 0x06D3, "Arab"), (0x06D5, 0x06DC, "Arab"),
    (0x06DF, 0x06EF, "Arab"), (0x06FA, 0x06FF, "Arab"), (0x0700, 0x074F, "Syrc"),
    (0x0750, 0x077F, "Arab"), (0x0780, 0x07BF, "Thaa"), (0x07C0, 0x07FF, "Nkoo"),
    (0x0870, 0x08FF, "Arab"), (0x0900, 0x097F, "Deva"), (0x0980, 0x09FF, "Beng"),
    (0x0A00, 0x0A7F, "Guru"), (0x0A80, 0x0AFF, "Gujr"), (0x0B00, 0x0B7F, "Orya"),
    (0x0B80, 0x0BFF, "Taml"), (0x0C00, 0x0C7F, "Telu"), (0x0C80, 0x0CFF, "Knda"),
    (0x0D00, 0x0D7F, "Mlym"), (0x0D80, 0x0DFF, "Sinh"), (0x0E00, 0x0E7F, "Thai"),
    (0x0E80, 0x0EFF, "Laoo"), (0x0F00, 0x0FFF, "Tibt"), (0x1000, 0x109F, "Mymr"),
    (0x10A0, 0x10FF, "Geor"), (0x1100, 0x11FF, "Hang"), (0x1200, 0x139F, "Ethi"),
    (0x1780, 0x17FF, "Khmr"), (0x1800, 0x18AF, "Mong"), (0x19E0, 0x19FF, "Khmr"),
    (0x1C80, 0x1C8F, "Cyrl"), (0x1C90, 0x1CBF, "Geor"), (0x1E00, 0x1EFF, "Latn"),
    (0x1F00, 0x1FFF, "Grek"), (0x2C60, 0x2C7F, "Latn"), (0x2D00, 0x2D2F, "Geor"),
    (0x2D80, 0x2DDF, "Ethi"), (0x2DE0, 0x2DFF, "Cyrl"), (0x2E80, 0x2FDF, "Hani"),
    (0x3005, 0x3007, "Hani"), (0x3021, 0x3029, "Hani"), (0x3041, 0x309F, "Hira"),
    (0x30A0, 0x30FF, "Kana"), (0x3130, 0x318F, "Hang"), (0x31F0, 0x31FF, "Kana"),
    (0x3400, 0x4DBF, "Hani"), (0x4E00, 0x9FFF, "Hani"), (0xA640, 0xA69F, "Cyrl"),
    (0xA720, 0xA7FF, "Latn"), (0xA8E0, 0xA8FF, "Deva"), (0xA960, 0xA97F, "Hang"),
    (0xA980, 0xA9DF, "Java"), (0xA9E0, 0xA9FE, "Mymr"), (0xAA60, 0xAA7F, "Mymr"),
    (0xAB00, 0xAB2F, "Ethi"), (0xAB30, 0xAB64, "Latn"), (0xAC00, 0xD7FF, "Hang"),
    (0xF900, 0xFAFF, "Hani"), (0xFB00, 0xFB06, "Latn"), (0xFB13, 0xFB17, "Armn"),
    (0xFB1D, 0xFB4F, "Hebr"), (0xFB50, 0xFDFF, "Arab"), (0xFE70, 0xFEFC, "Arab"),
    (0xFF21, 0xFF3A, "Latn"), (0xFF41, 0xFF5A, "Latn"), (0xFF66, 0xFF9F, "Kana"),
    (0xFFA0, 0xFFDC, "Hang"), (0x1E7E0, 0x1E7FF, "Ethi"), (0x1E900, 0x1E95F, "Adlm"),
    (0x1B000, 0x1B16F, "Kana"), (0x20000, 0x323AF, "Hani"),
)  # fmt: skip
"""Blocks of letters, first and last, and their script: Unicode's Blocks.txt and Scripts.txt."""
_SORTED = sorted(_RANGES)
_STARTS = [first for first, _last, _script in _SORTED]
_MIXED = {
    "Jpan": frozenset({"Hani", "Hira", "Kana"}),
    "Kore": frozenset({"Hang", "Hani"}),
    "Hans": frozenset({"Hani"}),
    "Hant": frozenset({"Hani"}),
}
"""What ISO 15924 has names for as writing systems, and Unicode as scripts."""
_NO_SPACES = frozenset({"Hani", "Hira", "Kana"})
"""Scripts that have no space between sentences either; Thai, Lao, Khmer and Burmese have one."""
_ASCII_LETTERS = re.compile(r"[A-Za-z]")
_WIDE_SIGNS = frozenset("。、！？，．：；）（」「』『】【》《…—～・”“")


@functools.cache
def script_of(letter: str) -> str:
    """Return the script of a letter or a vowel sign by ISO 15924; "" for what belongs to none or to many."""
    code = ord(letter)
    at = bisect.bisect_right(_STARTS, code) - 1
    if at < 0 or code > _SORTED[at][1] or unicodedata.category(letter)[0] not in "LM":
        return ""
    return _SORTED[at][2]


@functools.cache
def scripts_of(writing: tuple[str, ...]) -> frozenset[str]:
    """Return Unicode's scripts of a language's writing systems: Hira, Kana and Hani of Jpan."""
    return frozenset().union(*(_MIXED.get(each, frozenset({each})) for each in writing))


def is_unspaced(sign: str) -> bool:
    """Whether no space is due beside this sign: Chinese and Japanese letters and full stops."""
    return sign in _WIDE_SIGNS or script_of(sign) in _NO_SPACES


def letters_by_script(text: str) -> Counter[str]:
    """Return how many letters of each script a text has."""
    if text.isascii():
        return Counter(Latn=len(_ASCII_LETTERS.findall(text)))
    counted = Counter(map(script_of, text))
    del counted[""]
    return counted

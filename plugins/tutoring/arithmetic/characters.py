"""The many characters people type for digits and signs, as the few that are read here."""

from __future__ import annotations

import functools
import re
import unicodedata

_SIGNS = {
    "-": "−–—‒‐‑﹣➖",
    "*": "×✕✖⨯·⋅∙•∗",
    "/": "÷∕⁄➗",
    ":": "∶",
    "%": "٪﹪",
    ",": "،、",
    ".": "。",
    ";": "؛",
    "'": "’‘ʼʹ‛",
    '"': "“”„‟″",
    " ": "\t\n\r\v\f",
    "<=": "≤⩽",
    ">=": "≥⩾",
    "!=": "≠",
}
_SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-", strict=True))
_OVERRIDES = re.compile("[\u202d\u202e]")
"""They make a terminal show text in another order than it is read in."""
_TABLE = {ord(one): sign for sign, all_of_it in _SIGNS.items() for one in all_of_it}
_PLAIN = re.compile(r"[ -~]*")


def is_reordered(text: str) -> bool:
    """Whether what is seen is not what is read: text with bidirectional overrides."""
    return bool(_OVERRIDES.search(text))


def plain(text: str) -> str:
    """Return `text` with ASCII digits, signs, fractions and spaces: `٣½ × ۲²` is `3 1/2 * 2^2`.

    The Arabic decimal sign U+066B and grouping sign U+066C stay, since they say which they are.
    """
    if _PLAIN.fullmatch(text):
        return text
    pieces: list[str] = []
    raised = False
    for letter in text:
        power = _SUPERSCRIPTS.get(letter)
        if power is not None:
            pieces.append(power if raised else "^" + power)
            raised = True
            continue
        raised = False
        piece = _one(letter)
        if ord(letter) not in _TABLE and len(piece) > 2 and pieces and pieces[-1][-1:].isdigit():
            piece = " " + piece  # 3½ is 3 1/2
        pieces.append(piece)
    return "".join(pieces)


@functools.lru_cache(maxsize=4096)
def _one(letter: str) -> str:
    code = ord(letter)
    if code < 0x7F and letter >= " ":
        return letter
    if code in _TABLE:
        return _TABLE[code]
    if letter.isdecimal():
        return str(unicodedata.decimal(letter))
    if 0xFF01 <= code <= 0xFF5E:  # fullwidth forms
        return chr(code - 0xFEE0)
    category = unicodedata.category(letter)
    if category == "Zs":
        return " "
    if category == "Cf" and not is_reordered(letter):
        return ""
    if category == "No" and "⁄" in (fraction := unicodedata.normalize("NFKC", letter)):
        return fraction.replace("⁄", "/")
    return letter

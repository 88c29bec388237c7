"""A text as a reader sees it, or might take it: without mark-up, in plain digits and letters.

There are several readings, because a sign such as `*` can be mark-up or stand for a product.
"""

from __future__ import annotations

import functools
import html
import re
import unicodedata

_TAG = re.compile(r"<!--|-->|</?[a-zA-Z][^<>]{0,200}>")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\(([^()\s]*)[^()]*\)")
_ESCAPED = re.compile(
    r"\\u\{?([0-9a-fA-F]{4})\}?|\\x([0-9a-fA-F]{2})|%([2-7][0-9a-fA-F])(?![0-9a-zA-Z])"
)
_FRACTION = re.compile(r"\\[dtc]?frac\s*(\{[^{}]*\}|\d)\s*(\{[^{}]*\}|\d)")
_OVER = re.compile(r"\{([^{}]*)\\over\b([^{}]*)\}")
_STACKED = re.compile(r"(?m)^[ \t]*(\d+)[ \t]*\n[ \t]*[-—–─_]+[ \t]*\n[ \t]*(\d+)[ \t]*$")
_LATEX_SIGNS = (
    (r"\\(?:times|cdot|ast)(?![a-zA-Z])", "×"),
    (r"\\div(?![a-zA-Z])", "÷"),
    (r"\\pm(?![a-zA-Z])", "±"),
    (r"\\(?:text|mathrm|mathbf|mathit|textbf|boxed|operatorname|mbox|left|right)(?![a-zA-Z])", ""),
    (r"\\[,;:! ]|\\q?quad(?![a-zA-Z])", " "),
    (r"\\[()\[\]]", " "),
    (r"\\([%$&#_{}])", r"\1"),
    (r"\^\{?\\circ\}?", "°"),
)
_SUFFIX = re.compile(r"(\d/\d+)(?:ths?|rds?|nds?|è?mes?|es?)\b")
_LETTERS_APART = re.compile(
    r"(?<![^\W_])[^\W\d_](?:[ \u00a0.\-‐‑_·•*|~\n]{1,3}[^\W\d_]){2,}(?![^\W_])"
)
_DIGITS_APART = re.compile(r"(?<![\w.,/])\d(?:[ _*]{1,2}\d)+(?![\w/]|[.,]\d)")
_MARKUP = re.compile(r"(?<![\s*_`~|#$>])[*_`~|#$]+|[*_`~|#$>]+(?![\s*_`~|#$>])")
"""Signs that are mark-up where they stand at something; between blanks they are operators."""
_HYPHENS = "-‐‑\u00ad"
_SIGNS = {
    ord(each): to
    for each, to in {
        "⁄": "/", "∕": "/", "／": "/", "⅟": "1/", "−": "-", "‒": "-", "﹣": "-", "－": "-", "²": "^2",
        "³": "^3", "∙": "·", "⋅": "·", "∗": "*", "\u00a0": " ", "\u202f": " ", "\u2009": " ",
        "٪": "%", "٫": ".", "٬": "", "’": "'", "‘": "'", "“": '"', "”": '"',
    }.items()
}  # fmt: skip


@functools.lru_cache(maxsize=4096)
def readings(text: str) -> tuple[str, ...]:
    """Return the different ways in which a text can be read, the plainest first."""
    plain = _plain(text)
    found = [_MARKUP.sub("", plain), _MARKUP.sub(" ", plain), plain]
    return tuple(dict.fromkeys(re.sub(r"[ \t]+", " ", each) for each in found))


def joined(text: str) -> list[str]:
    """Return the words and numbers whose letters or digits stand one by one: `s e v e n`, `4 2`."""
    found = (*_LETTERS_APART.findall(text), *_DIGITS_APART.findall(text))
    return [re.sub(r"[\W_]", "", each) for each in found]


def squashed(text: str) -> str:
    """Return nothing but the letters and digits of a text, without accents and capitals."""
    bare = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in bare if each.isalnum())


def unhyphenated(text: str) -> str:
    """Return a text without hyphens within words."""
    return re.sub(rf"(?<=[^\W\d_])[{_HYPHENS}](?=[^\W\d_])", "", text)


def _plain(text: str) -> str:
    if "&" in text:
        text = html.unescape(html.unescape(text))
    if "\\" in text or "%" in text:
        text = _ESCAPED.sub(_unescaped, text)
    if "<" in text:
        text = _TAG.sub("", text)
    if "](" in text:
        text = _LINK.sub(r"\1 \2", text)
    if not text.isascii():
        text = _in_latin(text)
    if "\\" in text:
        text = _without_latex(text)
    if "\n" in text:
        text = _STACKED.sub(r"\1/\2", text)
    return _SUFFIX.sub(r"\1", text)


def _unescaped(found: re.Match[str]) -> str:
    return chr(int(next(filter(None, found.groups())), 16))


def _without_latex(text: str) -> str:
    for _ in range(4):  # one fraction can stand in another
        text = _FRACTION.sub(lambda found: _over(*found.groups()), text)
        text = _OVER.sub(lambda found: _over(*found.groups()), text)
    for pattern, sign in _LATEX_SIGNS:
        text = re.sub(pattern, sign, text)
    return text.replace("{", "").replace("}", "")


def _over(above: str, below: str) -> str:
    parts = [each.strip("{} ") for each in (above, below)]
    return " " + "/".join(each if each.isalnum() else f"({each})" for each in parts) + " "


def _in_latin(text: str) -> str:
    """Return a text with ASCII digits and plain signs, and nothing that cannot be seen."""
    kept: list[str] = []
    before = ""
    for each in text.translate(_SIGNS):
        if each.isascii():
            kept.append(each)
            before = each
            continue
        category = unicodedata.category(each)
        if category == "Cf":
            continue
        if category in {"Mn", "Me"} and not before.isalpha():
            continue  # a digit does not become another by what is put over it
        kept.append(_compatible(each, before))
        before = each
    return unicodedata.normalize("NFC", "".join(kept))


def _compatible(sign: str, before: str) -> str:
    digit = unicodedata.digit(sign, None)
    if digit is not None:
        return str(digit)
    number = unicodedata.numeric(sign, None)
    if number is not None and number == int(number):
        return f" {int(number)} " if sign.isalpha() else str(int(number))
    plain = unicodedata.normalize("NFKC", sign)
    if number is not None and "⁄" in plain:
        return (" " if before.isdigit() else "") + plain.replace("⁄", "/")
    return plain.translate(_SIGNS)

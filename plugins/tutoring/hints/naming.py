"""Whether a text names an option without saying it: “option B”, “(b)”, “the second one”."""

from __future__ import annotations

import functools
import re
from importlib import resources

import msgspec

from hinterland.plugins.tutoring.hints.spelled import folded, spelling

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


class _Names(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"is_": "is"}):
    option: str
    number: str
    is_: str
    ordinals: str
    last: str
    one: str
    giving: str


@functools.cache
def _names() -> dict[str, _Names]:
    data = resources.files(__package__).joinpath("naming.toml").read_bytes()
    return msgspec.toml.decode(data, type=dict[str, _Names])


def names(text: str, place: int, many: int, language: str, *, strict: bool) -> bool:
    """Whether the text names the option at `place`, counted from 0, of so `many`."""
    if not 0 <= place < len(_LETTERS):
        return False
    return any(pattern.search(text) for pattern in _patterns(place, many, language, strict=strict))


def answering(text: str, language: str) -> set[str]:
    """Return the words of a text that somebody uses who gives an answer."""
    named = _names().get(language.partition("-")[0])
    giving = set(folded(named.giving).split()) if named else set()
    return giving & set(re.findall(r"\w+", folded(text)))


@functools.lru_cache(maxsize=512)
def _patterns(place: int, many: int, language: str, *, strict: bool) -> tuple[re.Pattern[str], ...]:
    letter, number = _LETTERS[place], str(place + 1)
    patterns = [rf"[(\[]\s*(?i:{letter})\s*[)\]]", rf"(?<![\w(]){letter}\)"]
    if strict:
        # A capital by itself; `A` is one only where no word comes after it.
        after = r"(?!\s+[^\W\d_]{2})" if letter == "a" else ""
        patterns.append(rf"(?<![\w'’.+\-*/=×])(?:{letter.upper()})(?![\w'’(])" + after)
    code = language.partition("-")[0]
    codes = sorted({code, "en", "fr"} & _names().keys()) if strict else [code]
    for each in codes:
        if each in _names():
            weak = spelling(each)
            numbers = "|".join([number, *(weak.weak if weak and not place else ())])
            patterns += _spoken(_names()[each], letter, numbers, place, place == many - 1)
    return tuple(map(re.compile, patterns))


def _spoken(named: _Names, letter: str, number: str, place: int, is_last: bool) -> list[str]:
    between = rf"\W{{1,4}}(?:(?i:{_either(named.is_)})\W{{1,4}})?"
    said = letter.upper() if letter in "ay" else f"(?i:{letter})"
    patterns = [
        rf"\b(?i:{_either(named.option)}){between}{said}(?![\w'’])",
        rf"\b(?i:{_either(named.number)}){between}(?i:{number})(?![\w/%]|[.,]\d)",
    ]
    listed = named.ordinals.split()
    ordinals = [listed[place]] if place < len(listed) else []
    if is_last:
        ordinals.append(named.last)
    one = _either(named.one)
    for each in ordinals:
        both = "|".join({each, folded(each)})
        patterns.append(rf"\b(?i:{both})\s+(?i:{one})\b|\b(?i:{one})\s+(?i:{both})\b")
    return patterns


def _either(words: str) -> str:
    each = [*words.split(), *folded(words).split()]
    return "(?:" + "|".join(dict.fromkeys(each)) + ")"

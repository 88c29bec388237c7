"""Numbers of a translation are those of its source, however each language writes them.

`1,000` may become `1.000` or `1 000`, `2` may become `deux` or `٢`, and `3 million` `300万`; that a
number is lost, added or changed must never pass.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections import Counter
from decimal import Decimal
from importlib import resources

import msgspec

from hinterland.plugins.languages import Language

_NUMBER = re.compile(r"\d+(?:[.,'’٫٬\u00a0\u202f]\d+)*|[¼-¾⅐-⅞]")
_DIGIT = re.compile(r"\d|[¼-¾⅐-⅞]")
_GAP = re.compile(r"(?<![\d.,'’])(\d{1,3})((?:[ \u2009]\d{3})+)(?![\d.,'’]?\d)")
_GROUPED = re.compile(r"\d{1,3}(?:[.,'’٬]\d{2,3})*[.,'’٬]\d{3}")
_SPACED_OUT = str.maketrans("", "", " \u2009\u00a0\u202f")
_SIGNS = "\u0300-\u036f\u064b-\u065f\u0670\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0962\u0963\u200d"
_MONTHS = range(1, 13)
_SCALED_BEHIND = frozenset({"zh", "yue", "ja", "ko"})
"""Languages that write 万 directly after the digits."""
_NEAR = 24
"""Characters after a number in which the word that multiplies it stands."""
_LARGE = 1000
_SHORTENED = re.compile(
    r"[ \u00a0\u202f-]?(?:(?:[mkb]|mi|bn|tr|tsd|mrd|mld|mln|mio|тыс|млн|млрд)\b|mi[lo]|tau|thou)",
    re.IGNORECASE,
)
"""What such a word looks like where the list does not have it as it stands."""
_MINUS = re.compile(r"(?<![A-Za-z\d_\u00c0-\u058f.,)\]%°’'\"-])[-−](?=\d)")
_MINUS_BEHIND = re.compile(r"\d[-−](?!\d)")  # of scripts from right to left


class _Spelling(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    words: tuple[str, ...]
    scales: dict[str, int]
    months: tuple[str, ...]
    minus: tuple[str, ...]


@functools.cache
def _spellings() -> dict[str, _Spelling]:
    data = resources.files(__package__).joinpath("numbers.toml").read_bytes()
    return msgspec.toml.decode(data, type=dict[str, _Spelling])


def wrong_number(source: str, translated: str, languages: tuple[Language, Language]) -> str:
    """Return the first number that is lost, added or changed, as it is written; "" where none is."""
    if not _DIGIT.search(source) and not _DIGIT.search(translated):
        return ""
    source, translated = _plain(source), _plain(translated)
    if wrong := _with_other_sign(source, translated, languages):
        return wrong
    copied = Counter(_NUMBER.findall(source)) == Counter(_NUMBER.findall(translated))
    if copied and languages[1].base not in _SCALED_BEHIND:
        found = _found(source, languages[0]), _found(translated, languages[1])
        if all(number.scale < _LARGE for numbers in found for number in numbers):
            return ""
    wrong = ""
    for grouped in (False, True):  # 3 100: one number or two
        wrong = _compared(source, translated, languages, grouped=grouped)
        if not wrong:
            return ""
    return wrong


def whole_words(pattern: str) -> str:
    """Return a pattern of words that are no parts of others; vowel signs are letters here."""
    return rf"(?<![\w{_SIGNS}])(?:{pattern})(?![\w{_SIGNS}])"


def value_of(spelled: str, language: Language) -> Decimal:
    """Return what a number in a text of this language is worth."""
    return _value(_plain(spelled), language.decimal)


def _plain(text: str) -> str:
    """Return a text with the digits of every script as those of ASCII."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(sign)) if sign.isdecimal() else sign for sign in text)


def _compared(
    source: str, translated: str, languages: tuple[Language, Language], *, grouped: bool
) -> str:
    ours, theirs = languages
    if grouped:
        source, translated = _GAP.sub(_together, source), _GAP.sub(_together, translated)
    wanted = _found(source, ours)
    given = _found(translated, theirs)
    left, new = list(wanted), list(given)
    for number in wanted:
        match = next((each for each in new if _is_same(number, each, languages)), None)
        if match is not None:
            left.remove(number)
            new.remove(match)
    words = _Words((source, ours), (translated, theirs))
    for number in left:
        if not words.take(number.value, 1):
            return number.spelled
    for number in new:
        if not words.take(number.value, -1):
            return number.spelled
    return ""


def _together(found: re.Match[str]) -> str:
    return found.group().translate(_SPACED_OUT)


class _Number(msgspec.Struct, frozen=True):
    spelled: str
    value: Decimal
    """With the word after it that multiplies."""
    scale: int
    around: str
    """The text before and after it."""
    after: str


def _is_same(number: _Number, other: _Number, languages: tuple[Language, Language]) -> bool:
    """Whether a number is another; copied as it stood it is, but for what multiplies it:
    3 million is neither 3万 nor 3 milliards."""
    if number.value == other.value:
        return True
    if number.spelled != other.spelled:
        return False
    if number.scale == other.scale or max(number.scale, other.scale) < _LARGE:
        return True
    if languages[1].base in _SCALED_BEHIND:
        return False
    ours, theirs = languages
    return _may_be_scaled(number, other.scale, ours) or _may_be_scaled(other, number.scale, theirs)


def _may_be_scaled(number: _Number, scale: int, language: Language) -> bool:
    """Whether a number that nothing seems to multiply is multiplied by a scale all the same."""
    spelling = _spellings().get(language.base)
    if number.scale != 1:
        return False
    if spelling is None or _SHORTENED.match(number.after):
        return True
    around = number.around.casefold()
    return any(name in around for name, many in spelling.scales.items() if many == scale)


def _with_other_sign(source: str, translated: str, languages: tuple[Language, Language]) -> str:
    """Return the first number that lost or got a minus, as it is written; "" where none did."""
    ours, theirs = (
        _negative(text, language)
        for text, language in zip((source, translated), languages, strict=True)
    )
    if len(ours) > len(theirs) and not _says_minus(translated, languages[1]):
        return ours[0]
    if len(theirs) > len(ours) and not _says_minus(source, languages[0]):
        return theirs[0]
    return ""


def _negative(text: str, language: Language) -> list[str]:
    found = [number for at in _MINUS.finditer(text) if (number := _NUMBER.match(text, at.end()))]
    behind = _MINUS_BEHIND.findall(text) if language.rtl else []
    return [f"-{number.group()}" for number in found] + behind


def _says_minus(text: str, language: Language) -> bool:
    """Whether a text has a word for a minus; of a language without a list it may."""
    spelling = _spellings().get(language.base)
    folded = text.casefold()
    return spelling is None or any(word in folded for word in spelling.minus)


def _found(text: str, language: Language) -> list[_Number]:
    """Return the numbers of a text, in its order."""
    spelling = _spellings().get(language.base)
    numbers = []
    for found in _NUMBER.finditer(text):
        spelled = found.group()
        after = text[found.end() : found.end() + _NEAR]
        scale = _scale(after, spelling)
        value = _value(spelled, language.decimal) * scale
        around = f"{text[max(0, found.start() - _NEAR) : found.start()]} {after}"
        numbers.append(_Number(spelled, value, scale, around, after))
    return numbers


def _value(spelled: str, decimal: str) -> Decimal:
    """Return what a number is worth; its language says which sign stands before decimals."""
    if not spelled[0].isdecimal():
        return Decimal(str(unicodedata.numeric(spelled)))
    bare = spelled.translate(_SPACED_OUT)
    signs = [sign for sign in bare if not sign.isdecimal()]
    if not signs:
        return Decimal(bare)
    last = signs[-1]
    has_decimals = (
        not _GROUPED.fullmatch(bare)
        or last == "٫"
        or (len(signs) > 1 and signs[0] != last)
        or (len(signs) == 1 and last == decimal)
    )
    if len(signs) > 1 and signs.count(last) > 1:
        has_decimals = False
    whole, _sign, part = bare.rpartition(last) if has_decimals else (bare, "", "")
    digits = "".join(sign for sign in whole if sign.isdecimal())
    return Decimal(f"{digits}.{part}" if part else digits)


def _scale(after: str, spelling: _Spelling | None) -> int:
    if spelling is None:
        return 1
    word = after.lstrip(" \u00a0\u202f-").casefold()
    for name in sorted(spelling.scales, key=len, reverse=True):
        if word.startswith(name):
            rest = word[len(name) :]
            if not name.isascii() or not rest[:1].isalpha():
                return spelling.scales[name]
    return 1


class _Words:
    """How many more numbers a translation has as words than its source has."""

    def __init__(self, source: tuple[str, Language], translated: tuple[str, Language]) -> None:
        self._source, self._translated = source, translated
        self._surplus: dict[Decimal, int] = {}

    def take(self, value: Decimal, one: int) -> bool:
        """Whether a number became a word (`one` is 1), or a word that number (-1); each only once."""
        if value not in self._surplus:
            ours, theirs = self._source[1], self._translated[1]
            self._surplus[value] = _said(value, *self._translated, ours) - _said(
                value, *self._source, theirs
            )
        if self._surplus[value] * one <= 0:
            return False
        self._surplus[value] -= one
        return True


def _said(value: Decimal, text: str, language: Language, other: Language) -> int:
    """Return how often a number stands in a text as a word, or as the name of a month where the
    other language has numbers for months."""
    spelling = _spellings().get(language.base)
    if spelling is None:
        return 0
    forms = _forms(value, spelling, language)
    counted = _spellings().get(other.base)
    if counted is not None and "{}" in counted.months[0] and value in _MONTHS:
        forms += spelling.months[int(value) - 1].split("|")
    return sum(_count(form, text.casefold(), language) for form in forms)


def _forms(value: Decimal, spelling: _Spelling, language: Language) -> list[str]:
    """Return the words for a number: those of 3000 are "three thousand", of 1000 "thousand" too."""
    if value == int(value) and 0 <= value <= 12:
        return spelling.words[int(value)].split("|")
    forms = []
    joint = " " if language.spaced else ""
    for name, scale in spelling.scales.items():
        many = value / scale
        if many == 1:
            forms.append(name)
        elif many == int(many) and 1 < many <= 12:
            words = spelling.words[int(many)].split("|")
            forms += [f"{word}{joint}{name}" for word in words]
    return forms


def _count(form: str, text: str, language: Language) -> int:
    if not language.spaced:
        return text.count(form)
    return len(re.findall(whole_words(re.escape(form)), text))

"""Whether a text gives an answer away before its time, in whatever form the answer is accepted."""

from __future__ import annotations

import html
import re
import unicodedata
from fractions import Fraction

from hinterland.plugins.tutoring.lessons import AnswerKind, Posed

_NUMBER = re.compile(r"\d+(?:[.,]\d+)?(?:\s*/\s*\d+)?")


class Guard:
    """Knows one exercise's answers and finds them in a text."""

    def __init__(self, posed: Posed, *, strict: bool = False) -> None:
        """`strict` is for a model's words: it also takes for the answer what might be meant so."""
        self._posed = posed
        self._strict = strict
        self._texts = [_folded(each) for each in posed.answers]
        values = [_value(each) for each in posed.answers]
        self._values = {each for each in values if each is not None}

    def leaks(self, text: str) -> bool:
        """Whether the text holds the answer."""
        plain = _folded(text)
        if self._posed.kind in (AnswerKind.WORDS, AnswerKind.CHOICE):
            return any(f" {each} " in f" {plain} " for each in self._texts)
        found = {_value(each.group()) for each in _NUMBER.finditer(_plain(text))}
        return bool(found & self._values) or any(
            f" {each} " in f" {plain} " for each in self._texts
        )


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", html.unescape(text)).replace("\N{FRACTION SLASH}", "/")


def _folded(text: str) -> str:
    return " ".join(re.findall(r"\w+|[^\w\s]", _plain(text).casefold()))


def _value(text: str) -> Fraction | None:
    found = _NUMBER.search(_plain(text))
    if found is None:
        return None
    try:
        return Fraction(found.group().replace(",", ".").replace(" ", ""))
    except (ValueError, ZeroDivisionError):
        return None

"""What a term is written with: its numbers with their units, its letters and its signs, in order."""

from __future__ import annotations

import re
from fractions import Fraction

import msgspec

from hinterland.plugins.tutoring.arithmetic import (
    Convention,
    Unreadable,
    convention,
    digits_at,
)
from hinterland.plugins.tutoring.checking.phrases import any_of, phrases
from hinterland.plugins.tutoring.quantities import Unit, unit_at

MOST_TOKENS = 400

NUMBER, NAME, SIGN, END = "number", "name", "sign", "end"
_MIXED = re.compile(r" (\d{1,9})/(\d{1,9})(?![\d./(]|\s*[^\W\d])")
_OVER = re.compile(r"/(\d{1,9})(?=\s?[^\W\d]|\s?°)")
_LETTERS = re.compile(r"[^\W\d_]+")
_SIGNS = re.compile(r"\*\*|[-+*/:^()\[\]{}|√%]")
_ROOTS = frozenset({"sqrt", "racine", "root"})


class Token(msgspec.Struct, frozen=True):
    """A number, a name, a sign, or the end."""

    kind: str
    text: str
    start: int
    number: Fraction = Fraction(0)
    """What a number is worth."""
    unit: Unit | None = None
    """What a number is a number of."""
    glued: bool = False
    """Whether nothing stands between it and what is before it."""


def tokens(text: str, language: str, letters: tuple[str, ...], with_units: bool) -> list[Token]:
    """Return what a term is written with, and last its end.

    `with_units` reads what follows a number as its unit where it is one. Raises Unreadable, with a
    key of the tutor's words as its reason.
    """
    return _Reader(text, language, letters, with_units).tokens()


class _Reader:
    """Cuts a text into tokens."""

    def __init__(
        self, text: str, language: str, letters: tuple[str, ...], with_units: bool
    ) -> None:
        self._text = text.strip().rstrip(".").rstrip()
        self._how: Convention = convention(language)
        self._of = re.compile(rf"(?:{any_of(phrases(language).of)})\s*", re.IGNORECASE)
        self._letters = letters
        self._with_units = with_units
        self._found: list[Token] = []
        self._at = 0

    def tokens(self) -> list[Token]:
        text = self._text
        while self._at < len(text):
            start = self._at
            glued = start > 0 and text[start - 1] != " "
            if text[start] == " ":
                self._at += 1
            elif text[start].isdigit() or (text[start] in ".," and self._number_may_begin()):
                self._number(glued)
            elif text[start] in "°$€£₹₦₵¢" or text[start].isalpha():
                self._word(glued)
            elif sign := _SIGNS.match(text, start):
                self._at = sign.end()
                self._add(SIGN, sign.group().replace("**", "^"), start, glued=glued)
            else:
                raise Unreadable("not-mathematics", start + 1)
            if len(self._found) > MOST_TOKENS:
                raise Unreadable("too-large")
        self._add(END, "", len(text))
        return self._found

    def _add(self, kind: str, text: str, start: int, *, glued: bool = False) -> None:
        self._found.append(Token(kind, text, start, glued=glued))

    def _number_may_begin(self) -> bool:
        return self._text[self._at + 1 : self._at + 2].isdigit()

    def _number(self, glued: bool) -> None:
        start = self._at
        digits = digits_at(self._text, start, self._how)
        if digits is None:
            raise Unreadable("too-large", start + 1)
        value, self._at = digits.value, digits.end
        if digits.decimals is None and (mixed := _MIXED.match(self._text, self._at)):
            if int(mixed.group(2)) == 0:
                raise Unreadable("divides-by-zero", start + 1)
            value += Fraction(int(mixed.group(1)), int(mixed.group(2)))
            self._at = mixed.end()
        if self._found and self._found[-1].kind == NAME and glued:
            raise Unreadable("letter-then-number", start + 1)
        unit = None
        if self._with_units:
            value = self._fraction_of_unit(value)
            unit = self._unit()
        text = self._text[start : self._at]
        self._found.append(Token(NUMBER, text, start, value, unit, glued))

    def _fraction_of_unit(self, value: Fraction) -> Fraction:
        """Read 3/4 L as three quarters of a litre, not as three over four litres."""
        over = _OVER.match(self._text, self._at)
        if over is None or int(over.group(1)) == 0:
            return value
        before, self._at = self._at, over.end()
        if self._unit() is not None:
            self._at = over.end()
            return value / int(over.group(1))
        self._at = before
        return value

    def _unit(self) -> Unit | None:
        """Read the unit that stands next; None where there is none."""
        at = self._at + (self._text[self._at : self._at + 1] == " ")
        word = _LETTERS.match(self._text, at)
        if word and (word.group() in self._letters or self._of.match(self._text, at)):
            return None
        found = unit_at(self._text, at)
        if found is None or self._text[found[1] : found[1] + 1].isalpha():
            return None
        self._at = found[1]
        return found[0]

    def _word(self, glued: bool) -> None:
        start = self._at
        if (of := self._of.match(self._text, start)) and self._multiplies():
            self._at = of.end()
            self._add(SIGN, "*", start)
            return
        match = _LETTERS.match(self._text, start)
        if match is None:
            raise Unreadable("not-mathematics", start + 1)
        word = match.group()
        for name in self._names(word):
            self._add(NAME, name, start, glued=glued)
            glued = True
        self._at = match.end()

    def _multiplies(self) -> bool:
        """Whether a fraction or a percentage stands before `of`."""
        last = [each.text for each in self._found[-3:]]
        return last[-1:] == ["%"] or (len(last) == 3 and last[1] == "/")

    def _names(self, word: str) -> list[str]:
        if word in self._letters:
            return [word]
        if word.lower() in _ROOTS:
            return ["√"]
        if word.lower() == "pi" or word == "π":
            return ["π"]
        if word in ("x", "X") and not {"x", "X"} & set(self._letters):
            return ["*"]
        lower = {each.lower(): each for each in self._letters}
        if word.lower() in lower:
            return [lower[word.lower()]]
        names = [each if each in self._letters else lower.get(each.lower(), "") for each in word]
        if all(names):
            return names
        if len(word) <= 2 and word.isascii() and self._letters:
            raise Unreadable("other-letter", self._at + 1)
        raise Unreadable("not-mathematics", self._at + 1)

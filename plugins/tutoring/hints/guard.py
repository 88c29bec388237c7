"""Whether a text gives an answer away before its time, in whatever form the answer is accepted.

The text is read as a person might, mark-up and spelled numbers seen through, and every stretch of it
that could be an answer is put to the same comparison as a pupil's answer.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

from hinterland.plugins.tutoring import checking
from hinterland.plugins.tutoring.arithmetic import number_words
from hinterland.plugins.tutoring.hints import foreign, naming, seeing, spelled, stretches
from hinterland.plugins.tutoring.lessons import AnswerKind, Form, Posed

_VALUE = re.compile(r"(-?)\s?(?:(\d+)[ -])?(\d+(?:[.,]\d+)?)(?:\s?/\s?(\d+))?")
_ROMAN = re.compile(r"(?<![\w.])[IVXLCDM]+(?![\w.])", re.IGNORECASE)
_ROMAN_DIGITS = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_SQUASHED = 5
"""Letters from which on a word is looked for across blanks and in other words."""
_LONGEST = 20_000
"""Characters that are looked through: no hint is longer."""
_GLUED = re.compile(r"[a-zà-ÿ]{18}")
"""More letters than a word of a hint has: words glued together, that nothing else would part."""
_NEAR = 6
"""Letters from which on a word with one wrong letter is the word."""


class Guard:
    """Knows one exercise's answers and finds them in texts."""

    def __init__(self, posed: Posed, *, strict: bool = False) -> None:
        """Without `strict` only what is an accepted answer counts, which suits a lesson's own hints.
        `strict` is for a model's words: numbers in other languages, words spelled nearly as the answer
        or hidden in others, and the number of a quantity without its unit count, too."""
        self._posed = posed
        self._strict = strict
        self._accepted = functools.lru_cache(maxsize=4096)(self._is_accepted)
        self._place = _place(posed)
        # The hour of a time is nothing that gives it away.
        values = map(_value, () if posed.kind is AnswerKind.TIME else posed.answers)
        self._numbers = frozenset(each for each in values if each is not None)
        squashed = {seeing.squashed(said) for each in posed.answers for said in _said(each)}
        self._squashed = sorted(filter(None, squashed))

    def leaks(self, text: str) -> bool:
        """Whether the text holds the answer in a form that is accepted, or is too long to say."""
        if len(text) > _LONGEST:
            return True
        said = [*seeing.readings(text)]
        if self._strict:
            said += seeing.readings(text[::-1])
        return any(self._holds(each) or self._might(each) for each in said)

    def _holds(self, text: str) -> bool:
        posed, strict = self._posed, self._strict
        for reading in self._spellings(text):
            if posed.kind is AnswerKind.CHOICE and naming.names(
                reading, self._place, len(posed.options), posed.language, strict=strict
            ):
                return True
            if any(map(self._accepted, stretches.of(reading, posed, strict=strict))):
                return True
        return False

    def _spellings(self, text: str) -> Iterator[str]:
        """Yield a text, and the same with its numbers in digits and its words in one piece."""
        language = self._posed.language
        said = [text, seeing.unhyphenated(text), *seeing.joined(text)]
        # “one litre” can only be a quantity; “one” and “une” are mostly no numbers.
        eager = self._strict or self._posed.kind is AnswerKind.QUANTITY
        for code in ("en", "fr") if self._strict else (language,):
            said += [spelled.in_digits(each, code, eager=eager) for each in said]
        yield from dict.fromkeys(said)

    def _is_accepted(self, stretch: str) -> bool:
        if self._posed.kind is AnswerKind.CHOICE:
            # A letter or a number would be taken for an option's label: see `naming`.
            plain = _words(stretch)
            return any(plain == _words(each) for each in self._posed.answers)
        if self._posed.form is Form.EXACT:
            return _exactly(stretch) in map(_exactly, self._posed.answers)
        return checking.accepts(self._posed, stretch)

    def _might(self, text: str) -> bool:
        """Whether a reader might take something in a text for the answer that is not accepted."""
        if not self._strict:
            return False
        whole = seeing.squashed(text)
        if any(len(each) >= _SQUASHED and each in whole for each in self._squashed):
            return True
        if _GLUED.search(text.casefold()):
            return True
        if self._posed.kind in {AnswerKind.WORDS, AnswerKind.CHOICE, AnswerKind.SET}:
            return self._words_might(text)
        wanted, kind = self._numbers, self._posed.kind
        if kind is AnswerKind.EXPRESSION or not (wanted or kind is AnswerKind.TIME):
            return False
        if foreign.foreign_words(text, self._posed.language):
            return True
        found: set[Fraction | None] = {
            Fraction(_roman(each.upper())) for each in _ROMAN.findall(text)
        }
        for reading in self._spellings(text):
            found |= {_value(each) for each in re.findall(r"-?\d[\d.,/ ]*", reading)}
        return bool(found & wanted)

    def _words_might(self, text: str) -> bool:
        members = [seeing.squashed(each) for each in self._posed.answers[0].split(";")]
        words = [seeing.squashed(each) for each in re.findall(r"[\w'’-]+", text)]
        if len(members) > 1 and set(members) <= set(words):
            return True
        near = [each for each in self._squashed if len(each) >= _NEAR]
        pairs = [*words, *(one + other for one, other in pairwise(words))]
        return any(_is_near(word, each) for word in pairs for each in near)


def _said(answer: str) -> Iterator[str]:
    """Yield an answer, and how it sounds with its numbers, and with its digits, in words."""
    yield answer
    for code in ("en", "fr"):
        known = number_words.vocabulary(code)
        if known is not None and re.search(r"\d", answer):
            names = {str(value): name for name, value in reversed(known.small.items())}
            for digits in (r"\d+", r"\d"):
                parts = re.split(f"({digits})", answer)
                yield "".join(names.get(each, each) for each in parts)


def _place(posed: Posed) -> int:
    options = [_words(each) for each in posed.options]
    found = [options.index(each) for each in map(_words, posed.answers) if each in options]
    return found[0] if found else -1


def _exactly(text: str) -> str:
    """Return a text without white space: where spelling is asked for, the rest of it counts."""
    return "".join(text.casefold().split()).strip(".,;:!?\"'()")


def _words(text: str) -> str:
    found = re.findall(r"[\w%°/.,+−-]*\w[\w%°/]*", text.casefold())
    return " ".join(found) or text.strip()


def _value(text: str) -> Fraction | None:
    """Return the first number in a text."""
    found = _VALUE.search(seeing.readings(text)[-1])
    if found is None:
        return None
    sign, whole, number, over = found.groups()
    try:
        value = Fraction(number.replace(",", ".")) / (int(over) if over else 1)
    except (ValueError, ZeroDivisionError):
        return None
    if whole:
        value = value + int(whole) if over else Fraction(int(whole))
    return -value if sign else value


def _roman(text: str) -> int:
    values = [_ROMAN_DIGITS[each] for each in text]
    after = [*values[1:], 0]
    return sum(-one if one < other else one for one, other in zip(values, after, strict=True))


def _is_near(word: str, answer: str) -> bool:
    """Whether a word is an answer with one letter wrong, missing or too many, or with an ending."""
    if word.startswith(answer[:-1]):
        return True
    if abs(len(word) - len(answer)) > 1:
        return False
    at = 0
    while at < min(len(word), len(answer)) and word[at] == answer[at]:
        at += 1
    if word[at + 2 :] == answer[at + 2 :] and word[at : at + 2] == answer[at : at + 2][::-1]:
        return True
    return any(
        word[at + one :] == answer[at + other :] for one, other in ((1, 1), (0, 1), (1, 0), (0, 0))
    )

"""Which text of an exercise holds its answer.

The guard looks at every stretch of a text and takes its time. Most texts cannot hold the answer,
because no number in them comes near it, and that is found out first.
"""

from __future__ import annotations

import functools
import html
import re
import unicodedata
from collections.abc import Iterator
from fractions import Fraction

import msgspec

from hinterland.plugins.tutoring.hints import Guard, spelled
from hinterland.plugins.tutoring.lessons import AnswerKind, Posed
from hinterland.plugins.tutoring.proofing.keys import numbers_in

_DIGITS = re.compile(r"\d+")
_APART = re.compile(r"[\s,.'’٬٫_*/:÷⁄\u00a0\u202f\u2009{}()\\a-z-]{1,12}")
_WORD = re.compile(r"[^\W\d_]+")
_COMPUTED = re.compile(r"\d[\s)]*[-+*/×÷·^−][\s(]*\d")
"""What is computed where a letter's value is asked for: 28 - 7 is as good as 21."""
_BY_NUMBER = frozenset(
    {AnswerKind.NUMBER, AnswerKind.EQUATION, AnswerKind.SET, AnswerKind.QUANTITY}
)
_OF_UNITS = (2, 3, 5, 11)
"""What one unit is of another of its kind has no other prime factors, but for very few."""
_TEN = Fraction(10)


def gives_away(posed: Posed) -> bool:
    """Whether the question, a hint, or what is said about a mistake holds the answer.

    Numbers that make it so are not given to a pupil: `pose(…, avoid=gives_away)`.
    """
    return bool(leak_in(posed))


def leak_in(posed: Posed) -> str:
    """Return which text holds the answer, such as `hint 2`; "" where none does."""
    watch = _Watch(posed)
    for name, text in _seen(posed):
        if watch.might(text) and watch.leaks(text):
            return name
    if watch.might(posed.prompt) and watch.leaks(posed.prompt) and not _names_all(posed):
        return "question"
    return ""


def _seen(posed: Posed) -> Iterator[tuple[str, str]]:
    """Yield what a pupil may see before the answer, besides the question."""
    for number, text in enumerate(posed.hints, 1):
        yield f"hint {number}", text
    for number, mistake in enumerate(posed.mistakes, 1):
        yield f"text of mistake {number}", mistake.told


def _names_all(posed: Posed) -> bool:
    """Whether a question names other options as well: “Which is more, 2/3 or 3/5?”"""
    if posed.kind is not AnswerKind.CHOICE:
        return False
    others = [each for each in posed.options if each not in posed.answers]
    return any(
        Guard(msgspec.structs.replace(posed, answers=(each,))).leaks(posed.prompt)
        for each in others
    )


class _Watch:
    """The guard of one exercise, and a quick look that spares it most of its work."""

    def __init__(self, posed: Posed) -> None:
        self._posed = posed
        self._values: list[Fraction] = []
        if posed.kind in _BY_NUMBER:
            for answer in posed.answers:
                found = list(numbers_in(answer, posed.language))
                if len(found) < answer.count(";") + 1:
                    self._values = []
                    break
                self._values += map(abs, found)

    @functools.cached_property
    def _guard(self) -> Guard:
        return Guard(self._posed)

    def leaks(self, text: str) -> bool:
        """Whether the guard finds the answer in a text."""
        return self._guard.leaks(text)

    def might(self, text: str) -> bool:
        """Whether a text could hold the answer; never false for one in which the guard finds it."""
        if not self._values:
            return True
        plain = _plain(text)
        if self._posed.kind is AnswerKind.EQUATION and _COMPUTED.search(plain):
            return True
        if (
            "\\" in plain
            or "&" in plain
            or _has_number_words(_DIGITS.sub("#", plain), self._posed.language)
        ):
            return True
        return any(self._is_answer(each) for each in _values(plain))

    def _is_answer(self, value: Fraction) -> bool:
        if value in self._values:
            return True
        if self._posed.kind is not AnswerKind.QUANTITY:
            return False
        return any(answer and value and _is_of_units(value / answer) for answer in self._values)


def _plain(text: str) -> str:
    """Return a text in small letters, digits of any script as ASCII ones."""
    if text.isascii():
        return text.lower()
    spelt = unicodedata.normalize("NFKC", html.unescape(text)).casefold()
    return "".join(
        str(unicodedata.decimal(each)) if each.isdecimal() else each
        for each in spelt
        if unicodedata.category(each) not in {"Cf", "Mn", "Me"}
    )


def _values(plain: str) -> Iterator[Fraction]:
    """Yield every number that the digits of a text could be read as, and more."""
    runs: list[str] = []
    end = -1
    for found in _DIGITS.finditer(plain):
        if runs and not _APART.fullmatch(plain, end, found.start()):
            yield from _of_runs(runs)
            runs = []
        runs.append(found[0])
        end = found.end()
    yield from _of_runs(runs)


def _of_runs(runs: list[str]) -> Iterator[Fraction]:
    wholes = [Fraction(each) for each in runs]
    for at, whole in enumerate(wholes):
        yield whole
        yield whole / 100
        digits = runs[at]
        value = whole
        for after, more in enumerate(runs[at + 1 : at + 6], at + 1):
            # As decimals, as a fraction, as a mixed number, as a power of ten, and in groups.
            if after == at + 1:
                yield from _of_two(whole, wholes[after], runs[after])
                if after + 1 < len(wholes) and wholes[after + 1]:
                    yield whole + wholes[after] / wholes[after + 1]
            if after >= at + 1 and wholes[after]:
                yield (value + wholes[after] / _TEN ** len(runs[after])) / wholes[after]
            grouped = Fraction(digits) + wholes[after] / _TEN ** len(more)
            yield grouped
            yield grouped / 100
            digits += more
            yield Fraction(digits)
            yield Fraction(digits) / 100
            if after + 1 < len(wholes) and wholes[after + 1]:
                yield grouped / wholes[after + 1]
                yield Fraction(digits) / wholes[after + 1]


def _of_two(one: Fraction, other: Fraction, digits: str) -> Iterator[Fraction]:
    if other:
        yield one / other
        yield one / other / 100
    decimal = one + other / _TEN ** len(digits)
    yield decimal
    yield decimal / 100
    if other <= 40:
        yield one * _TEN ** int(other)
        yield one / _TEN ** int(other)
        if one <= 1000 and other <= 12:
            yield one ** int(other)


@functools.lru_cache(maxsize=4096)
def _has_number_words(skeleton: str, language: str) -> bool:
    """Whether words of a text say a number, or make another one of digits."""
    words = " ".join(_WORD.findall(skeleton))
    return any(
        spelled.in_digits(text, language, eager=False) != text
        for text in (skeleton.replace("#", "7"), words)
    )


def _is_of_units(ratio: Fraction) -> bool:
    for number in (ratio.numerator, ratio.denominator):
        left = abs(number)
        for prime in _OF_UNITS:
            while left % prime == 0:
                left //= prime
        if left != 1:
            return False
    return True

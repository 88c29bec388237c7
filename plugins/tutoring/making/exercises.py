"""An exercise made of a question and its answer: how it is compared, and hints that do not tell it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from fractions import Fraction

import msgspec

from hinterland.language import _
from hinterland.plugins.tutoring import arithmetic, proofing, quantities
from hinterland.plugins.tutoring.hints import Guard
from hinterland.plugins.tutoring.lessons import AnswerKind, Exercise, Lesson
from hinterland.plugins.tutoring.lessons.posing import pose
from hinterland.plugins.tutoring.making.quotes import Quotable
from hinterland.plugins.tutoring.making.taming import inline
from hinterland.plugins.tutoring.words import Words

GAP = "___"
_MOST_HINTS = 3
_BEGINNING = 6
"""Words that show where in a text to look."""
_SPREAD = 60
"""Percent of a number that what is said to be around it may be away."""
_ROUND = re.compile(r"\s*\([^()]*\)\s*")


def kind_of(answer: str, language: str, *, spelt_numbers: bool) -> AnswerKind:
    """Return how an answer is compared; numbers in words count as numbers where `spelt_numbers`."""
    if spelt_numbers or any(map(str.isdigit, answer)):
        if arithmetic.read_number(answer, language) is not None:
            return AnswerKind.NUMBER
        if quantities.read(answer, language) is not None:
            return AnswerKind.QUANTITY
    return AnswerKind.WORDS


def accepted(answer: str, more: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the forms in which words are accepted: as they are, without what stands in brackets, and
    each of several with `;` or ` / ` between."""
    found = [answer, *more]
    for each in (answer, *more):
        parts = [part.strip() for part in re.split(r";| / ", each)]
        found += parts if len(parts) > 1 else []
    found += [_ROUND.sub(" ", each).strip() for each in found]
    return tuple(dict.fromkeys(filter(None, found)))


def with_hints(
    exercise: Exercise, lesson: Lesson, hints: Iterator[str | tuple[str, ...]]
) -> Exercise | str:
    """Return an exercise with those of some hints that do not give its answer away, of a tuple the
    first that does not; where there is something wrong with it, what that is, as a clause."""
    posed = pose(lesson, exercise, 0)
    guard = Guard(posed)
    fit: list[str] = []
    for each in hints:
        ways = (each,) if isinstance(each, str) else each
        for way in ways:
            if way and way not in fit and not guard.leaks(way):
                fit.append(way)
                break
        if len(fit) == _MOST_HINTS:
            break
    if len(fit) < 2:
        return _("no hint can be given without its answer")
    fault = next(proofing.faults(lesson, posed), "")
    return fault or msgspec.structs.replace(exercise, hints=tuple(fit))


def of_text(
    exercise: Exercise, paragraph: str, quote: str, words: Words
) -> Iterator[str | tuple[str, ...]]:
    """Yield hints for a question on a text: where to look, the quote with a gap, how the answer is
    spelt."""
    beginning = paragraph.split()
    yield tuple(
        words.say("hint-paragraph", beginning=inline(" ".join(beginning[:count])))
        for count in range(min(_BEGINNING, len(beginning)), 1, -1)
    )
    yield words.say("hint-gap", sentence=with_gap(quote, exercise.answers))
    yield from _of_answer(exercise, words)


def of_card(exercise: Exercise, own: Sequence[str], words: Words) -> Iterator[str]:
    """Yield hints for a card: its own first, then how the answer is made, then where it stands."""
    yield from own
    yield from _of_answer(exercise, words)
    yield words.say("hint-list")
    yield words.say("hint-neighbours")


def with_gap(sentence: str, answers: Sequence[str]) -> str:
    """Return a sentence with a gap wherever one of the answers stands."""
    for answer in sorted(answers, key=len, reverse=True):
        while found := Quotable(sentence).find(answer, least=1):
            sentence = f"{sentence[: found.start]}{GAP}{sentence[found.end :]}"
    return sentence


def _of_answer(exercise: Exercise, words: Words) -> Iterator[str]:
    answer = exercise.answers[0]
    if exercise.kind is AnswerKind.WORDS:
        letters = sum(map(str.isalnum, answer))
        parts = len(answer.split())
        if letters > 2:
            if parts > 1:
                yield words.say("hint-words", count=parts)
            yield words.say("hint-letters", count=letters)
            first = next(each for each in answer if each.isalnum())
            yield words.say("hint-first", letter=first)
    elif exercise.kind is AnswerKind.CHOICE:
        wrong = [each for each in exercise.options if each != answer]
        for option in wrong[:2]:
            yield words.say("hint-not", option=inline(option))
    else:
        yield from _around(answer, exercise, words)


def _around(answer: str, exercise: Exercise, words: Words) -> Iterator[str]:
    number = _number(answer, words.language)
    if number is None:
        return
    away = max(abs(number) * _SPREAD / 100, Fraction(3))
    # The same for a question whenever it is made, and not the same part of every number.
    shift = Fraction(len(exercise.prompt) % 7, 20)
    low = math.floor(number - away * (Fraction(13, 20) + shift))
    high = math.ceil(number + away * (1 - shift))
    yield words.say("hint-more", number=low)
    yield words.say("hint-less", number=high)


def _number(answer: str, language: str) -> Fraction | None:
    """Return the number that an answer begins with; None where it begins with none."""
    parts = answer.split()
    for count in range(len(parts), 0, -1):
        if (found := arithmetic.read_number(" ".join(parts[:count]), language)) is not None:
            return found
    return None

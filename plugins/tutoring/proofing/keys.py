"""Whether an answer key is proved a second way: by another computation, or by the lesson's own words.

A key is what every pupil is measured by. So what was typed as the answer counts only where a second
field of the exercise, which somebody had to think about by itself, leads to the same.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from fractions import Fraction

import msgspec

from hinterland.plugins.tutoring import arithmetic
from hinterland.plugins.tutoring.arithmetic import Unreadable
from hinterland.plugins.tutoring.checking import accepts, clock_times
from hinterland.plugins.tutoring.hints import Guard
from hinterland.plugins.tutoring.lessons import AnswerKind, Exercise, Form, Lesson, Posed

GAP = "___"
_BARE = re.compile(r"\\([!-/:-@\[-`{-~])|[*`]|(?<![\w_])_(?!_)|(?<!_)_(?![\w_])")
_EXPRESSION = re.compile(r"\{([^{}:]*)\}")
_NUMBER = re.compile(r"[-−]?\d[^\sa-zA-Z°%]*(?: \d+/\d+)?\s*%?")
_OTHERS = (Fraction(1), Fraction(-1), Fraction(1000), Fraction(1, 7))


def unproved(exercise: Exercise) -> str:
    """Return why an exercise as it is written cannot be proved, as a sentence; "" where it can."""
    if not (exercise.check or exercise.quote or exercise.sentence or exercise.run):
        return "nothing proves its answer: add a line check, quote, sentence or run"
    if exercise.kind in {AnswerKind.EXPRESSION, AnswerKind.EQUATION} and not exercise.check:
        return f"an answer of type {exercise.kind} is proved by a line check"
    if exercise.check and _repeats(exercise):
        return "its check repeats the answer's own expression: prove it another way"
    return ""


def disproved(lesson: Lesson, posed: Posed, *, closely: bool = True) -> str:
    """Return what contradicts the key of an exercise as it is posed, as a sentence; "" where all of
    its proofs hold. Without `closely` a check is not tried on other numbers, of which it is not true.
    """
    if posed.kind is AnswerKind.CHOICE and (wrong := _wrong_options(posed)):
        return wrong
    if posed.check and (wrong := _computed(posed, closely)):
        return wrong
    if posed.quote and (wrong := _quoted(lesson, posed)):
        return wrong
    if posed.sentence:
        return _filled(posed)
    return ""


def numbers_in(text: str, language: str) -> Iterator[Fraction]:
    """Yield the numbers of an answer: one for each part that is parted by `;` or `..`."""
    for part in re.split(r";|\.\.", text):
        bare = part.rpartition("=")[2].strip()
        value = arithmetic.read_number(bare, language)
        if value is None and (found := _NUMBER.match(bare)):
            value = arithmetic.read_number(found[0].strip(), language)
        if value is not None:
            yield value


def values_of(posed: Posed, answer: str) -> list[Fraction]:
    """Return the numbers of an answer; of a time its minutes since midnight."""
    if posed.kind is not AnswerKind.TIME:
        return list(numbers_in(answer, posed.language))
    time = clock_times.read(answer, posed.language)
    return [] if time is None else [Fraction(time.minutes)]


def _repeats(exercise: Exercise) -> bool:
    if not exercise.given:
        return False
    own = {_squeezed(found) for answer in exercise.answers for found in _EXPRESSION.findall(answer)}
    sides = [_squeezed(each) for each in exercise.check.split("==")]
    if len(sides) == 1:
        return sides[0] in own
    return len(sides) == 2 and any(
        one == "answer" and other in own for one, other in (sides, sides[::-1])
    )


def _squeezed(expression: str) -> str:
    return "".join(expression.split()).replace("**", "^")


def _wrong_options(posed: Posed) -> str:
    bare = [" ".join(each.split()).casefold() for each in posed.options]
    if len(bare) < 2:
        return "it has fewer than two options"
    if len(set(bare)) < len(bare):
        return "two of its options are the same"
    answers = {" ".join(each.split()).casefold() for each in posed.answers}
    if not answers <= set(bare):
        return "its answer is not among its options"
    if len(answers) == len(bare):
        return "every option is right"
    return ""


# By computing


def _computed(posed: Posed, closely: bool) -> str:
    try:
        if posed.kind is AnswerKind.EXPRESSION:
            return _same_term(posed)
        if posed.kind is AnswerKind.EQUATION:
            return _solved(posed, closely)
        return _met(posed, closely)
    except Unreadable as error:
        return f"its check cannot be computed: {error.reason}"


def _same_term(posed: Posed) -> str:
    for answer in posed.answers:
        alone = msgspec.structs.replace(posed, answers=(answer,), form=Form.ANY)
        if not accepts(alone, posed.check):
            return f"its check is not the same as its answer {answer}"
    return ""


def _solved(posed: Posed, closely: bool) -> str:
    letter = posed.letters[0]
    for answer in posed.answers:
        values = list(numbers_in(answer, posed.language))
        if len(values) != answer.count(";") + 1:
            return f"its answer {answer} is no number"
        for value in values:
            if wrong := _true_of(posed.check, letter, value, answer, closely):
                return wrong
    return ""


def _met(posed: Posed, closely: bool) -> str:
    """Return what contradicts the check of a number, quantity, set, range, choice or words."""
    for answer in posed.answers:
        values = values_of(posed, answer)
        names = {"answer": values[0]} if values else {}
        if "answer" in posed.check and not values:
            return f"its answer {answer} is no number, and its check computes with it"
        found = arithmetic.evaluate(posed.check, names)
        if isinstance(found, Fraction):
            if wrong := _comes_to(posed, answer, values, found):
                return wrong
        elif "answer" in posed.check:
            for value in values:
                if wrong := _true_of(posed.check, "answer", value, answer, closely):
                    return wrong
        elif posed.kind is not AnswerKind.CHOICE:
            return "its check says nothing of the answer"
        elif found is not True:
            return f"its check is not true: {posed.check}"
    return ""


def _comes_to(posed: Posed, answer: str, values: list[Fraction], found: Fraction) -> str:
    if posed.kind is AnswerKind.RANGE and len(values) == 2:
        holds = values[0] <= found <= values[1]
    else:
        holds = values == [found]
    return (
        ""
        if holds
        else f"its check comes to {arithmetic.write(found, 'en')}, its answer is {answer}"
    )


def _true_of(check: str, name: str, value: Fraction, answer: str, closely: bool) -> str:
    if _holds(check, {name: value}) is not True:
        return f"its check is not true of its answer {answer}: {check}"
    if not closely:
        return ""
    others = (value + more for more in _OTHERS)
    if all(_holds(check, {name: other}) is True for other in (*others, 2 * value + 1)):
        return f"its check is true of any number: {check}"
    return ""


def _holds(check: str, names: Mapping[str, Fraction]) -> bool:
    try:
        return arithmetic.evaluate(check, names) is True
    except Unreadable:
        return False


# By words


def _quoted(lesson: Lesson, posed: Posed) -> str:
    quote = _bare(posed.quote)
    if quote not in _bare(lesson.passage) and quote not in _bare(lesson.explanation):
        return "its quote stands neither in the passage nor in the explanation"
    if posed.kind is AnswerKind.CHOICE or posed.check or posed.sentence or posed.run:
        return ""
    if posed.kind is AnswerKind.WORDS:
        holds = any(f" {_words(each)} " in f" {_words(quote)} " for each in posed.answers)
    else:
        holds = False
    if not holds and not Guard(posed).leaks(quote):
        return "its quote does not hold its answer"
    return ""


def _filled(posed: Posed) -> str:
    wanted = _plain(posed.sentence).casefold()
    lines = [_plain(each) for each in posed.prompt.splitlines() if GAP in each]
    lines.append(_plain(posed.prompt))
    if not any(GAP in each for each in lines):
        return f"its question has no gap {GAP}"
    for answer in posed.answers:
        for each in lines:
            parts = re.split(r"\s*(?:…|\.\.\.|,|;)\s*", answer)
            ways = [each.replace(GAP, answer)]
            if each.count(GAP) == len(parts):
                ways.append(_put(each, parts))
            if wanted in map(str.casefold, ways):
                return ""
    return "no accepted answer in the gap makes its sentence"


def _put(line: str, parts: list[str]) -> str:
    for part in parts:
        line = line.replace(GAP, part, 1)
    return line


def _plain(text: str) -> str:
    return " ".join(text.split())


@functools.lru_cache(maxsize=64)
def _bare(text: str) -> str:
    """Return a text without mark-up."""
    return _plain(_BARE.sub(r"\1", text))


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))

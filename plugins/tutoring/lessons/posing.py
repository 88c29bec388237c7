"""Puts numbers in the place of an exercise's parameters: others for every seed, the same for the same.

What stands in braces is an expression of the parameters, computed exactly and by nothing but our own
reader of expressions.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from fractions import Fraction

from hinterland.plugins.tutoring import arithmetic
from hinterland.plugins.tutoring.lessons.lesson import Exercise, Given, Lesson, Mistake, Posed
from hinterland.plugins.tutoring.lessons.trouble import LessonError, spoiled

Value = Fraction | str

_TRIES = 500
"""Draws of numbers before it is said that none fit."""
_PLAIN = 18
"""Digits of a number that needs no reader of expressions: most ends of parameters are such."""
_BRACES = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_STYLE = re.compile(r"(.*):\s*(decimal|mixed|clock|\d)", re.DOTALL)
_NUMBER = re.compile(r"-?\d+(?:\.\d+|/\d+)?")


def pose(
    lesson: Lesson,
    exercise: Exercise,
    seed: int,
    avoid: Callable[[Posed], bool] = lambda posed: False,
) -> Posed:
    """Return an exercise with the numbers of a seed; those that `avoid` says yes to are drawn again.

    Raises LessonError where an expression cannot be computed or no numbers are fit.
    """
    if not exercise.given:
        return _filled(lesson, exercise, {}, seed)
    for trial in range(_TRIES):
        chance = random.Random(f"{exercise.id} {seed} {trial}")  # noqa: S311 - no secret
        values = _draw(lesson, exercise, chance)
        if values is not None:
            posed = _filled(lesson, exercise, values, seed)
            if not avoid(posed):
                return posed
    raise _bad(lesson, exercise, f"no numbers of the exercise {exercise.id} meet its conditions")


def _draw(lesson: Lesson, exercise: Exercise, chance: random.Random) -> dict[str, Value] | None:
    """Return a value for every parameter; None where they do not go together."""
    values: dict[str, Value] = {}
    for given in exercise.given:
        drawn = _drawn(lesson, exercise, given, values, chance)
        if drawn is None:
            return None
        values[given.name] = drawn
    for condition in exercise.where:
        if not _computed(lesson, exercise, condition, values):
            return None
    return values


def _drawn(
    lesson: Lesson,
    exercise: Exercise,
    given: Given,
    values: Mapping[str, Value],
    chance: random.Random,
) -> Value | None:
    # Only `random()` is promised to give the same numbers in every release of Python.
    if given.values:
        text = given.values[int(chance.random() * len(given.values))]
        if not _NUMBER.fullmatch(text):
            return text
        try:
            return Fraction(text)
        except (ValueError, ZeroDivisionError) as error:  # thousands of digits, and 1/0
            reason = f"{text[:20]!r} is no number that {given.name} can be"
            raise _bad(lesson, exercise, reason, given.line) from error
    ends = [
        _computed(lesson, exercise, text, values, given.line) for text in (given.first, given.last)
    ]
    first, last = ends
    if not (isinstance(first, Fraction) and isinstance(last, Fraction)):
        raise _bad(lesson, exercise, f"the ends of {given.name} are no numbers", given.line)
    if first.denominator != 1 or last.denominator != 1:
        raise _bad(lesson, exercise, f"the ends of {given.name} are not whole", given.line)
    if first > last:
        return None
    return first + int(chance.random() * (last - first + 1))


def _filled(lesson: Lesson, exercise: Exercise, values: Mapping[str, Value], seed: int) -> Posed:
    def text(template: str) -> str:
        if not exercise.given:
            return template
        return _BRACES.sub(lambda found: _value(lesson, exercise, found, values), template)

    def texts(templates: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(text, templates))

    return Posed(
        id=exercise.id,
        objective=exercise.objective,
        prompt=text(exercise.prompt),
        kind=exercise.kind,
        answers=texts(exercise.answers),
        options=texts(exercise.options),
        form=exercise.form,
        letters=exercise.letters,
        hints=texts(exercise.hints),
        mistakes=tuple(Mistake(text(each.answer), text(each.told)) for each in exercise.mistakes),
        steps=texts(exercise.steps),
        check=_WORD.sub(lambda found: _in_brackets(found[0], values), exercise.check),
        quote=exercise.quote,
        sentence=text(exercise.sentence),
        run=exercise.run,
        seed=seed,
        language=lesson.language,
        passage=lesson.passage,
    )


def _value(
    lesson: Lesson, exercise: Exercise, found: re.Match[str], values: Mapping[str, Value]
) -> str:
    if found[1] is None:
        return found[0][0]
    expression, style = found[1], ""
    if styled := _STYLE.fullmatch(expression):
        expression, style = styled[1], styled[2]
    value = _computed(lesson, exercise, expression, values)
    if isinstance(value, bool):
        raise _bad(lesson, exercise, f"{{{found[1]}}} is true or false and no number")
    if isinstance(value, str):
        return value
    try:
        return arithmetic.write(value, lesson.language, style)
    except arithmetic.Unreadable as error:  # a decimal without an end
        raise _uncomputed(lesson, exercise, found[1], error) from error


def _in_brackets(word: str, values: Mapping[str, Value]) -> str:
    value = values.get(word)
    return f"({value})" if isinstance(value, Fraction) else word


def _computed(
    lesson: Lesson,
    exercise: Exercise,
    expression: str,
    values: Mapping[str, Value],
    line: int = 0,
) -> Fraction | bool | str:
    word = expression.strip()
    if isinstance(value := values.get(word), str):
        return value
    if word.isascii() and word.isdecimal() and len(word) <= _PLAIN:
        return Fraction(int(word))
    try:
        return arithmetic.evaluate(expression, values)
    except arithmetic.Unreadable as error:
        raise _uncomputed(lesson, exercise, expression, error, line) from error


def _uncomputed(
    lesson: Lesson,
    exercise: Exercise,
    expression: str,
    error: arithmetic.Unreadable,
    line: int = 0,
) -> LessonError:
    return _bad(lesson, exercise, f"{expression!r} cannot be computed ({error})", line)


def _bad(lesson: Lesson, exercise: Exercise, reason: str, line: int = 0) -> LessonError:
    return spoiled(lesson.file, line or exercise.line, reason)

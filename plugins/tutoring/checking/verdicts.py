"""Verdicts of every kind, the common mistakes among them, and what would be taken for the answer."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping

import msgspec

from hinterland.plugins.tutoring.arithmetic import Unreadable, plain, read
from hinterland.plugins.tutoring.checking import (
    algebra,
    amounts,
    choices,
    clock_times,
    equations,
    numbers,
    points,
    sets,
    terms,
    times,
    wording,
)
from hinterland.plugins.tutoring.checking.answer_text import bare_answer, refused
from hinterland.plugins.tutoring.checking.judgement import Judgement, Verdict, unreadable
from hinterland.plugins.tutoring.checking.phrases import phrases
from hinterland.plugins.tutoring.lessons import AnswerKind, Form, Posed

_JUDGES: Mapping[AnswerKind, Callable[[Posed, str], Judgement]] = {
    AnswerKind.NUMBER: numbers.judge_number,
    AnswerKind.QUANTITY: amounts.judge_quantity,
    AnswerKind.RANGE: amounts.judge_range,
    AnswerKind.SET: sets.judge_set,
    AnswerKind.CHOICE: choices.judge_choice,
    AnswerKind.WORDS: times.judge_words,
    AnswerKind.TIME: clock_times.judge_time,
}
_OF_WORDS = (AnswerKind.WORDS, AnswerKind.CHOICE, AnswerKind.SET)
_LEAKS_FROM = 8
"""Letters from which on a word with one letter wrong still gives the answer away."""


async def judge(posed: Posed, answer: str, solver: equations.Solver) -> Judgement:
    """Return the verdict on an answer of any kind."""
    problem = refused(answer, posed.language)
    if problem is not None:
        return problem
    if posed.kind is AnswerKind.EXPRESSION:
        judgement = await algebra.judge_expression(posed, answer, solver)
    elif posed.kind is AnswerKind.EQUATION:
        judgement = await equations.judge_equation(posed, answer, solver)
    else:
        judgement = _JUDGES[posed.kind](posed, answer)
    return _with_mistake(posed, answer, _unless_denied(posed, answer, judgement))


def judge_plainly(posed: Posed, answer: str) -> Judgement:
    """Return the verdict on an answer that needs no algebra: to neither an expression nor an equation."""
    problem = refused(answer, posed.language)
    if problem is not None:
        return problem
    judgement = _unless_denied(posed, answer, _JUDGES[posed.kind](posed, answer))
    return _with_mistake(posed, answer, judgement)


def _unless_denied(posed: Posed, answer: str, judgement: Judgement) -> Judgement:
    """Return the judgement, but none where words take back what is right, or right so far:
    `not 12 - 7 = 5`."""
    if judgement.verdict not in (Verdict.RIGHT, Verdict.FORM) or posed.kind in _OF_WORDS:
        return judgement
    words = phrases(posed.language)
    said, asked = (
        set(re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)?", text.replace("’", "'").lower()))
        for text in (bare_answer(answer, posed.language), posed.prompt)
    )
    ors = () if posed.kind is AnswerKind.EQUATION else words.ors  # x = 2 or x = -2
    is_denied = said & (words.nots | set(ors)) or (said & words.denials) - asked
    return unreadable("one-answer") if is_denied else judgement


def _with_mistake(posed: Posed, answer: str, judgement: Judgement) -> Judgement:
    """Return the judgement with the common mistake that the answer is, if it is one."""
    is_algebra = posed.kind in (AnswerKind.EXPRESSION, AnswerKind.EQUATION)
    if judgement.verdict is Verdict.RIGHT or (
        is_algebra and judgement.verdict is Verdict.UNREADABLE
    ):
        return judgement
    keeps = judgement.verdict in (Verdict.FORM, Verdict.UNIT)
    for index, mistake in enumerate(posed.mistakes):
        if _is_written_alike(mistake.answer, answer, posed):
            found = judgement if keeps else Judgement(Verdict.WRONG)
            return msgspec.structs.replace(found, mistake=index)
    if keeps or judgement.about in ("too-hard-to-check", "no-answer"):
        return judgement
    for index, mistake in enumerate(posed.mistakes):
        if _is_that(posed, mistake.answer, answer, judgement):
            return Judgement(Verdict.WRONG, mistake=index)
    return judgement


def _is_written_alike(mistake: str, answer: str, posed: Posed) -> bool:
    language = posed.language
    said, expected = bare_answer(answer, language), bare_answer(mistake, language)
    number, other = read(said, language), read(expected, language)
    if number is not None and other is not None:
        return number.alike == other.alike
    if posed.kind in _OF_WORDS:
        return wording.folded(plain(said)) == wording.folded(plain(expected)) != ""
    return "".join(plain(said).split()) == "".join(plain(expected).split()) != ""


def _is_that(posed: Posed, mistake: str, answer: str, judgement: Judgement) -> bool:
    """Whether an answer that is not right is a mistake's answer in another way of writing."""
    other = _as_key(posed, mistake)
    if posed.kind in (AnswerKind.EXPRESSION, AnswerKind.EQUATION):
        return _is_algebra(other, answer)
    if posed.kind is AnswerKind.RANGE and ".." in mistake:
        return False
    verdict = _JUDGES[posed.kind](other, answer).verdict
    if posed.kind is AnswerKind.WORDS:
        return verdict in (Verdict.RIGHT, Verdict.FORM)
    if posed.kind is AnswerKind.CHOICE:
        return verdict is Verdict.RIGHT and mistake in posed.options
    if verdict is Verdict.UNIT:  # 2.5 metrs is not 2.5 cm
        return judgement.verdict is Verdict.WRONG
    return verdict in (Verdict.RIGHT, Verdict.FORM)


@functools.lru_cache(maxsize=1024)
def _as_key(posed: Posed, answer: str) -> Posed:
    return msgspec.structs.replace(posed, answers=(answer,), mistakes=(), form=Form.ANY)


def accepts(posed: Posed, text: str) -> bool:
    """Whether a stretch of text would be taken for the answer, or be it but for its unit.

    Quick, without the child process: terms are compared at a few points.
    """
    if len(text) > 300 or refused(text, posed.language) is not None:
        return False
    if posed.kind in (AnswerKind.EXPRESSION, AnswerKind.EQUATION):
        return _is_algebra(posed, text)
    if posed.kind is AnswerKind.CHOICE:
        return _is_option(posed, text)
    if posed.kind is AnswerKind.WORDS:
        return _is_wording(posed, text)
    judgement = _JUDGES[posed.kind](posed, text)
    if judgement.verdict is Verdict.UNIT:
        return judgement.about in ("unit-missing", "unit-unexpected", "unit-unknown")
    return judgement.verdict is Verdict.RIGHT or judgement.about == "which-half"


def _is_option(posed: Posed, text: str) -> bool:
    return any(
        wording.are_same(text, each, posed.language) or _is_written_alike(each, text, posed)
        for each in posed.answers
    )


def _is_wording(posed: Posed, text: str) -> bool:
    if posed.form is Form.EXACT:
        return wording.judge_words(posed, text).verdict is Verdict.RIGHT
    said = wording.bare_words(text, posed.language)
    if not said:
        return False
    if times.is_bare_time(posed, text):
        return True
    for answer in posed.answers:
        key = wording.bare_words(answer, posed.language)
        if wording.without_accents(said) == wording.without_accents(key):
            return True
        if len(key) >= _LEAKS_FROM and wording.slips(said, key, posed.language) == 1:
            return not _is_another_word(posed, said)
        number = wording.as_number(posed, text, answer)
        if number is not None and number.verdict is Verdict.RIGHT:
            return True
    return False


def _is_another_word(posed: Posed, said: str) -> bool:
    """Whether a word that is nearly the answer is one of the question's, or a common mistake."""
    others = {wording.bare_words(each.answer, posed.language) for each in posed.mistakes}
    return said in others or f" {said} " in f" {wording.folded(posed.prompt)} "


def _is_algebra(posed: Posed, text: str) -> bool:
    """Whether a term or the values of letters are the key, as far as points can tell."""
    bare = bare_answer(text, posed.language)
    if posed.kind is AnswerKind.EQUATION:
        keys = equations.key_solutions(posed)
        if keys:
            return any(
                _are_solutions(said, key)
                for said in equations.readings(bare, posed)[0]
                for key in keys
            )
    letters = algebra.letters_of(posed)
    try:
        said = _nodes(bare, posed.language, letters)
    except Unreadable:
        return False
    for answer in posed.answers:
        try:
            key = _nodes(answer, posed.language, letters)
        except Unreadable:
            continue
        if len(said) != len(key):
            continue
        if len(key) == 2:
            if said in (key, key[::-1]):
                return True
            continue
        if said == key or (
            points.differ(said[0], key[0]) is False
            and posed.form is not Form.FACTORED
            and algebra.misses_plain_form(posed, said[0], key[0], bare) is None
        ):
            return True
        if posed.form is Form.FACTORED and not points.differ(said[0], key[0]):
            return said[0].kind != "sum"
    return False


def _nodes(text: str, language: str, letters: tuple[str, ...]) -> list[terms.Node]:
    return [terms.parse(each, language, letters) for each in text.split("=") if each.strip()]


def _are_solutions(said: list[equations.Solution], key: list[equations.Solution]) -> bool:
    def equal(one: equations.Solution, other: equations.Solution) -> bool:
        if one.letter and other.letter and one.letter != other.letter:
            return False
        if one.value is None or other.value is None:
            return one.node == other.node
        return one.value == other.value and one.is_plain

    missing, extra = sets.unmatched(said, key, equal)
    return not missing and not extra

"""Writes a quiz as Markdown to print: a sheet for each pupil, and the answer key for the teacher."""

from __future__ import annotations

import string
from collections.abc import Iterator

from hinterland.plugins.tutoring.classroom.quiz import Question, Quiz
from hinterland.plugins.tutoring.lessons import AnswerKind
from hinterland.plugins.tutoring.words import Words
from hinterland.text import clean

_LINE = "_" * 30
_SHORT_LINE = "_" * 12
_KINDS_WITH_WAY = (
    AnswerKind.NUMBER,
    AnswerKind.QUANTITY,
    AnswerKind.EXPRESSION,
    AnswerKind.EQUATION,
)
"""Kinds of answers whose working gets room on the sheet."""


def sheet(quiz: Quiz, number: int, words: Words) -> str:
    """Return one sheet; `number` counts from 0."""
    questions = quiz.sheets[number]
    lines = [f"# {quiz.title}", "", f"{words.say('quiz-name')} {_LINE}  "]
    lines += [f"{words.say('quiz-date')} {_SHORT_LINE}  "]
    lines += [words.say("quiz-sheet", sheet=_sheet_name(quiz, number)), ""]
    passage = ""
    for at, question in enumerate(questions, 1):
        if question.posed.passage != passage:
            passage = question.posed.passage
            if passage:
                lines += ["---", "", clean(passage), "", "---", ""]
        lines += [*_asked(at, question, words), ""]
    return "\n".join(lines).rstrip() + "\n"


def key(quiz: Quiz, words: Words) -> str:
    """Return the answer key of all sheets."""
    lines = [f"# {words.say('quiz-key', title=quiz.title)}", ""]
    for number, questions in enumerate(quiz.sheets):
        if len(quiz.sheets) > 1:
            lines += [f"## {words.say('quiz-sheet', sheet=_sheet_name(quiz, number))}", ""]
        for at, question in enumerate(questions, 1):
            lines += _answered(at, question, words)
        lines += [""]
    return "\n".join(lines).rstrip() + "\n"


def _sheet_name(quiz: Quiz, number: int) -> str:
    """Return what tells which sheet it is: its seed, and its number among several."""
    if len(quiz.sheets) == 1:
        return str(quiz.seed)
    return f"{quiz.seed}-{number + 1:0{len(str(len(quiz.sheets)))}}"


def _asked(at: int, question: Question, words: Words) -> Iterator[str]:
    posed = question.posed
    first, *rest = clean(posed.prompt).split("\n")
    yield f"**{at}.** {first}"
    yield from rest
    yield ""
    if posed.options:
        for letter, option in zip(string.ascii_uppercase, posed.options, strict=False):
            yield f"- **{letter}.** {clean(option)}"
        return
    if posed.kind in _KINDS_WITH_WAY:
        yield f"{words.say('quiz-working')}  "
        yield ""
        yield ""
    yield f"{words.say('quiz-answer')} {_LINE}"


def _answered(at: int, question: Question, words: Words) -> Iterator[str]:
    posed = question.posed
    answer = clean(posed.answers[0])
    if posed.options:
        letters = dict(zip(posed.options, string.ascii_uppercase, strict=False))
        answer = f"{letters[posed.answers[0]]} – {answer}"
    also = "; ".join(map(clean, posed.answers[1:]))
    yield f"**{at}.** {answer}" + (f" ({words.say('quiz-also', others=also)})" if also else "")
    for step in posed.steps:
        yield f"   - {' '.join(clean(step).split())}"

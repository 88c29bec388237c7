"""A checker for tests, and exercises for it to judge."""

from __future__ import annotations

from hinterland.plugins.tutoring.checking import Checker
from hinterland.plugins.tutoring.lessons import AnswerKind, Form, Posed

CHECKER = Checker()


def exercise(kind: AnswerKind, answer: str, language: str = "en", form: Form = Form.ANY) -> Posed:
    letters = ("x", "y") if kind in (AnswerKind.EXPRESSION, AnswerKind.EQUATION) else ()
    return Posed(
        id="checker/one",
        objective="one",
        prompt="?",
        kind=kind,
        answers=(answer,),
        language=language,
        letters=letters,
        form=form,
    )

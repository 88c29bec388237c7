"""Verdicts that need no algebra."""

from __future__ import annotations

import re
import unicodedata

from hinterland.plugins.tutoring.arithmetic import read, read_number
from hinterland.plugins.tutoring.checking.judgement import (
    RIGHT,
    WRONG,
    Judgement,
    Verdict,
    form,
    unreadable,
)
from hinterland.plugins.tutoring.lessons import AnswerKind, Form, Posed


def judge_plainly(posed: Posed, answer: str) -> Judgement:
    """Return the verdict on an answer that is no algebra."""
    if not answer.strip():
        return unreadable("no-answer")
    if posed.kind is AnswerKind.NUMBER:
        written = read(answer, posed.language)
        if written is None:
            return unreadable("not-a-number")
        if written.value not in {read_number(each, posed.language) for each in posed.answers}:
            return WRONG
        if posed.form is Form.SIMPLEST and not written.reduced:
            return form("not-reduced")
        return RIGHT
    said = _folded(answer)
    if posed.kind is AnswerKind.CHOICE:
        options = [_folded(each) for each in posed.options]
        if said not in options and len(said) == 1 and 0 <= ord(said) - ord("a") < len(options):
            said = options[ord(said) - ord("a")]
        if said not in options:
            return unreadable("not-an-option")
    return RIGHT if said in {_folded(each) for each in posed.answers} else WRONG


def accepts(posed: Posed, text: str) -> bool:
    """Whether a stretch of text would be taken for the answer; quick, and without the child."""
    return judge_plainly(posed, text).verdict is Verdict.RIGHT


def _folded(text: str) -> str:
    bare = unicodedata.normalize("NFKC", text).replace("’", "'").casefold()
    return re.sub(r"^\W+|\W+$", "", " ".join(bare.split()))

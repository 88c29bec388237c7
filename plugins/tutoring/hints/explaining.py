"""What a model is asked when a pupil has a question and no exercise is open: then it may talk freely."""

from __future__ import annotations

from hinterland.engine.protocol import Message, Request, Sampling, Think
from hinterland.plugins.tutoring.hints.asking import language_name, prompt
from hinterland.plugins.tutoring.lessons import Lesson
from hinterland.text import clean

_EXPLANATION, _EXAMPLE, _QUESTION = 3000, 1000, 600
"""Characters of each that a model is shown: small windows hold no more."""
_TOKENS = 320


def to_explain(lesson: Lesson, question: str, model: str | None) -> Request:
    """Return the request for an answer to a pupil's question about a lesson, in its language."""
    form = prompt("explain")
    explanation = clean(lesson.explanation)[:_EXPLANATION]
    asked = form.render(
        title=clean(lesson.title),
        explanation=explanation,
        example=clean(lesson.example)[:_EXAMPLE],
        question=clean(question)[:_QUESTION].replace("«", "‹").replace("»", "›"),
        language=language_name(lesson.language),
    )
    return Request(
        (Message("system", form.system), Message("user", asked)),
        model,
        Sampling(max_tokens=_TOKENS, temperature=0.3, seed=1),
        think=Think.OFF,
    )

"""Times that are answered without the small word in front: Monday for on Monday."""

from __future__ import annotations

import functools
import re

from hinterland.plugins.tutoring.checking import wording
from hinterland.plugins.tutoring.checking.answer_text import bare_answer
from hinterland.plugins.tutoring.checking.judgement import RIGHT, Judgement, Verdict
from hinterland.plugins.tutoring.checking.phrases import pattern
from hinterland.plugins.tutoring.checking.wording import GAP, bare_words, folded
from hinterland.plugins.tutoring.lessons import Form, Posed

_ON_GRAMMAR = re.compile(r"pr[eé]position", re.IGNORECASE)


def judge_words(posed: Posed, text: str) -> Judgement:
    """Return the verdict on a short text, which may be a bare time."""
    judgement = wording.judge_words(posed, text)
    if judgement.verdict is Verdict.RIGHT:
        return judgement
    return RIGHT if is_bare_time(posed, bare_answer(text, posed.language)) else judgement


def is_bare_time(posed: Posed, text: str) -> bool:
    """Whether a text is an answer but for the small word in front, its numbers in words or digits."""
    return any(
        wording.are_same(text, each, posed.language)
        or ((number := wording.as_number(posed, text, each)) is not None and number == RIGHT)
        for each in bare_times(posed)
    )


@functools.lru_cache(maxsize=512)
def bare_times(posed: Posed) -> tuple[str, ...]:
    """Return the answers to “When …?” without `on`, `in` or `at`.

    None where that word may be what is asked for: in a gap, behind a prompt that gives the rest or
    speaks of prepositions, or where a common mistake differs from the answer by it alone.
    """
    language, prompt = posed.language, posed.prompt
    if posed.form is Form.EXACT or posed.sentence or GAP.search(prompt):
        return ()
    time = pattern(language, "times", r"^", r"\s+")
    asks = rf"(?:^|[.!?\n]\s*)(?:{time.pattern[1:]})?"
    if not pattern(language, "whens", asks).search(prompt) or _ON_GRAMMAR.search(prompt):
        return ()
    given = f" {folded(prompt)} "
    mistakes = [f" {folded(each.answer)}" for each in posed.mistakes]
    found = {time.sub("", folded(each)) for each in posed.answers if time.match(folded(each))}
    return tuple(
        each
        for each in sorted(found)
        if (bare := bare_words(each, language))
        and f" {bare} " not in given
        and not any(mistake.endswith(f" {bare}") for mistake in mistakes)
    )

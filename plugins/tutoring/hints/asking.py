"""The two things that a model is asked while an exercise is open: which hint, and in what other words.

Neither prompt holds the key, a step or the check of an exercise: what a model does not know it can
only guess, and for that there is the guard.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from hinterland import prompts, schemas
from hinterland.engine.protocol import Message, Request, Sampling, Think
from hinterland.errors import InputError
from hinterland.plugins import languages
from hinterland.plugins.tutoring.hints.guide import Work
from hinterland.plugins.tutoring.hints.masking import Masked
from hinterland.plugins.tutoring.lessons import AnswerKind, Posed
from hinterland.text import clean_line

PROMPTS = Path(__file__).parent.with_name("prompts")
_EXERCISE, _LINE = 600, 160
"""Characters that a model is shown of an exercise, and of a line that a pupil typed."""
_ANSWERS, _LINES = 2, 4
"""The last answers, and lines of thinking, that it is shown."""
_TOKENS_OF_CHOICE = 16
_LEAST_TOKENS, _TOKENS_BY_CHARACTER = 40, 0.8


class _Chosen(msgspec.Struct, frozen=True):
    hint: int


@functools.cache
def prompt(name: str) -> prompts.Prompt:
    """Return one of the tutor's prompts; raises ConfigError where the file is no prompt."""
    return prompts.read_template(PROMPTS / f"{name}.md")


def schema(many: int) -> dict[str, Any]:
    """Return the schema of a choice among so many hints."""
    return {
        "type": "object",
        "properties": {"hint": {"enum": list(range(1, many + 1))}},
        "required": ["hint"],
        "additionalProperties": False,
    }


def to_choose(posed: Posed, work: Work, among: Sequence[int], model: str | None) -> Request:
    """Return the request for the number of a hint, counted from 1, among those with these indexes."""
    told = ""
    if work.mistake is not None and 0 <= work.mistake < len(posed.mistakes):
        told = posed.mistakes[work.mistake].told
    form = prompt("hint-choose")
    asked = form.render(
        exercise=clean_line(posed.prompt, _EXERCISE),
        options=" / ".join(clean_line(each) for each in posed.options)
        if posed.kind is AnswerKind.CHOICE
        else "",
        answers=[_typed(each) for each in work.answers[-_ANSWERS:]],
        working=[_typed(each) for each in work.working[-_LINES:]],
        told=told,
        hints=[clean_line(posed.hints[index], _EXERCISE) for index in among],
    )
    return Request(
        (Message("system", form.system), Message("user", asked)),
        model,
        Sampling(max_tokens=_TOKENS_OF_CHOICE, temperature=0.0, seed=1),
        schema(len(among)),
        think=Think.OFF,
        prefix="tutor-choose",
    )


def chosen(said: str, among: Sequence[int]) -> int | None:
    """Return the index of the hint in a model's answer; None for anything else than one of them."""
    if schemas.check_answer(schema(len(among)), said) is not None:
        return None
    try:
        number = msgspec.json.decode(said, type=_Chosen).hint
    except msgspec.DecodeError:
        return None
    return among[number - 1] if 1 <= number <= len(among) else None


def to_reword(masked: Masked, language: str, model: str | None) -> Request:
    """Return the request for a hint in other words, in the language of a BCP 47 code."""
    form = prompt("hint-reword")
    asked = form.render(hint=masked.text, language=language_name(language))
    length = _LEAST_TOKENS + int(_TOKENS_BY_CHARACTER * len(masked.text))
    return Request(
        (Message("system", form.system), Message("user", asked)),
        model,
        Sampling(max_tokens=length, temperature=0.0, seed=1),
        think=Think.OFF,
        prefix="tutor-reword",
    )


def language_name(code: str) -> str:
    """Return what prompts call a language; the code itself where it is not known."""
    try:
        return languages.find(code).name
    except InputError:
        return code


def _typed(text: str) -> str:
    return clean_line(text, _LINE).replace("«", "‹").replace("»", "›")

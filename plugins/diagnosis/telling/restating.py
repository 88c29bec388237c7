"""A model says YELLOW and GREEN advice again in plainer words, beneath the pack's own, which count.

Each advice is asked for by itself and what comes is held against it word by word (`plain_words`).
Where it says something else, the pack's own sentence stands; a number, a medicine or a trick ends it
all. On RED no model is called. Nothing here can reach a level.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from functools import partial
from pathlib import Path

import msgspec

from hinterland import api, prompts
from hinterland.engine.protocol import Done, Engine, FinishReason, TextDelta, Think
from hinterland.errors import HinterlandError, InputError
from hinterland.language import N_, _
from hinterland.plugins.diagnosis.rules.pack import Level
from hinterland.plugins.diagnosis.telling import plain_words
from hinterland.plugins.diagnosis.telling.plain_words import Reason
from hinterland.plugins.diagnosis.telling.report import todo
from hinterland.plugins.diagnosis.telling.result import Result
from hinterland.sentences import sentence
from hinterland.text import clean_line

MARK = N_("Said more plainly by a model; the text above counts:")
PROMPT = Path(__file__).parent.with_name("prompts") / "restate.md"
_LONGEST = 300  # characters of one advice
_MOST_TOKENS = 90
_FIDELITY = frozenset({Reason.EMPTY, Reason.TURNED, Reason.ACTION, Reason.LOST})
"""Reasons for which only the one sentence is refused."""
_SAID = {
    Reason.EMERGENCY: N_("In an emergency no model is asked."),
    Reason.FIXED: N_("What is said here is fixed, and no model is asked."),
    Reason.NOTHING: N_("There is nothing here that a model may restate."),
    Reason.EMPTY: N_("The model said nothing."),
    Reason.LONG: N_("The model said too much."),
    Reason.HIDDEN: N_("The model used hidden characters ({words})."),
    Reason.MARKUP: N_("The model used signs that are no plain text ({words})."),
    Reason.SCRIPT: N_("The model wrote in another script ({words})."),
    Reason.NUMBER: N_("The model named a number ({words})."),
    Reason.MEDICINE: N_("The model named a medicine ({words})."),
    Reason.TURNED: N_("The model turned the advice round ({words})."),
    Reason.ACTION: N_("The model said what the advice does not say ({words})."),
    Reason.LOST: N_("The model left out what the advice turns on ({words})."),
}


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """Why there are no words of a model: the pack's own stand alone."""

    reason: Reason
    words: str = ""
    """What is to blame, cleaned; of an engine, its sentence."""

    @property
    def text(self) -> str:
        """The reason as a sentence."""
        said = _SAID.get(self.reason)
        return _(said).format(words=self.words) if said else self.words


class Line(msgspec.Struct, frozen=True):
    """One advice."""

    text: str
    by_model: bool
    """False: the pack's own words, because the model's were not to be had."""


class Restated(msgspec.Struct, frozen=True, kw_only=True):
    """All of the advice, some of it in a model's words, every one of which was accounted for."""

    lines: tuple[Line, ...]
    language: str
    model: str
    refused: tuple[Refused, ...] = ()
    """Why lines are the pack's own although a model was asked."""

    @property
    def text(self) -> str:
        """The lines with the mark before them, for people."""
        return "\n".join((_(MARK), *(f"- {line.text}" for line in self.lines)))


async def restate(
    result: Result,
    *,
    language: str = "en",
    model: str | None = None,
    engine: Engine | None = None,
    translations: Mapping[str, str] | None = None,
) -> Restated | Refused:
    """Return the advice of a result in a model's plainer words, or why there are none.

    `model` and `engine` are as for `hinterland.connect`; `translations` are the pack's own sentences
    in `language` by the English ones. Raises nothing for what an engine or a model does wrong.
    """
    if result.level is Level.RED:
        return Refused(reason=Reason.EMERGENCY)
    if result.scripts:
        return Refused(reason=Reason.FIXED)
    own = translations or {}
    try:
        spoken = await asyncio.to_thread(plain_words.language, language)
    except InputError as error:
        return Refused(reason=Reason.LANGUAGE, words=clean_line(sentence(error)))
    lines: list[Line] = []
    refused: list[Refused] = []
    named = ""
    try:
        prompt = await asyncio.to_thread(prompts.read_template, PROMPT)
        hinterland = api.connect(model, engine=engine, told=api.told_before)
        for each in todo(result):
            line = Line(own.get(each, each), by_model=False)
            if plain_words.restatable(each):
                render = partial(prompt.render, language=spoken.name, advice=line.text)
                asked = await asyncio.to_thread(render)
                said, named = await _said(hinterland, prompt.system, asked)
                found = plain_words.refusal(said, each, language, own.get(each, ""))
                if found is None:
                    line = Line(clean_line(said, _LONGEST), by_model=True)
                else:
                    refused.append(Refused(reason=found[0], words=clean_line(found[1], 80)))
                    if found[0] not in _FIDELITY:
                        return refused[-1]
            lines.append(line)
    except _TooLong:
        return Refused(reason=Reason.LONG)
    except HinterlandError as error:
        return Refused(reason=Reason.ENGINE, words=clean_line(sentence(error), 300))
    if not any(line.by_model for line in lines):
        return refused[0] if refused else Refused(reason=Reason.NOTHING)
    return Restated(
        lines=tuple(lines),
        language=language,
        model=clean_line(named, 80),
        refused=tuple(refused),
    )


class _TooLong(Exception):  # noqa: N818 - never seen outside
    pass


async def _said(hinterland: api.Hinterland, system: str, asked: str) -> tuple[str, str]:
    """Return what a model says and its name; stops it where it says too much."""
    said, named = "", ""
    events = hinterland.stream(
        asked, system=system, max_tokens=_MOST_TOKENS, temperature=0, seed=1, think=Think.OFF
    )
    async with aclosing(events) as coming:  # type: ignore[type-var] # a generator, typed as an iterator
        async for event in coming:
            if isinstance(event, TextDelta):
                said += event.text
                if len(said) > _LONGEST:
                    raise _TooLong
            elif isinstance(event, Done):
                if event.finish_reason is not FinishReason.STOP:
                    raise _TooLong
                named = event.model
    return said.strip(' \n"“”'), named

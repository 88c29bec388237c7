"""One segment asked of a model: the prompt of its family, the answer read, and once more if unfit."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hinterland.batch.answering import answered
from hinterland.engine.protocol import (
    Engine,
    FinishReason,
    Message,
    Priority,
    Request,
    Think,
)
from hinterland.plugins.languages import Language
from hinterland.plugins.translation.pipeline.outcome import Flag, Outcome, Tally
from hinterland.plugins.translation.profiles import Profile, Prompts
from hinterland.plugins.translation.segments import (
    Masked,
    Segment,
    Style,
    Trouble,
    Unfit,
    mask,
    read_answer,
)
from hinterland.plugins.translation.terms import Term, TermBase
from hinterland.plugins.translation.units import text_of

_STYLES = (Style.TAGS, Style.BRACKETS)
"""How marks are written at the first and at the second try."""
LAST_STYLE = _STYLES[-1]
"""How they are in what a model said last."""
_SHORTEST_ANSWER, _LONGEST_BY_CHARACTER = 64, 2
"""Tokens that an answer may have: so many, and so many more for each character that is asked for;
scripts that a model knows badly take more than one token for a character."""
_SECOND_TEMPERATURE = 0.3
"""The second try of a family that is asked without chance."""


class Pair(msgspec.Struct, frozen=True):
    """What is translated from and into."""

    source: Language
    target: Language


class Asking:
    """Asks for segments of one pair of languages, in the way of one family of models."""

    def __init__(
        self,
        pair: Pair,
        profile: Profile,
        terms: TermBase | None = None,
        *,
        model: str | None = None,
        temperature: float | None = None,
        tally: Tally,
    ) -> None:
        self.pair = pair
        self._profile = profile
        self._prompts = profile.prompts_for(pair.source.code, pair.target.code)
        self._terms = terms
        self._model = model
        self._sampling = profile.sampling
        if temperature is not None:
            self._sampling = msgspec.structs.replace(self._sampling, temperature=temperature)
        self.tally = tally

    def wants_neighbours(self, text: str) -> bool:
        """Whether a model is told what stands around a text: see `Profile.neighbours_below`."""
        return len(text) < self._profile.neighbours_below

    async def translate(self, engine: Engine, segment: Segment, context: str) -> Outcome:
        """Return what becomes of a segment; raises EngineError, and what else an engine fails with."""
        wanted = self._terms.matching(text_of(segment.parts)) if self._terms else ()
        self.tally.asked += 1
        flag: Flag | None = None
        said = ""
        for number, style in enumerate(_STYLES):
            masked = mask(segment, style)
            self.tally.again += number
            said, was_cut = await self._said(
                engine, self._request(masked, wanted, "" if number else context, again=bool(number))
            )
            try:
                parts = read_answer(
                    masked,
                    said,
                    self.pair.source,
                    self.pair.target,
                    was_cut=was_cut,
                    lenient=self._profile.lenient,
                )
                self._check_terms(wanted, text_of(parts))
            except Unfit as unfit:
                flag = Flag(unfit.kind.value, unfit.sentence)
            else:
                return Outcome(segment, parts)
        return Outcome(segment, None, flag, said)

    async def _said(self, engine: Engine, request: Request) -> tuple[str, bool]:
        """Return an answer, and whether it was cut off."""
        text, _reasoning, end = await answered(engine, request)
        tally = self.tally
        tally.prompt_ms += end.timings.prompt_ms
        tally.written_ms += end.timings.predicted_ms
        tally.prompt_tokens += end.usage.prompt_tokens
        tally.cached_tokens += end.usage.cached_tokens
        tally.written_tokens += end.usage.completion_tokens
        return text, end.finish_reason is FinishReason.LENGTH

    def _check_terms(self, wanted: Sequence[Term], translated: str) -> None:
        if not wanted or self._terms is None:
            return
        if missing := self._terms.missing(wanted, translated):
            names = ", ".join(f"{each.source} → {each.target}" for each in missing)
            raise Unfit(Trouble.TERM, f"It does not use the terms prescribed: {names}.")

    def _request(
        self, masked: Masked, wanted: Sequence[Term], context: str, *, again: bool
    ) -> Request:
        said = prompt(self._prompts, self.pair, masked, wanted, context)
        length = _SHORTEST_ANSWER + _LONGEST_BY_CHARACTER * len(masked.text)
        sampling = msgspec.structs.replace(self._sampling, max_tokens=length)
        if again and not sampling.temperature:
            sampling = msgspec.structs.replace(sampling, temperature=_SECOND_TEMPERATURE, seed=1)
        return Request(
            said,
            self._model,
            sampling,
            priority=Priority.BATCH,
            think=Think.OFF,
            usual=True,
        )


def prompt(
    prompts: Prompts, pair: Pair, masked: Masked, wanted: Sequence[Term], context: str
) -> tuple[Message, ...]:
    """Return what a model is told to translate a text; terms go before marks before context where
    a family has no prompt for several."""
    listed = "\n".join(
        prompts.term.format(source_term=each.source, target_term=each.target) for each in wanted
    )
    if listed and prompts.terms:
        form = prompts.terms
    elif masked.marks and prompts.marked:
        form = prompts.marked
    elif context and prompts.context:
        form = prompts.context
    else:
        form = prompts.plain
    source, target = pair.source, pair.target
    fields = {
        "text": masked.text,
        "source": prompts.names.get(source.code, source.name),
        "target": prompts.names.get(target.code, target.name),
        "source_code": source.code,
        "target_code": target.code,
        "terms": listed,
        "context": context,
    }
    said = Message("user", form.format(**fields))
    if not (context and prompts.background):
        return (said,)
    return Message("system", prompts.background.format(**fields)), said

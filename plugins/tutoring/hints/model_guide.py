"""A model that looks at the pupil's work, picks one of the lesson's hints, and says it in other words.

Whatever a model says is held against `fitness`; what is unfit, late or not to be had gives way to the
lesson's own hint, which no pupil can tell from one that was meant. `counts` tells it to the teacher.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import msgspec

from hinterland.engine.protocol import (
    Done,
    Engine,
    Event,
    Failed,
    FinishReason,
    Request,
    Sampling,
    TextDelta,
)
from hinterland.errors import EngineError, HinterlandError, ModelError, by_name
from hinterland.plugins.tutoring.hints import asking, explaining, fitness, ladder, masking
from hinterland.plugins.tutoring.hints.fitness import Reason
from hinterland.plugins.tutoring.hints.guide import Hint, Work
from hinterland.plugins.tutoring.lessons import Lesson, Posed
from hinterland.sentences import sentence
from hinterland.text import clean

DEADLINE = 8.0
"""Seconds that a pupil waits for a hint at most; then the lesson's own is given."""
PATIENCE = 120.0
"""Seconds that a model may take to be loaded, while the lesson's own hints are given."""
_LATE_AT_MOST = 3
"""Hints that come too late one after another; then no model is asked any more."""
_FEWEST_LETTERS = 12
"""Letters of its own that a hint must have to be worth other words."""
_LONGEST = 4000
"""Characters at which a model that does not end is left."""


_LABEL = re.compile(r"(?:Hint|You, in \w+): ")
"""What a model repeats of its prompt."""


class ModelGuide:
    """Asks a model which hint fits, and for other words; where that fails it is the lesson's ladder."""

    def __init__(
        self,
        engine: Engine,
        model: str | None = None,
        *,
        deadline: float = DEADLINE,
        patience: float = PATIENCE,
    ) -> None:
        self._engine = engine
        self._patience = patience
        self._model = model
        self._deadline = deadline
        self._late = 0
        self._warming: asyncio.Task[None] | None = None
        self.trouble = ""
        """Why no model is asked any more, as a sentence; "" while one is."""
        self.counts: Counter[str] = Counter()
        """How many hints were `reworded`, and why others were not: see `fitness.Reason`."""

    async def hint(self, posed: Posed, work: Work, unused: Sequence[int]) -> Hint:
        """Return one of the hints in `unused`, which is not empty; raises nothing for what an engine
        or a model does wrong."""
        picked = [ladder.rung(posed, work, unused)]
        if self.trouble or (self._warming is not None and not self._warming.done()):
            self._count(Reason.ENGINE if self.trouble else Reason.LATE)
            return _own(posed, picked[0])
        try:
            async with asyncio.timeout(self._deadline):
                hint = await self._asked(posed, work, unused, picked)
            self._late = 0
        except TimeoutError:
            self._count(Reason.LATE)
            self._late += 1
            if self._late >= _LATE_AT_MOST:
                self.trouble = sentence(_too_slow())
            elif self._warming is None:
                # A model that is being loaded is late once: it is given time, and nobody waits.
                self._warming = asyncio.create_task(self.warm())
            return _own(posed, picked[0])
        except HinterlandError as error:
            self._count(Reason.ENGINE)
            if isinstance(error, EngineError | ModelError):
                self.trouble = sentence(error)
            return _own(posed, picked[0])
        return hint

    async def warm(self) -> None:
        """Have the model in memory before somebody waits for it; raises nothing for what an engine
        does wrong."""
        masked = masking.Masked("", ())
        try:
            async with asyncio.timeout(self._patience):
                request = await asyncio.to_thread(asking.to_reword, masked, "en", self._model)
                await self._said(msgspec.structs.replace(request, sampling=Sampling(max_tokens=1)))
        except TimeoutError:
            self.trouble = sentence(_too_slow())
        except HinterlandError as error:
            self.trouble = sentence(error)

    async def explain(self, lesson: Lesson, question: str) -> AsyncGenerator[str]:
        """Yield a model's answer to a question about a lesson, piece by piece, in the lesson's language.

        For times without an open exercise: nothing is held back. Raises what an engine fails with.
        """
        request = await asyncio.to_thread(explaining.to_explain, lesson, question, self._model)
        async with aclosing(self._events(request)) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    yield clean(event.text)

    async def _asked(
        self, posed: Posed, work: Work, unused: Sequence[int], picked: list[int]
    ) -> Hint:
        """Return a hint in a model's words; what it picked stands in `picked` even if it then fails."""
        among = ladder.choices(posed, unused)
        if len(among) > 1 and (work.answers or work.working):
            request = await asyncio.to_thread(asking.to_choose, posed, work, among, self._model)
            said, _ = await self._said(request)
            picked[0] = _found(asking.chosen(said, among), picked[0])
        index = picked[0]
        text = await self._reworded(posed, posed.hints[index])
        if isinstance(text, Reason):
            self._count(text)
            return _own(posed, index)
        self._count("reworded")
        return Hint(index, text, reworded=True)

    async def _reworded(self, posed: Posed, own: str) -> str | Reason:
        masked = masking.mask(own, posed)
        if masked is None or _letters(masking.bare(masked.text)) < _FEWEST_LETTERS:
            return Reason.NOTHING
        request = await asyncio.to_thread(asking.to_reword, masked, posed.language, self._model)
        said, whole = await self._said(request)
        if not whole:
            return Reason.CUT
        return fitness.checked(_unwrapped(said), masked, posed)

    async def _said(self, request: Request) -> tuple[str, bool]:
        """Return an answer and whether it came to its end; raises what it failed with."""
        words: list[str] = []
        async with aclosing(self._events(request)) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    words.append(event.text)
                    if sum(map(len, words)) > _LONGEST:
                        break
                elif isinstance(event, Done):
                    return "".join(words), event.finish_reason is FinishReason.STOP
        return "".join(words), False

    async def _events(self, request: Request) -> AsyncGenerator[Event]:
        """Yield the events of an answer up to Done; raises what it failed with. Leaving cancels it."""
        stream = self._engine.stream(request)
        async with aclosing(stream) as events:  # type: ignore[type-var] # a generator, typed as an iterator
            async for event in events:
                if isinstance(event, Failed):
                    raise by_name(event.kind, event.message, event.hint)
                yield event
                if isinstance(event, Done):
                    return
        raise EngineError("The engine ended without an answer.", "Ask again.")

    def _count(self, what: str) -> None:
        self.counts[str(what)] += 1


def _own(posed: Posed, index: int) -> Hint:
    return Hint(index, posed.hints[index])


def _found(chosen: int | None, otherwise: int) -> int:
    return otherwise if chosen is None else chosen


def _letters(text: str) -> int:
    return sum(each.isalpha() for each in text)


def _unwrapped(said: str) -> str:
    """Return what a model said as one paragraph, without quotation marks around it."""
    text = _LABEL.sub("", clean(said).strip())
    for opening, closing in ('""', "“”", "«»"):
        inner = text[1:-1]
        if text[:1] == opening and text[-1:] == closing and not {opening, closing} & set(inner):
            text = inner.strip()
    return text


def _too_slow() -> EngineError:
    return EngineError(
        "The model takes too long for hints.", "The lesson's own hints are given from now on."
    )

"""A summary of old turns, asked of the model in as many steps as the window makes necessary.

The turns are sent as they were said and the question for a summary after them, so that an engine
which still knows them has only the question to read. What does not fit at once is summarised piece
by piece, each with the summary of all before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from hinterland.engine.protocol import Engine, Request, Sampling, Think
from hinterland.errors import ContextError
from hinterland.prompts import Prompt
from hinterland.turns import Turn, messages, new_id
from hinterland.window import count, longest_summary

_TEMPERATURE = 0.3
_WORDS_PER_TOKEN = 0.5
"""Asked for; a model that says more reaches the limit of tokens, and its summary is marked."""
_LEAST_PART = 16  # characters; a window that holds no more cannot be worked in


class Summarising:
    """The steps to a summary of `going`; `request` says whom to ask and how, with no turns in it.

    For each `step` that is returned the answer has to be put into `summary` before the next.
    """

    def __init__(
        self,
        engine: Engine,
        request: Request,
        going: Sequence[Turn],
        prompt: Prompt,
        urls: Mapping[str, str],
    ) -> None:
        self.summary = ""
        self.question = ""
        """What the model is asked, without what a step adds: the summary is kept as the answer to it."""
        self._engine = engine
        self._request = request
        self._system = next((m.content for m in request.messages if m.role == "system"), None)
        self._rest = list(going)
        self._part = ""
        self._urls = urls
        self._prompt = prompt
        self._thinks = any(turn.reasoning for turn in going)

    async def step(self) -> Request | None:
        """Return the next request; None when all is summarised. Raises HinterlandError."""
        if self.done:
            return None
        counted = await count(self._engine, self._with(self._rest, self._part, 0))
        context = counted.context
        if context is None:
            turns, self._rest = self._rest, []
            return self._with(turns, "", longest_summary(1 << 20))
        summary = longest_summary(context, counted.prompt_tokens)
        most = summary + (context // 4 if self._thinks else 0)
        limit = context - most
        if not self._part:
            number = await self._fitting(summary, limit)
            if number:
                turns, self._rest = self._rest[:number], self._rest[number:]
                return self._with(turns, "", summary, most)
            turn = self._rest.pop(0)
            self._part = f"{turn.shown_prompt}\n\n{turn.answer}"
        return self._with([], await self._next_part(summary, limit), summary, most)

    @property
    def done(self) -> bool:
        """Whether no step is left."""
        return not self._rest and not self._part

    async def _fitting(self, summary: int, limit: int) -> int:
        """Return how many of the turns that are left can be read at once."""
        low, high = 0, len(self._rest)
        while low < high:
            middle = (low + high + 1) // 2
            counted = await count(self._engine, self._with(self._rest[:middle], "", summary))
            if (counted.prompt_tokens or 0) <= limit:
                low = middle
            else:
                high = middle - 1
        return low

    async def _next_part(self, summary: int, limit: int) -> str:
        size = len(self._part)
        while True:
            counted = await count(self._engine, self._with([], self._part[:size], summary))
            tokens = counted.prompt_tokens or 0
            if tokens <= limit:
                break
            size = min(size * limit // tokens, size * 9 // 10)
            if size < _LEAST_PART:
                raise ContextError(
                    "The window is too small to summarise in.", "Drop the old turns instead."
                )
        part, self._part = self._part[:size], self._part[size:]
        return part

    def _with(
        self, turns: Sequence[Turn], part: str, summary: int, max_tokens: int | None = None
    ) -> Request:
        words = max(20, int(summary * _WORDS_PER_TOKEN))
        self.question = self._prompt.render(words=words, part="", summary="")
        question = self._prompt.render(words=words, part=part, summary=self.summary)
        return msgspec.structs.replace(
            self._request,
            messages=messages(turns, self._system, question, (), self._urls),
            sampling=Sampling(
                max_tokens=max_tokens or summary,
                temperature=_TEMPERATURE,
                seed=self._request.sampling.seed,
            ),
            think=Think.OFF,
            turn_id=new_id(),
        )

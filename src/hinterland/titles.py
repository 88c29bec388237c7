"""A short title that the model makes of a conversation when it has nothing else to do.

The question stands after what was said, so that the engine has only the question to read and still
knows the conversation afterwards.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from hinterland import prompts
from hinterland.engine.protocol import (
    COMPLETE,
    Done,
    Engine,
    FinishReason,
    Message,
    Priority,
    Request,
    Sampling,
    TextDelta,
    Think,
)
from hinterland.errors import HinterlandError
from hinterland.text import clean_line
from hinterland.turns import Turn, messages, new_id

if TYPE_CHECKING:
    from pathlib import Path

MOST_TOKENS = 12
"""A title that is longer is cut at its last whole word."""
_LONGEST = 60  # characters
_PATIENCE = 0.3
"""Seconds that a prompt waits at most for the end of a title that was being made."""
_TEMPERATURE = 0.2

_ROUND = " \t#*_`~\"'“”„‘’«»‹›「」『』《》<>()[]-–—:："
_END = ".。．!！…"
_SAID_FIRST = re.compile(r"(?i)\W*(?:title|titel|titre|título|titolo|标题|標題|题目)\W*[:：]")
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")


class Titling:
    """The making of a title of what was said; raises ConfigError for a prompt file of the user's own
    that cannot be used."""

    def __init__(
        self,
        engine: Engine,
        said: Sequence[Turn],
        system: str | None,
        model: str | None,
        config_folder: Path | None,
    ) -> None:
        prompt = prompts.load("title", config_folder)
        question = prompt.render(beginning=beginning(said[0].prompt))
        self._question = prompt.render(beginning="")
        self._request = request(messages(said, system, question), model)
        self._engine = engine
        self._over = asyncio.Event()

    async def title(self) -> str | None:
        """Return what the model made, "" where it cannot be used; None when it did not come to it."""
        said, end = "", FinishReason.FAILED
        try:
            async for event in self._engine.stream(self._request):
                if isinstance(event, TextDelta):
                    said += event.text
                elif isinstance(event, Done):
                    end = event.finish_reason
        finally:
            self._over.set()
        if end not in COMPLETE:
            return None
        return cleaned(said, self._question, cut=end is FinishReason.LENGTH)

    async def stop(self) -> None:
        """End it, so that the slot that holds the conversation is free."""
        with suppress(HinterlandError, TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                await self._engine.cancel(self._request.turn_id or "")
                await self._over.wait()


def beginning(prompt: str) -> str:
    """Return as much of the first prompt as says in which language it is: small models go by that."""
    words = (line for line in reversed(prompt.splitlines()) if line.strip())
    return clean_line(next(words, ""), _LONGEST)


def request(said: tuple[Message, ...], model: str | None) -> Request:
    """Return the request for a title of what was `said`, whose last message asks for it; it is
    refused unless the model is in memory and idle."""
    return Request(
        said,
        model=model,
        sampling=Sampling(max_tokens=MOST_TOKENS, temperature=_TEMPERATURE),
        priority=Priority.BATCH,
        think=Think.OFF,
        turn_id=new_id(),
        when_idle=True,
    )


def cleaned(said: str, question: str, *, cut: bool = False) -> str:
    """Return the title in what a model said; empty when there is none.

    `question` is how it was asked, which some models only repeat; `cut` says that the limit of
    tokens ended it.
    """
    line = next((line for line in said.split("\n") if line.strip(_ROUND + _END)), "")
    whole_line = line != said.rstrip("\n").split("\n")[-1]
    line = _SAID_FIRST.sub("", clean_line(line), count=1)
    if cut and not whole_line and not _UNSPACED.search(line[-1:]):
        line = line.rpartition(" ")[0]
    title = line.strip(_ROUND).rstrip(_END).strip(_ROUND)
    title = title.replace("**", "").replace("\N{REPLACEMENT CHARACTER}", "")
    letters = sum(character.isalnum() for character in title)
    if letters < 2 or title.casefold() in question.casefold():
        return ""
    return clean_line(title, _LONGEST)

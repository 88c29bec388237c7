"""Two models answer the same prompt, and whoever reads the answers cannot tell which is whose."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence

import msgspec

from hinterland.api import connect, told_before
from hinterland.engine.protocol import Done, Event, TextDelta


class Side(msgspec.Struct, frozen=True):
    """One answer."""

    model: str
    text: str
    seconds: float
    """From the first word it was asked until its last, the model being in memory."""
    tokens: int
    was_cut: bool
    """Whether it ran into the longest length."""


class Bout(msgspec.Struct, frozen=True):
    """The answers in the order they are shown in, which is drawn anew each time."""

    first: Side
    second: Side


async def fight(
    models: tuple[str, str],
    prompt: str,
    *,
    system: str | None = None,
    max_tokens: int | None = None,
    temperature: float | None = None,
    told: Callable[[Event], None] = lambda event: None,
    chance: random.Random | None = None,
) -> Bout:
    """Return what two models say to a prompt, one asked after the other. `told` hears events that
    tell nothing of either. Raises what asking raises."""
    drawn = chance or random.SystemRandom()
    order = list(models)
    drawn.shuffle(order)
    sides = [await _asked(model, prompt, system, max_tokens, temperature, told) for model in order]
    drawn.shuffle(sides)
    return Bout(*sides)


def pair(models: Sequence[str], met: Callable[[str, str], int]) -> tuple[str, str]:
    """Return the two of at least two models that have been compared least, by chance among several."""
    pairs = [(one, other) for at, one in enumerate(models) for other in models[at + 1 :]]
    fewest = min(met(*each) for each in pairs)
    return random.SystemRandom().choice([each for each in pairs if met(*each) == fewest])


async def _asked(
    model: str,
    prompt: str,
    system: str | None,
    max_tokens: int | None,
    temperature: float | None,
    told: Callable[[Event], None],
) -> Side:
    words: list[str] = []
    started = 0.0
    events = connect(model, told=told_before).stream(
        prompt, system=system, max_tokens=max_tokens, temperature=temperature
    )
    async for event in events:
        if isinstance(event, TextDelta):
            words.append(event.text)
        elif isinstance(event, Done):
            timings = event.timings
            seconds = (timings.prompt_ms + timings.predicted_ms) / 1000
            return Side(
                model,
                "".join(words),
                seconds or time.monotonic() - started,
                event.usage.completion_tokens,
                event.finish_reason.value == "length",
            )
        else:
            started = started or time.monotonic()
            told(event)
    raise AssertionError("an answer ends with Done or an error")

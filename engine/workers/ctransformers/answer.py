"""One answer, step by step: every step computes for a moment, and between two of them a caller who
went away is noticed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hinterland.engine.protocol import FinishReason, Sampling
from hinterland.engine.workers.ctransformers.model import LegacyModel
from hinterland.engine.workers.ctransformers.text_flow import TextFlow


@dataclass(frozen=True)
class Read:
    """So many tokens of the prompt are read; the first `cached` of them were in memory."""

    done: int
    total: int
    cached: int
    milliseconds: float


@dataclass(frozen=True)
class Said:
    """A token was chosen; `text` is what is certain of the answer by it, often nothing."""

    text: str


@dataclass(frozen=True)
class Finished:
    """The answer's end: token counts, and milliseconds of reading and of writing."""

    reason: FinishReason
    prompt_tokens: int
    cached: int
    completion_tokens: int
    prompt_ms: float
    predicted_ms: float


Step = Read | Said | Finished


def answer(
    model: LegacyModel, prompt: Sequence[int], sampling: Sampling, flow: TextFlow
) -> Iterator[Step]:
    """Yield the steps of an answer to `prompt`, which must leave room in the context.

    Raises RuntimeError when the engine fails.
    """
    started = time.monotonic()
    cached = -1
    for done in model.read(prompt):
        cached = done if cached < 0 else cached
        yield Read(done, len(prompt), cached, _since(started))
    prompt_ms = _since(started)
    room = model.context - len(prompt)
    limit = min(sampling.max_tokens or room, room)
    sampler = model.sampler(sampling)
    written = time.monotonic()
    reason, said = FinishReason.LENGTH, 0
    while said < limit:
        token = sampler.next()
        said += 1
        if model.ends(token):
            reason = FinishReason.STOP
            break
        text = flow.feed(model.bytes_of(token))
        if flow.stopped:
            reason = FinishReason.STOP
            yield Said(text)
            break
        yield Said(text)
        if said < limit:
            model.go_on([token])
    if rest := flow.end():
        yield Said(rest)
    yield Finished(reason, len(prompt), cached, said, prompt_ms, _since(written))


def _since(moment: float) -> float:
    return (time.monotonic() - moment) * 1000

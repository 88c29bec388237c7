"""How fast an engine is on this box, as a caller sees it, and which threads and program suit it."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

from hinterland.engine import requests
from hinterland.engine.client import EngineClient
from hinterland.engine.events import EventParser
from hinterland.engine.memory import resident_bytes
from hinterland.engine.protocol import Done, Event, Failed, Message, Request, Sampling, TextDelta
from hinterland.engine.service.worker_process import WorkerProcess, own_socket
from hinterland.engine.workers.spec import WorkerSpec
from hinterland.errors import EngineError, InputError, by_name
from hinterland.machine import cores

_WORDS = "river mill stone bread water light door field horse winter letter garden "
_PREFILL_WORDS = 400
_DECODE_TOKENS = 64


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Medians over `runs`; seconds, tokens per second and bytes."""

    model: str
    threads: int
    runs: int
    first_token_cold: float | None
    """From no engine at all to the first token; None when that was not measured."""
    first_token_warm: float
    prefill_tokens: int
    prefill_per_second: float
    decode_per_second: float
    service_bytes: int | None
    worker_bytes: int | None
    client_bytes: int | None


class ThreadFigure(msgspec.Struct, frozen=True):
    threads: int
    prefill_per_second: float
    decode_per_second: float
    program: str = ""
    """The llama-server that was measured; empty for the bundled llama.cpp."""


async def measure(client: EngineClient, model: str | None, runs: int, *, cold: bool) -> Figures:
    """Return what asking `model` through the service costs; raises what the engine raises.

    With `cold` the engine must not be running: the first question then starts it.
    """
    first, _ = await timed(client.stream(_request(model, "Say hello.", 1)))
    warm = [(await timed(client.stream(_request(model, f"Say {n}.", 1))))[0] for n in range(runs)]
    # A number at the front keeps the prefix cache from answering for the engine.
    prefill = [
        (await timed(client.stream(_request(model, f"{n} " + long_prompt(), 1))))[1]
        for n in range(runs)
    ]
    decode = [
        (await timed(client.stream(_request(model, "Tell a long story.", _DECODE_TOKENS))))[1]
        for _ in range(runs)
    ]
    status = await client.status()
    name = prefill[0].model
    worker = next((w for w in status.workers if w.model == name), None) if status else None
    return Figures(
        model=name,
        threads=worker.threads if worker else 0,
        runs=runs,
        first_token_cold=first if cold else None,
        first_token_warm=statistics.median(warm),
        prefill_tokens=prefill[0].usage.prompt_tokens,
        prefill_per_second=statistics.median(d.timings.prompt_per_second for d in prefill),
        decode_per_second=statistics.median(d.timings.predicted_per_second for d in decode),
        service_bytes=status.resident_bytes if status else None,
        worker_bytes=worker.resident_bytes if worker else None,
        client_bytes=resident_bytes(os.getpid()),
    )


async def tune(spec: WorkerSpec, folder: Path, runs: int) -> AsyncIterator[ThreadFigure]:
    """Yield the speed of `spec` for each sensible thread count on this box, fewest first.

    Each count gets a worker of its own, without the service; `folder` holds its socket.
    """
    if spec.kind == "echo":
        raise InputError("The echo engine has no threads to tune.", "Name a model with -m.")
    if spec.kind == "ctransformers":  # what suits it says nothing of the models of llama.cpp
        raise InputError(
            f"{spec.model} is run by ctransformers, which is not tuned.",
            "`hint config set engine.threads …` sets its threads, or name another model with -m.",
        )
    for number, threads in enumerate(thread_counts(cores()), start=1):
        socket = str(own_socket(folder, 1000 + number))
        worker = WorkerProcess(msgspec.structs.replace(spec, threads=threads, socket=socket))
        try:
            await worker.ready
            done = [
                (await timed(direct(worker, f"{n} " + long_prompt(), _DECODE_TOKENS)))[1]
                for n in range(runs)
            ]
        finally:
            await worker.stop()
        yield ThreadFigure(
            threads,
            statistics.median(d.timings.prompt_per_second for d in done),
            statistics.median(d.timings.predicted_per_second for d in done),
            spec.program,
        )


def thread_counts(cores: int) -> list[int]:
    """Return the thread counts worth trying: 1, 2, 3 and 4, then in steps of a third, and all."""
    counts = {min(n, cores) for n in (1, 2, 3, 4, cores)}
    step = 4
    while step < cores:
        counts.add(step)
        step = max(step + 1, step * 4 // 3)
    return sorted(counts)


def best(figures: list[ThreadFigure]) -> ThreadFigure:
    """Return the figure with the least time for a usual answer: 300 tokens read, 200 written.

    A native program has to be 5 % faster than the bundled one: that is more than a quiet box's noise.
    """

    def cost(figure: ThreadFigure) -> float:
        seconds = 300 / figure.prefill_per_second + 200 / figure.decode_per_second
        return seconds * (1.05 if figure.program else 1)

    return min(figures, key=cost)


def _request(model: str | None, prompt: str, tokens: int) -> Request:
    return Request((Message("user", prompt),), model, Sampling(max_tokens=tokens, seed=1))


def long_prompt() -> str:
    """Return some 400 words, which tokenizers for English make as many tokens of."""
    return (_WORDS * (_PREFILL_WORDS // len(_WORDS.split()) + 1)).strip()


async def direct(worker: WorkerProcess, prompt: str, tokens: int) -> AsyncIterator[Event]:
    """Yield the events of an answer straight from a worker, without the service."""
    parser = EventParser()
    order = requests.decode(requests.encode(_request(worker.spec.model, prompt, tokens)))
    async for piece in worker.chat(msgspec.json.encode(order.body)):
        for event in parser.feed(piece):
            yield event


async def timed(events: AsyncIterator[Event]) -> tuple[float, Done]:
    """Return the seconds to the first token, and the end of the answer."""
    started = time.perf_counter()
    first: float | None = None
    async for event in events:
        if isinstance(event, TextDelta) and first is None:
            first = time.perf_counter() - started
        elif isinstance(event, Failed):
            raise by_name(event.kind, event.message, event.hint)
        elif isinstance(event, Done):
            return first if first is not None else time.perf_counter() - started, event
    raise EngineError("The engine ended without an answer.", "See `hint engine logs`.")

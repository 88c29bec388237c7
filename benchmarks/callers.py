"""What eight callers at once get out of one engine, against one: tokens a second in all, and memory.

Each caller has 2,048 tokens of context. One and eight are measured in turn on the same engine, which
has room for eight, and only what was written while all of them were writing counts: reading prompts
is another figure. The engine is the one in the settings (`engine.server`). Its memory is also
compared with that of an engine that has room for one only: what the room itself costs is the KV
cache, which llama.cpp takes as a whole when it starts.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path

import msgspec

from hinterland import config, worker_specs
from hinterland.engine import bench
from hinterland.engine.memory import resident_bytes
from hinterland.engine.protocol import Failed, TextDelta
from hinterland.engine.service.worker_process import WorkerProcess, own_socket
from hinterland.engine.workers.spec import WorkerSpec
from hinterland.errors import by_name
from hinterland.paths import find

MODELS = ("smollm2-135m", "qwen2.5-coder-0.5b")
CONTEXT = 2048
CALLERS = 8


async def one(worker: WorkerProcess, prompt: str, tokens: int) -> list[float]:
    """Return when each token came."""
    came: list[float] = []
    async for event in bench.direct(worker, prompt, tokens):
        if isinstance(event, TextDelta):
            came.append(time.perf_counter())
        elif isinstance(event, Failed):
            raise by_name(event.kind, event.message, event.hint)
    return came


async def together(
    worker: WorkerProcess, callers: int, turn: int, words: int, tokens: int
) -> float:
    """Return tokens a second of all callers, from the last one's first token to the first's last."""
    filler = " ".join(["river mill stone"] * (words // 3))
    prompts = [
        f"{turn} {n}: tell a long story about a {filler or 'river'}." for n in range(callers)
    ]
    answers = await asyncio.gather(*(one(worker, prompt, tokens) for prompt in prompts))
    begin, end = max(came[0] for came in answers), min(came[-1] for came in answers)
    return sum(begin < moment <= end for came in answers for moment in came) / (end - begin)


async def room_for(spec: WorkerSpec, slots: int, folder: str) -> WorkerProcess:
    """Return a ready worker with room for so many callers."""
    socket = str(own_socket(Path(folder), slots))
    worker = WorkerProcess(
        msgspec.structs.replace(spec, slots=slots, context=CONTEXT, socket=socket)
    )
    await worker.ready
    return worker


def resident(worker: WorkerProcess) -> float:
    return (resident_bytes(worker.status().pid) or 0) / 1e6


async def measure(model: str, runs: int, words: int, tokens: int) -> dict[str, object]:
    paths = find()
    spec = worker_specs.resolver(paths, config.load(paths.config_file))(model)
    rates: dict[int, list[float]] = {1: [], CALLERS: []}
    with tempfile.TemporaryDirectory() as folder:
        small = await room_for(spec, 1, folder)
        await together(small, 1, 0, words, tokens)
        alone = resident(small)
        await small.stop()
        worker = await room_for(spec, CALLERS, folder)
        try:
            await together(worker, 1, 0, words, tokens)
            with_one = resident(worker)
            for turn in range(1, runs + 1):
                for callers, found in rates.items():
                    found.append(await together(worker, callers, turn, words, tokens))
            with_all = resident(worker)
        finally:
            await worker.stop()
    one_rate, all_rate = (statistics.median(rates[callers]) for callers in (1, CALLERS))
    ratios = [b / a for a, b in zip(rates[1], rates[CALLERS], strict=True)]
    engine = f"{spec.kind} {spec.program}".strip()
    print(f"{model}, {engine}, {spec.threads} threads, {CONTEXT} tokens of context each")
    print(f"  tokens/s     1 caller {one_rate:.1f}   {CALLERS} callers {all_rate:.1f}   "
          f"ratio {statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})")  # fmt: skip
    print(f"  resident MB  1 caller {with_one:.0f}   {CALLERS} callers {with_all:.0f}   "
          f"ratio {with_all / with_one:.2f}")  # fmt: skip
    print(f"  an engine with room for one holds {alone:.0f} MB: {with_all / alone:.2f} times that")
    return {
        "model": model,
        "engine": engine,
        "threads": spec.threads,
        "rates": rates,
        "resident_mb": {"room for one": alone, "one caller": with_one, "all callers": with_all},
    }


def main() -> None:
    """Print a block for each model, then all as JSON."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("-m", "--model", action="append", dest="models", help="May be repeated.")
    options.add_argument("--runs", type=int, default=3)
    options.add_argument(
        "--words", type=int, default=0, help="Words of prompt besides the question."
    )
    options.add_argument("--tokens", type=int, default=160, help="Written by each caller.")
    chosen = options.parse_args()
    models = chosen.models or MODELS

    async def all_of_them() -> list[dict[str, object]]:
        return [await measure(m, chosen.runs, chosen.words, chosen.tokens) for m in models]

    print(json.dumps(asyncio.run(all_of_them())))


if __name__ == "__main__":
    main()

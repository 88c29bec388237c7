"""One model on every engine of this box, in one run: the bundled llama.cpp, the llama-server that
`hint engine build` made, and llama-bench of the same build, which has no server around it.

Prompt reading and writing are measured in turn, A B C A B C: the machine's speed drifts. Both
workers hold the model meanwhile. llama-bench is given as many tokens as the others read.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import tempfile
from pathlib import Path

import msgspec

from hinterland import config, worker_specs
from hinterland.engine import bench, programs
from hinterland.engine.protocol import Done
from hinterland.engine.service.worker_process import WorkerProcess, own_socket
from hinterland.engine.workers.spec import WorkerSpec, bundled
from hinterland.paths import Paths, find

MODEL = "qwen2.5-coder-0.5b"
WRITTEN = 64  # tokens


async def asked(worker: WorkerProcess, turn: str) -> Done:
    """Ask once; `turn` at the front keeps the prefix cache from answering."""
    _, done = await bench.timed(bench.direct(worker, f"{turn} {bench.long_prompt()}", WRITTEN))
    return done


def raw(program: Path, spec: WorkerSpec, read: int) -> tuple[float, float]:
    """Return what llama-bench says: tokens read and written a second."""
    command = [str(program), "-m", spec.path, "-t", str(spec.threads), "-r", "1", "-o", "json"]
    command += ["-p", str(read), "-n", str(WRITTEN)]
    told = subprocess.run(command, check=True, capture_output=True, text=True)
    rows = {bool(row["n_prompt"]): row["avg_ts"] for row in json.loads(told.stdout)}
    return rows[True], rows[False]


async def measure(paths: Paths, model: str, runs: int, threads: int | None) -> None:
    settings = config.load(paths.config_file)
    resolved = worker_specs.resolver(paths, settings)(model)
    ours = bundled(msgspec.structs.replace(resolved, threads=threads or resolved.threads, slots=1))
    built = programs.built(paths)
    figures: dict[str, list[tuple[float, float]]] = {"bundled": []}
    with tempfile.TemporaryDirectory() as folder:
        workers = {"bundled": start(ours, folder, 1)}
        if built.exists():
            workers["built"] = start(worker_specs.run_by(str(built), ours), folder, 2)
            figures |= {"built": [], "llama-bench": []}
        try:
            await asyncio.gather(*(worker.ready for worker in workers.values()))
            read = 0
            for turn in range(runs + 1):  # the first is not counted
                for name, worker in workers.items():
                    done = await asked(worker, f"{turn}")
                    read = done.usage.prompt_tokens
                    pair = (done.timings.prompt_per_second, done.timings.predicted_per_second)
                    figures[name].append(pair)
                if built.exists():
                    beside = built.with_name("llama-bench")
                    figures["llama-bench"].append(await asyncio.to_thread(raw, beside, ours, read))
        finally:
            for worker in workers.values():
                await worker.stop()
    report(ours, {name: pairs[1:] for name, pairs in figures.items()}, read)
    if not built.exists():
        print("Nothing was built here: `hint engine build` first, for the other two columns.")


def start(spec: WorkerSpec, folder: str, number: int) -> WorkerProcess:
    socket = str(own_socket(Path(folder), number))
    return WorkerProcess(msgspec.structs.replace(spec, socket=socket))


def report(spec: WorkerSpec, figures: dict[str, list[tuple[float, float]]], read: int) -> None:
    print(f"{spec.model}, {spec.threads} threads, {read} tokens read, {WRITTEN} written; tokens/s")
    print(f"{'':<14}{'prefill':>28}{'decode':>28}")
    rows = []
    for name, pairs in figures.items():
        series = list(zip(*pairs, strict=True))
        cells = [
            f"{statistics.median(each):.1f} ({min(each):.1f}–{max(each):.1f})" for each in series
        ]
        print(f"{name:<14}" + "".join(f"{cell:>28}" for cell in cells))
        rows.append({"engine": name, "prefill": series[0], "decode": series[1]})
    print(json.dumps({"model": spec.model, "threads": spec.threads, "read": read, "rows": rows}))


def main() -> None:
    """Print a row for each engine."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("-m", "--model", default=MODEL)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--threads", type=int, help="As configured or measured by default.")
    chosen = options.parse_args()
    os.umask(0o077)
    asyncio.run(measure(find(), chosen.model, chosen.runs, chosen.threads))


if __name__ == "__main__":
    main()

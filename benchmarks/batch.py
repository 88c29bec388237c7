"""How many rows a batch does: against `hint ask` in a loop, one request at a time, and a million rows.

`python benchmarks/batch.py [--only rows|first|million] [--rows 200] [--slots 8] [--json] [--llm]`
measures, in a home of its own,

rows      rows of 64 tokens a minute on the model: `hint batch`, a shell loop over `hint ask` (fewer
          rows), and one request after the other to the same warm engine through the Python
          interface; with `--llm` also the program `llm` with its plugin for GGUF files, which is
          installed into an environment of its own under `.venv`;
first     the first words of `hint ask` while a batch runs in an engine with 4 slots, against idle;
million   rows on the echo engine in this process: their speed and memory, and how long a job of
          which all but a thousandth is finished takes to ask for the first row that is left.
          `--million` sets how many.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from homes import HINT, home

TOKENS = 64
ASK_LOOP_ROWS, LLM_ROWS = 20, 20
FIRST_SLOTS, FIRST_RUNS = 4, 5
LLM = ("llm", "llm-gguf")
PLACES = ("mill", "bridge", "well", "oven", "gate", "barn", "ferry", "inn")

Figure = tuple[str, float, str, str]
"""What, how much, of which unit, and its bar."""


def prompt(number: int) -> str:
    return f"Tell a long story about the {PLACES[number % len(PLACES)]} of village {number}."


def write_rows(path: Path, rows: int) -> None:
    lines = (json.dumps({"id": str(n), "prompt": prompt(n)}) + "\n" for n in range(rows))
    path.write_text("".join(lines))


def run(*arguments: str) -> None:
    subprocess.run([*HINT, *arguments], check=True, capture_output=True)


def measure_rows(model: str, rows: int, slots: int, *, with_llm: bool) -> list[Figure]:
    """Return rows a minute of the batch, of the loop and of one at a time; all answer 64 tokens."""
    with home(slots) as folder:
        write_rows(folder / "in.jsonl", rows)
        run("ask", "-m", model, "--max-tokens", "1", "--no-history", "Load.")
        batch = _batch(folder, model)
        single = asyncio.run(_one_at_a_time(model, rows))
        loop_rows = min(rows, ASK_LOOP_ROWS)
        loop = _ask_loop(model, loop_rows)
    figures = [
        ("hint batch", batch, "rows/min", ""),
        ("one request at a time", single, "rows/min", ""),
        (f"hint ask in a loop, {loop_rows} rows", loop, "rows/min", ""),
        ("batch / loop", batch / loop, "", "≥ 3"),
        ("batch / one at a time", batch / single, "", "≥ 2"),
    ]
    if with_llm:
        figures.append((f"llm, {LLM_ROWS} rows", _llm(model), "rows/min", ""))
    return figures


def _batch(folder: Path, model: str) -> float:
    out = folder / "out.jsonl"
    options = ["--max-tokens", str(TOKENS), "--temperature", "0", "--quiet", "-o", str(out)]
    run("batch", str(folder / "in.jsonl"), "-m", model, *options)
    summary = json.loads(Path(f"{out}.summary.json").read_bytes())
    _told("tokens in the answers of the batch", summary["completion_tokens"])
    return float(summary["rows_per_minute"])


async def _one_at_a_time(model: str, rows: int) -> float:
    import hinterland

    tokens, started = 0, time.perf_counter()
    async with hinterland.connect(model) as h:
        for number in range(rows):
            answer = await h.ask(prompt(number), max_tokens=TOKENS, temperature=0.0)
            tokens += answer.usage.completion_tokens
    taken = time.perf_counter() - started
    _told("tokens in the answers one at a time", tokens)
    return 60 * rows / taken


def _ask_loop(model: str, rows: int) -> float:
    ask = shlex.join([*HINT, "ask", "-m", model, "--max-tokens", str(TOKENS), "--temperature", "0"])
    script = "".join(f"{ask} -- {shlex.quote(prompt(n))}\n" for n in range(rows))
    started = time.perf_counter()
    subprocess.run(["sh", "-e"], input=script.encode(), check=True, capture_output=True)
    return 60 * rows / (time.perf_counter() - started)


def _llm(model: str) -> float:
    """Return the rows a minute of `llm`, started once for each row as its users do."""
    from hinterland.models.store import ModelStore
    from hinterland.paths import find

    place = Path(".venv/llm").absolute()
    if not (place / "bin" / "llm").exists():
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
        pip = [sys.executable, "-m", "pip", "--python", str(place / "bin" / "python")]
        subprocess.run([*pip, "install", "--quiet", *LLM], check=True)
    program = str(place / "bin" / "llm")
    path = str(ModelStore(find()).find(model).path)
    with tempfile.TemporaryDirectory() as own:
        environment = os.environ | {"LLM_USER_PATH": own}
        register = [program, "gguf", "register-model", path, "--alias", "small"]
        subprocess.run(register, check=True, env=environment, capture_output=True)
        started = time.perf_counter()
        for number in range(LLM_ROWS):
            ask = [program, "-m", "small", "-o", "max_tokens", str(TOKENS), prompt(number)]
            subprocess.run(ask, check=True, env=environment, capture_output=True)
        return 60 * LLM_ROWS / (time.perf_counter() - started)


def measure_first(model: str) -> list[Figure]:
    """Return when `hint ask` writes its first word, idle and while a batch runs."""
    with home(FIRST_SLOTS) as folder:
        write_rows(folder / "in.jsonl", 10_000)
        run("ask", "-m", model, "--max-tokens", "1", "--no-history", "Load.")
        idle = [_first_word(model, n) for n in range(FIRST_RUNS)]
        out = folder / "out.jsonl"
        options = ["--max-tokens", str(TOKENS), "--json-progress", "-o", str(out)]
        batch = subprocess.Popen(
            [*HINT, "batch", str(folder / "in.jsonl"), "-m", model, *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        try:
            assert batch.stdout is not None
            done = 0
            while not done:
                done = json.loads(batch.stdout.readline()).get("done", 0)
            busy = [_first_word(model, n) for n in range(FIRST_RUNS)]
        finally:
            batch.terminate()
            batch.communicate()
        summary = json.loads(Path(f"{out}.summary.json").read_bytes())
    at_once = max(1, FIRST_SLOTS - 1)  # one slot is kept for who asks himself
    step = 1000 * at_once / max(summary["tokens_per_second"], 0.001)
    before, beside = statistics.median(idle), statistics.median(busy)
    return [
        ("first word, idle", before, "ms", ""),
        ("a decode step while the batch runs", step, "ms", ""),
        ("first word beside the batch", beside, "ms", f"≤ {2 * before + step:.0f}"),
        ("the slowest of them", max(busy), "ms", ""),
    ]


def _first_word(model: str, number: int) -> float:
    """Return the milliseconds from the start of `hint ask` to its first byte."""
    ask = ["ask", "-m", model, "--max-tokens", "4", "--no-history", "--", f"What is {number}?"]
    started = time.perf_counter()
    with subprocess.Popen(
        [*HINT, *ask], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as asking:
        assert asking.stdout is not None
        os.read(asking.stdout.fileno(), 1)
        return 1000 * (time.perf_counter() - started)


def measure_million(rows: int) -> list[Figure]:
    """Return the speed and memory of so many rows, and how soon a resumed job asks its first."""
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder, "in.jsonl"), Path(folder, "out.jsonl")
        with source.open("w") as file:
            file.writelines(f'{{"id":"{n}","prompt":"Row {n}?"}}\n' for n in range(rows))
        whole = _in_a_process(source, out)
        left = max(1, rows // 1000)
        with out.open("rb+") as results:
            for _ in range(rows - left):
                results.readline()
            results.truncate(results.tell())
        last = _in_a_process(source, out)
    assert whole["asked"] == rows, whole
    assert last["asked"] == left, last
    return [
        (f"{rows:,} rows", whole["rows_per_second"], "rows/s", "≥ 25,000"),
        ("processor time of a row", 1e6 * whole["processor_seconds"] / rows, "µs", ""),
        ("resident memory, at its most", whole["resident_mb"], "MB", "≤ 100"),
        ("resumed: the first row is asked after", last["first_asked"], "s", "≤ 5"),
        ("resident memory when resumed", last["resident_mb"], "MB", "≤ 100"),
    ]


def _in_a_process(source: Path, out: Path) -> dict[str, float]:
    child = [sys.executable, __file__, "--child", str(source), str(out)]
    ended = subprocess.run(child, check=True, capture_output=True)
    found: dict[str, float] = json.loads(ended.stdout)
    return found


def child(source: Path, out: Path) -> None:
    """Do the rows in this process, and print what that took as JSON."""
    started = time.perf_counter()
    from hinterland.batch import sources
    from hinterland.batch.answering import Answering
    from hinterland.batch.formats import Own
    from hinterland.batch.job import Job
    from hinterland.batch.rows import Defaults, Maker
    from hinterland.batch.running import Target
    from hinterland.engine.echo import EchoEngine
    from hinterland.engine.protocol import Event, Request

    class Watched(EchoEngine):
        first_asked = 0.0

        def stream(self, request: Request) -> AsyncIterator[Event]:
            self.first_asked = self.first_asked or time.perf_counter() - started
            return super().stream(request)

    engine = Watched()
    with Job(lambda: sources.json_lines(source), out, Own(), Maker(Defaults())) as job:
        asyncio.run(job.run([Target(engine, workers=8)], Answering()))
        summary: dict[str, Any] = job.summary(complete=True)
    used = resource.getrusage(resource.RUSAGE_SELF)
    kilobytes = used.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    taken = time.perf_counter() - started
    assert summary["rows"] == summary["answered"], summary
    print(
        json.dumps(
            {
                "asked": engine.asked,
                "first_asked": engine.first_asked,
                "rows_per_second": engine.asked / taken,
                "processor_seconds": used.ru_utime + used.ru_stime,
                "resident_mb": kilobytes * 1024 / 1e6,
            }
        )
    )


def _told(what: str, number: float) -> None:
    print(f"  {what}: {number:,}", file=sys.stderr)


def main() -> None:
    """Print each figure with its bar."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("-m", "--model", default="smollm2-135m")
    options.add_argument("--only", choices=["rows", "first", "million"])
    options.add_argument("--rows", type=int, default=200)
    options.add_argument("--slots", type=int, default=8, help="Of the engine that answers rows.")
    options.add_argument("--million", type=int, default=100_000, help="1000000 is what counts.")
    options.add_argument("--llm", action="store_true", help="Measure llm too; installs it.")
    options.add_argument("--json", action="store_true")
    options.add_argument("--child", nargs=2, type=Path, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.child:
        child(*chosen.child)
        return
    figures: list[Figure] = []
    if chosen.only in {None, "million"}:
        figures += measure_million(chosen.million)
    if chosen.only in {None, "rows", "first"}:
        from hinterland.models.store import ModelStore
        from hinterland.paths import find

        model = str(ModelStore(find()).find(chosen.model).path)
        if chosen.only != "first":
            figures += measure_rows(model, chosen.rows, chosen.slots, with_llm=chosen.llm)
        if chosen.only != "rows":
            figures += measure_first(model)
    if chosen.json:
        print(
            json.dumps(
                [dict(zip(("name", "value", "unit", "bar"), f, strict=True)) for f in figures]
            )
        )
        return
    for name, value, unit, bar in figures:
        print(f"{name:40}{value:12,.1f} {unit:10}{bar and 'bar ' + bar}")


if __name__ == "__main__":
    main()

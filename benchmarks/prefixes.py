"""What a restart costs a long conversation: time to the first token with its prefix restored from
the disk, against reading it anew.

Each measurement is of a service and a worker that were just started; loading the model is not
counted. Both ask the same question after the same prefix, in pairs.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from pathlib import Path

from figures import interleave, report

from hinterland.engine.client import EngineClient
from hinterland.engine.launcher import is_running
from hinterland.engine.protocol import Done, Failed, Message, Request, Sampling, TextDelta
from hinterland.models.store import ModelStore
from hinterland.paths import find
from hinterland.turns import new_id

BAR = 1 / 20
PLACES = ("mill", "bridge", "well", "oven", "gate", "barn", "ferry", "inn")


def document(tokens: int) -> str:
    """Return a text of about so many tokens."""
    return "\n".join(
        f"Rule {n}: the keeper of the {PLACES[n % len(PLACES)]} pays {n * 7} coins when it rains."
        for n in range(tokens // 20)
    )


def request(model: str, text: str, *more: Message, keep: bool = False) -> Request:
    """Ask about `text`; `more` follows the first question."""
    return Request(
        (Message("user", f"{text}\n\nWhat does the keeper of the inn pay?"), *more),
        model,
        Sampling(8, 0.0, seed=1),
        conversation_id=new_id() if keep else None,
        turn_id=new_id(),
    )


async def ask(question: Request) -> tuple[float, str, Done]:
    """Return seconds to the first token, the answer and its end."""
    started, first, words = time.perf_counter(), 0.0, ""
    async for event in EngineClient(find()).stream(question):
        if isinstance(event, TextDelta):
            first = first or time.perf_counter() - started
            words += event.text
        elif isinstance(event, Done):
            return first, words, event
        elif isinstance(event, Failed):
            raise SystemExit(event.message)
    raise SystemExit("no answer")


async def load(model: str) -> None:
    """Start service and worker and load the model."""
    async for _ in EngineClient(find()).load(model):
        pass


def stop() -> None:
    """End the service and wait until it is gone."""
    asyncio.run(EngineClient(find()).stop())
    while is_running(find()):
        time.sleep(0.01)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-m", "--model", default="smollm2-135m")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--tokens", type=int, default=1200)
    options = parser.parse_args()
    model = str(ModelStore(find()).find(options.model).path)
    text = document(options.tokens)
    with tempfile.TemporaryDirectory() as home:
        os.environ["HINTERLAND_HOME"] = home
        prefixes, aside = find().prefixes, find().prefixes.with_name("aside")
        _, answer, done = asyncio.run(ask(request(model, text, keep=True)))
        while not list(prefixes.glob("*.json")):
            time.sleep(0.05)
        size = sum(path.stat().st_size for path in prefixes.iterdir())
        print(f"prefix: {done.usage.prompt_tokens} tokens, {size / 1e6:.1f} MB on the disk")
        next_turn = (Message("assistant", answer), Message("user", "And that of the mill?"))
        question = request(model, text, *next_turn)
        answers: dict[bool, set[str]] = {True: set(), False: set()}

        def first_token(*, restored: bool) -> float:
            stop()
            if prefixes.exists() and not restored:
                prefixes.rename(aside)
            asyncio.run(load(model))
            seconds, said, end = asyncio.run(ask(question))
            answers[restored].add(said)
            reused = end.usage.cached_tokens
            assert (reused > 0.9 * done.usage.prompt_tokens) == restored, reused
            if not restored:
                stop()
                put_back(aside, prefixes)
            return seconds * 1000

        pair = interleave(
            "first token after a restart",
            "ms",
            options.pairs,
            lambda: first_token(restored=True),
            lambda: first_token(restored=False),
        )
        stop()
    report([pair], ("restored", "read anew"))
    print(f"answers: {answers}")
    print(
        f"median ratio {statistics.median(pair.ratios):.4f}, worst {max(pair.ratios):.4f}, bar {BAR}"
    )


def put_back(aside: Path, prefixes: Path) -> None:
    for path in prefixes.iterdir() if prefixes.exists() else ():
        path.unlink()
    if prefixes.exists():
        prefixes.rmdir()
    aside.rename(prefixes)


if __name__ == "__main__":
    main()

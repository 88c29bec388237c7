"""What the service and the command line cost while an answer streams.

Two questions, each asked in pairs on one warm engine: how much later the first token comes through
the service than from the worker's own socket, and how many of the worker's tokens per second are
left after `hint ask` has printed them into a pipe.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import msgspec
from figures import interleave, report

from hinterland.engine import requests
from hinterland.engine.client import EngineClient
from hinterland.engine.events import EventParser
from hinterland.engine.protocol import Message, Request, Sampling, TextDelta
from hinterland.engine.wire import Connection
from hinterland.paths import find

STORY = "Tell me a long story about a river, a mill and the people beside it."


def request(model: str, tokens: int) -> Request:
    return Request((Message("user", STORY),), model, Sampling(tokens, 0.0, seed=1))


async def direct(socket: Path, model: str, tokens: int) -> tuple[float, float]:
    """Return seconds to the first token and tokens per second after it, from the worker's socket."""
    body = requests.decode(requests.encode(request(model, tokens))).body
    started = time.perf_counter()
    connection = await Connection.open(socket)
    await connection.send("POST", "/v1/chat/completions", msgspec.json.encode(body))
    parser = EventParser()
    times = [
        time.perf_counter()
        async for piece in connection.chunks()
        for event in parser.feed(piece)
        if isinstance(event, TextDelta)
    ]
    connection.close()
    return times[0] - started, (len(times) - 1) / (times[-1] - times[0])


async def served(model: str, tokens: int) -> float:
    """Return seconds to the first token through the service."""
    started = time.perf_counter()
    first = 0.0
    async for event in EngineClient(find()).stream(request(model, tokens)):
        if isinstance(event, TextDelta) and not first:
            first = time.perf_counter() - started
    return first


def asked(model: str, tokens: int) -> float:
    """Return tokens per second as they come out of `hint ask`, after the first."""
    command = [sys.executable, "-m", "hinterland", "ask", "-m", model, "--no-history"]
    command += ["--max-tokens", str(tokens), "--temperature", "0", "--seed", "1", STORY]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    first = last = 0.0
    while data := os.read(process.stdout.fileno(), 65536):
        if data.strip():
            last = time.perf_counter()
            first = first or last
    process.wait()
    return (tokens - 1) / (last - first)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-m", "--model", default="smollm2-135m")
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--tokens", type=int, default=200)
    options = parser.parse_args()
    model, tokens = options.model, options.tokens
    asyncio.run(served(model, 1))
    status = asyncio.run(EngineClient(find()).status())
    assert status is not None
    socket = Path(next(w.socket for w in status.workers if w.model == model))

    first_token = interleave(
        "first token",
        "ms",
        options.pairs * 2,
        lambda: asyncio.run(served(model, 1)) * 1000,
        lambda: asyncio.run(direct(socket, model, 2))[0] * 1000,
    )
    speed = interleave(
        "streaming",
        "tokens/s",
        options.pairs,
        lambda: asked(model, tokens),
        lambda: asyncio.run(direct(socket, model, tokens))[1],
    )
    report([first_token, speed], ("hinterland", "worker, raw"))


if __name__ == "__main__":
    main()

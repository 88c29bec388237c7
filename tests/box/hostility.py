"""What somebody does to a box who means no good: raw bytes to its socket, as that user."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import random
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from hinterland import site
from hinterland.paths import find

_HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
_HUGE = 100_000_000  # bytes
_CONNECTIONS = 500
_FLOOD = 200


def socket_path() -> Path:
    """Return the socket of the shared box; of the account's own engine where there is none."""
    shared = site.find()
    return Path(shared.socket) if shared else find().socket


async def act(name: str, model: str, seconds: float) -> None:
    """Do that, again and again, until the time is over. `all` is everything at the same time."""
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # it warns of connections that were cut
    end = time.monotonic() + seconds
    wanted = list(KINDS.values()) if name == "all" else [KINDS[name]]

    async def again(kind: Kind) -> None:
        while time.monotonic() < end:
            with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
                async with asyncio.timeout(max(0.1, end - time.monotonic())):
                    await kind(model, end)
            await asyncio.sleep(0.02)

    await asyncio.gather(*(again(kind) for kind in wanted))


Kind = Callable[[str, float], Awaitable[None]]


def question(model: str, tokens: int, text: str = "Count to a million.") -> bytes:
    """Return a whole request for a streamed answer."""
    body = json.dumps(
        {
            "model": model,
            "stream": True,
            "max_tokens": tokens,
            "messages": [{"role": "user", "content": text}],
        }
    ).encode()
    return _HEAD + f"Content-Length: {len(body)}\r\n\r\n".encode() + body


async def garbage(_model: str, _end: float) -> None:
    """Send noise, half of it behind the beginning of a real request."""
    noise = random.Random(time.monotonic_ns()).randbytes(65536)
    for start in (b"", _HEAD, _HEAD + b"Content-Length: 40\r\n\r\n{", question("\x00", 5)[:-9]):
        reader, writer = await asyncio.open_unix_connection(str(socket_path()))
        writer.write(start + noise)
        await writer.drain()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(reader.read(4096), 0.5)
        writer.close()


async def flood(model: str, _end: float) -> None:
    """Ask two hundred things at once and leave in the middle."""

    async def one(number: int) -> None:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_unix_connection(str(socket_path()))
            writer.write(question(model, 500, f"{number} " + "word " * 100))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(reader.read(65536), 2)
            writer.close()

    await asyncio.gather(*(one(number) for number in range(_FLOOD)))


async def half_open(_model: str, end: float) -> None:
    """Hold five hundred connections that say a part of a request, a byte at a time."""
    held = []
    for number in range(_CONNECTIONS):
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_unix_connection(str(socket_path()))
            held.append(writer)
            writer.write(_HEAD[: number % len(_HEAD)])
    while time.monotonic() < end - 0.5 and held:
        await asyncio.sleep(1)
        for writer in held:
            writer.write(b"X")
    for writer in held:
        writer.close()


async def huge(_model: str, _end: float) -> None:
    """Send bodies of 100 MB: one announced, one in chunks."""
    piece = b"x" * 1_000_000
    for head in (
        f"Content-Length: {_HUGE}\r\n\r\n".encode(),
        b"Transfer-Encoding: chunked\r\n\r\n",
    ):
        _, writer = await asyncio.open_unix_connection(str(socket_path()))
        writer.write(_HEAD + head)
        with contextlib.suppress(OSError):
            for _ in range(_HUGE // len(piece)):
                writer.write(b"F4240\r\n" + piece + b"\r\n" if b"chunked" in head else piece)
                await writer.drain()
        writer.close()


async def slow_reader(model: str, end: float) -> None:
    """Ask for long answers and read almost nothing of them."""
    writers = []
    for number in range(20):
        reader, writer = await asyncio.open_unix_connection(str(socket_path()), limit=1)
        writer.write(question(model, 2000, f"{number}: write a very long story."))
        writers.append((reader, writer))
    while time.monotonic() < end - 0.5:
        await asyncio.sleep(1)
        for reader, _ in writers:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(reader.read(1), 0.01)
    for _, writer in writers:
        writer.close()


async def routes(_model: str, _end: float) -> None:
    """Ask for everything that might not be theirs: stop, load, cancel, other files."""
    targets = (
        ("POST", "/hint/stop"),
        ("POST", "/hint/load"),
        ("GET", "/hint/answers/../../etc/shadow"),
        ("POST", "/hint/cancel/" + "a" * 5000),
        ("GET", "/hint/answers/" + "%00" * 50),
        ("GET", "/hint/status"),
    )
    body = b'{"model": "/etc/shadow"}'
    for method, target in targets:
        reader, writer = await asyncio.open_unix_connection(str(socket_path()))
        head = f"{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        writer.write(head.encode() + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(reader.read(4096), 0.5)
        writer.close()


KINDS: dict[str, Kind] = {
    "garbage": garbage,
    "flood": flood,
    "half_open": half_open,
    "huge": huge,
    "slow_reader": slow_reader,
    "routes": routes,
}

"""Running `hint` and its engine as a user's machine does."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hinterland.engine.client import EngineClient
from hinterland.engine.launcher import is_running
from hinterland.engine.status import ServiceStatus, WorkerStatus
from hinterland.engine.wire import Connection
from hinterland.paths import find

Hint = Callable[..., "subprocess.CompletedProcess[str]"]

_PATIENCE = 60.0  # seconds before a wait on another process is called a failure


def hint_command(*arguments: str) -> list[str]:
    """Return the command line that runs `hint` of this tree."""
    return [sys.executable, "-m", "hinterland", *arguments]


def run_hint(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    """Run `hint` to its end, with nothing on standard input; options are those of `subprocess.run`."""
    settings: dict[str, object] = {
        "capture_output": True,
        "text": True,
        "encoding": "utf-8",
        "timeout": 120,
    }
    if "input" not in options and "stdin" not in options:
        settings["stdin"] = subprocess.DEVNULL
    ended: subprocess.CompletedProcess[str] = subprocess.run(
        hint_command(*arguments),
        check=False,
        **(settings | options),  # type: ignore[call-overload] # by name
    )
    return ended


def wait_until(happened: Callable[[], bool], what: str, patience: float = _PATIENCE) -> None:
    """Return when `happened` is true; fails when that takes longer than `patience` seconds."""
    end = time.monotonic() + patience
    while not happened():
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.02)


def status() -> ServiceStatus | None:
    """Return what this account's engine service says of itself."""
    return asyncio.run(EngineClient(find()).status())


def running_status() -> ServiceStatus:
    """Return the status of a service that has to be running."""
    found = status()
    assert found is not None
    return found


def only_worker() -> WorkerStatus:
    """Return the one worker that has to be loaded."""
    workers = running_status().workers
    assert len(workers) == 1, workers
    return workers[0]


def asked() -> int:
    """Return how many requests the only worker has seen, by its own count."""
    socket = Path(only_worker().socket)

    async def ask() -> int:
        connection = await Connection.open(socket)
        try:
            await connection.send("GET", "/metrics", b"")
            return int(json.loads(await connection.body())["requests"])
        finally:
            connection.close()

    return asyncio.run(ask())


def stop_engine() -> None:
    """Stop this account's engine, if it runs, and wait until it is gone."""
    asyncio.run(EngineClient(find()).stop())
    wait_until(lambda: not is_running(find()), "the engine stops")


def kill(pid: int) -> None:
    """End a process as a crash or the kernel would."""
    assert pid > 1, "that is no process of ours"
    os.kill(pid, signal.SIGKILL)


@contextmanager
def asking(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run `hint ask` and hand it over once the first words of the answer are out."""
    process = subprocess.Popen(
        hint_command("ask", *arguments),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    try:
        assert process.stdout is not None
        assert process.stdout.read(1), process.communicate()[1]
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()

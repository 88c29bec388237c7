"""The service's life: one per account, its socket, its log, and when it ends."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import logging.handlers
import os
import signal
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

from starlette.routing import BaseRoute

from hinterland.engine import asgi
from hinterland.engine.service.app import Around, app, as_it_is
from hinterland.engine.service.desk import Desk
from hinterland.engine.service.gate import Gate
from hinterland.paths import Paths, private_folder

log = logging.getLogger("hinterland.engine")

_LOOK_EVERY = 1.0  # seconds
_LARGEST_LOG = 1_000_000  # bytes; three older ones are kept


def claim(paths: Paths) -> int | None:
    """Take the lock that only one service holds; None when another one lives."""
    lock = os.open(private_folder(paths.state) / "engine.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock


def log_to(folder: Path) -> None:
    """Send the service's and its workers' log to a file that is rotated; prompts never go there."""
    handler = logging.handlers.RotatingFileHandler(
        private_folder(folder) / "engine.log",
        maxBytes=_LARGEST_LOG,
        backupCount=3,
        encoding="utf-8",
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(message)s"))
    root = logging.getLogger("hinterland")
    root.addHandler(handler)
    root.setLevel(logging.INFO)


async def run(desk: Desk, paths: Paths, keep_alive: float, ready: int | None) -> None:
    """Serve an account until idle for `keep_alive` minutes, told to stop, or the socket is gone.

    `ready` is a file descriptor that is told when callers may connect.
    """
    remove_leftovers(paths.socket.parent)
    listener = asgi.listen(paths.socket)

    def listens() -> None:
        if ready is not None:
            with contextlib.suppress(BrokenPipeError):  # who started it has gone; others may wait
                os.write(ready, b"ready\n")
            os.close(ready)

    await serve(desk, listener, listens, keep_alive=keep_alive)


def remove_leftovers(folder: Path) -> None:
    """Remove the sockets of a killed service's workers, which cannot."""
    for left in folder.glob("w*.sock"):
        left.unlink(missing_ok=True)


async def serve(
    desk: Desk,
    listener: socket.socket,
    listens: Callable[[], None],
    *,
    keep_alive: float,
    also: Sequence[BaseRoute] = (),
    around: Around = as_it_is,
) -> None:
    """Serve until told to stop, or the socket is gone. Idle for `keep_alive` minutes the service of an
    account ends, and that of a shared house gives its models' memory back. `listens` is called when
    callers may connect; `also` and `around` are those of `app`."""
    path = Path(listener.getsockname())
    ours = path.stat().st_ino
    stopped = asyncio.Event()
    server = asgi.server(app(desk, stopped.set, also, around))
    gate = Gate(listener, server, desk.house) if desk.house.shared else None
    serving = asyncio.create_task(server.serve(sockets=[] if gate else [listener]))
    if gate:
        gate.open()
    listens()
    log.info("service %d listens", os.getpid())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    while not stopped.is_set() and not serving.done():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopped.wait(), _LOOK_EVERY)
        if desk.idle_seconds > keep_alive * 60:
            if not desk.house.shared:
                log.info("idle for %.0f s", desk.idle_seconds)
                break
            await desk.rest()
        if _inode(path) != ours:
            log.info("the socket is gone")
            break
    # First nobody new, then the running answers, so that their journals end as they should.
    if _inode(path) == ours:
        path.unlink()
    if gate:
        gate.close()
    await desk.close()
    server.should_exit = True
    await serving
    log.info("service %d ended", os.getpid())


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except OSError:
        return None

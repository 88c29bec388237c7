"""The service's life: one per account, its socket, its log, and when it ends."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import logging.handlers
import os
import signal
from pathlib import Path

from hinterland.engine import asgi
from hinterland.engine.service.app import app
from hinterland.engine.service.desk import Desk
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
    """Serve until idle for `keep_alive` minutes, told to stop, or the socket is gone.

    `ready` is a file descriptor that is told when callers may connect.
    """
    for left in paths.socket.parent.glob("w*.sock"):
        left.unlink(missing_ok=True)  # a killed service's workers cannot
    listener = asgi.listen(paths.socket)
    ours = paths.socket.stat().st_ino
    stopped = asyncio.Event()
    server = asgi.server(app(desk, stopped.set))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    if ready is not None:
        with contextlib.suppress(BrokenPipeError):  # who started it has gone; others may wait
            os.write(ready, b"ready\n")
        os.close(ready)
    log.info("service %d listens", os.getpid())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    while not stopped.is_set() and not serving.done():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopped.wait(), _LOOK_EVERY)
        if desk.idle_seconds > keep_alive * 60:
            log.info("idle for %.0f s", desk.idle_seconds)
            break
        if _inode(paths.socket) != ours:
            log.info("the socket is gone")
            break
    # First nobody new, then the running answers, so that their journals end as they should.
    if _inode(paths.socket) == ours:
        paths.socket.unlink()
    await desk.close()
    server.should_exit = True
    await serving
    log.info("service %d ended", os.getpid())


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except OSError:
        return None

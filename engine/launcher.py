"""Attach to the engine of this account: the machine's shared box, where there is one, or a service of
its own, which is started: five callers at once get one service."""

from __future__ import annotations

import asyncio
import fcntl
import os
import sys
import time
from typing import NamedTuple

from hinterland.engine import shared
from hinterland.engine.wire import Connection
from hinterland.errors import EngineError, StorageError, by_name
from hinterland.paths import Paths, environment, private_folder
from hinterland.site import Site


class Reached(NamedTuple):
    """A connection, and whose it is."""

    connection: Connection
    box: Site | None = None
    """The settings of the shared box, where that was reached."""
    why: EngineError | None = None
    """Why it is the account's own engine and not the shared box."""


_SERVICE = "hinterland.serve"
_PATIENCE = 30.0  # seconds: a service that is not up by then is stuck, not slow


async def reach(paths: Paths, *, start: bool = True, own: bool = True) -> Reached:
    """Return a connection to the engine that this account's commands ask.

    Raises UnreachableError for a shared box that cannot be asked where the account may not have its
    own in its place, or not now (`own`); ConfigError; and like `connect`.
    """
    box = shared.find()
    if box is None:
        return Reached(await connect(paths, start=start))
    try:
        return Reached(await shared.connect(box), box)
    except shared.UnreachableError as error:
        if not (own and box.own_engine):
            raise
        return Reached(await connect(paths, start=start), why=error)


async def connect(paths: Paths, *, start: bool = True) -> Connection:
    """Return a connection to the account's own service, which is started if need be.

    Raises EngineError when it cannot be started, and OSError when `start` is false and none runs.
    """
    try:
        return await Connection.open(paths.socket)
    except OSError:
        if not start:
            raise
    path = private_folder(paths.state) / "start.lock"
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StorageError(
            f"The file {path} cannot be written: {error.strerror}.",
            "Free some space, or mend its permissions.",
        ) from error
    try:
        await _take(lock)
        try:
            return await Connection.open(paths.socket)  # somebody else was first
        except OSError:
            await _start(paths)
        return await Connection.open(paths.socket)
    except OSError as error:
        raise EngineError(
            f"The engine service cannot be reached: {error.strerror or error}.",
            "See `hint engine logs`, then try `hint engine stop`.",
        ) from error
    finally:
        os.close(lock)


async def _take(lock: int) -> None:
    patience = time.monotonic() + _PATIENCE
    while True:
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > patience:
                raise EngineError(
                    "Another command has been starting the engine for half a minute.",
                    "See `hint engine logs`.",
                ) from None
            await asyncio.sleep(0.01)


async def _start(paths: Paths) -> None:
    import subprocess
    import threading

    log = private_folder(paths.logs) / "service.log"
    heard, told = os.pipe()
    try:
        private = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(private, "wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", _SERVICE, str(told)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=[told],
                start_new_session=True,
                cwd="/",
                env=environment(),
            )
    finally:
        os.close(told)
    # Somebody has to collect it when it ends before a chat that is open all day does.
    threading.Thread(target=process.wait, name="service", daemon=True).start()
    try:
        said = await asyncio.wait_for(_line(heard), _PATIENCE)
    except TimeoutError:
        process.kill()
        said = ""
    if said == "ready":
        return
    kind, _, rest = said.partition("\t")
    message, _, hint = rest.partition("\t")
    if message:
        raise by_name(kind, message, hint)
    raise EngineError("The engine service did not start.", f"Its last words are in {log}.")


async def _line(pipe: int) -> str:
    """Return the line in `pipe`; empty when its other end is closed without one."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(pipe, "rb")
    )
    try:
        return (await reader.readline()).decode("utf-8", "replace").strip()
    finally:
        transport.close()


def is_running(paths: Paths) -> bool:
    """Whether a service lives: it holds a lock, which no crash can leave behind."""
    try:
        lock = os.open(paths.state / "engine.lock", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False

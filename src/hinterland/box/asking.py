"""What the shared box says: asked over its socket, or read by root from its files."""

from __future__ import annotations

import asyncio
import os
from typing import Any, TypeVar

import h11
import msgspec

from hinterland import paths, site
from hinterland.engine import exchange, shared
from hinterland.engine.protocol import PROTOCOL_VERSION
from hinterland.engine.service import ledger
from hinterland.engine.service.ledger import Line
from hinterland.engine.status import BoxStatus
from hinterland.errors import ConfigError, EngineError
from hinterland.site import Site

FOLDER = "usage"
"""The folder of the ledger, in the state folder of the box's service."""

_HEADERS = {"X-Hint-Protocol": str(PROTOCOL_VERSION)}
_PATIENCE = 30.0  # seconds
Wanted = TypeVar("Wanted")


def settings() -> Site:
    """Return the settings of the machine's shared box; raises ConfigError where there is none."""
    found = site.find()
    if found is None:
        raise ConfigError(
            "This machine has no shared box.",
            "`hint engine status` shows your own engine; `hint box setup` makes a box of a machine.",
        )
    return found


def ask(method: str, target: str, kind: type[Wanted], body: Any = None) -> Wanted:
    """Return what the box says to a question; raises HinterlandError."""
    encoded = b"" if body is None else msgspec.json.encode(body)
    return _typed(asyncio.run(_asked(settings(), method, target, encoded)), kind)


async def now(box: Site) -> BoxStatus:
    """Return the numbers of now, as the caller may see them. Raises EngineError."""
    return _typed(await _asked(box, "GET", "/hint/box"), BoxStatus)


async def lines(box: Site, since: float, until: float) -> list[Line]:
    """Return the ledger's lines of the days that a time touches, in seconds since the epoch, as far as
    the caller may see them: root reads the files even while the box is stopped. Raises EngineError and
    StorageError."""
    folder = paths.of_box(site.folder()).state / FOLDER
    first, last = ledger.day_of(since), ledger.day_of(until)
    found: list[Line] = []
    if os.access(folder, os.R_OK | os.X_OK):
        for day in ledger.days(folder):
            if first <= day <= last:
                found += ledger.read(ledger.file_of(folder, day))
        return found
    for day in _typed(await _asked(box, "GET", "/hint/box/days"), list[str]):
        if first <= day <= last:
            told = await _asked(box, "GET", f"/hint/box/days/{day}")
            found += filter(None, map(ledger.decoded, told.splitlines()))
    return found


async def _asked(box: Site, method: str, target: str, body: bytes = b"") -> bytes:
    """Return the body of the box's answer."""
    try:
        async with asyncio.timeout(_PATIENCE):
            connection = await shared.connect(box)
            try:
                status = await connection.send(method, target, body, _HEADERS)
                said = await connection.body()
            finally:
                connection.close()
    except TimeoutError as error:
        raise EngineError(
            "The shared box does not answer.", "Ask who looks after this machine."
        ) from error
    except (OSError, h11.RemoteProtocolError) as error:
        raise EngineError(
            "The shared box stopped in the middle of its answer.", "Ask again."
        ) from error
    if status != 200:
        raise exchange.refused(status, said, shared=True)
    return said


def _typed(said: bytes, kind: type[Wanted]) -> Wanted:
    try:
        return msgspec.json.decode(said, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise EngineError(
            "The shared box said something that this release does not know.",
            "Ask who looks after this machine to have the same release for all.",
        ) from error

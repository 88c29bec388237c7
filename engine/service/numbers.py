"""The routes that tell a box's numbers: of now, and of a day. Everybody sees their own and totals."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncGenerator
from pathlib import Path

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from hinterland.engine.service import ledger
from hinterland.engine.service.desk import Desk
from hinterland.engine.service.guard import caller_of
from hinterland.engine.service.usage import Usage
from hinterland.errors import InputError

_AT_ONCE = 256 * 1024  # bytes
_PAUSE = 0.005  # seconds between two such pieces: whoever reads on and on costs nobody much


def routes(desk: Desk, usage: Usage, folder: Path) -> list[Route]:
    """Return the routes over `usage`, whose ledger is in `folder`."""
    one_by_one = asyncio.Lock()

    async def box(http: Request) -> Response:
        caller = caller_of(http)
        told = usage.box(desk.status(caller), caller.uid, sees_all=caller.terms.sees_all)
        return Response(msgspec.json.encode(told), media_type="application/json")

    async def days(_http: Request) -> Response:
        known = await asyncio.to_thread(ledger.days, folder)
        return Response(msgspec.json.encode(known), media_type="application/json")

    async def day(http: Request) -> Response:
        try:
            wanted = dt.date.fromisoformat(http.path_params["day"]).isoformat()
        except ValueError as error:
            raise InputError("That is no day.", "A day is written as 2026-11-22.") from error
        caller = caller_of(http)
        uid = None if caller.terms.sees_all else caller.uid
        lines = _lines(ledger.file_of(folder, wanted), uid, one_by_one)
        return StreamingResponse(lines, media_type="application/x-ndjson")

    return [
        Route("/hint/box", box),
        Route("/hint/box/days", days),
        Route("/hint/box/days/{day}", day),
    ]


async def _lines(
    path: Path, uid: int | None, one_by_one: asyncio.Lock
) -> AsyncGenerator[bytes, None]:
    """Yield the lines of a day's file, those of one user if one is named, many at once."""
    beginning = b"" if uid is None else ledger.beginning(uid)
    try:
        file = path.open("rb")
    except OSError:
        return
    with file:
        while True:
            async with one_by_one:
                lines = await asyncio.to_thread(file.readlines, _AT_ONCE)
                await asyncio.sleep(_PAUSE)
            if not lines:
                return
            yield b"".join(line for line in lines if line.startswith(beginning))

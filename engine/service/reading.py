"""A stranger's request body: of a known length, not too much a second, and whole in good time."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter

from starlette.requests import Request

from hinterland.engine.service.allowance import Allowance
from hinterland.engine.service.guard import caller_of
from hinterland.engine.service.manners import LARGEST_BODY, check_intricacy, too_large
from hinterland.engine.service.terms import TurnedAwayError
from hinterland.errors import InputError

MOST_AT_ONCE = 2 * LARGEST_BODY
"""Bytes of bodies that the service holds for one user while they come."""
_PATIENCE = 20.0  # seconds: it comes over a socket of this machine

_held: Counter[int] = Counter()


async def strangers_body(http: Request, pace: Allowance) -> bytes:
    """Return the body, read no faster than `pace` has it. Raises InputError for one that is too large
    or does not come to its end, TurnedAwayError for one too many at once."""
    length, uid = _length(http), caller_of(http).uid
    if length > LARGEST_BODY:
        raise too_large()
    if _held[uid] + length > MOST_AT_ONCE:
        raise TurnedAwayError(
            "You are sending the shared box too much at once.", "Wait until some of it is taken."
        )
    _held[uid] += length
    try:
        await asyncio.sleep(pace.take(uid, length))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                body = await http.body()
                check_intricacy(body)
                return body
        raise InputError("The request did not come to its end in time.", "Send it at once.")
    finally:
        _held[uid] -= length


def _length(http: Request) -> int:
    """Return the length that the head tells: what is sent in chunks may be a byte in each."""
    length = http.headers.get("content-length", "0" if http.method == "GET" else "")
    if "transfer-encoding" in http.headers or not length.isdecimal() or len(length) > 12:
        raise InputError("The shared box takes requests with a Content-Length.", "Send one.")
    return int(length)

"""Before every route: who asks, by the kernel's word, on what terms, and in which protocol."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from hinterland.engine.protocol import PROTOCOL_VERSION
from hinterland.engine.service.house import Caller, House
from hinterland.errors import ConfigError, EngineError, HinterlandError, name_of

PROTOCOL_HEADER = b"x-hint-protocol"
# A client of another release has to be able to look at this service and to end it.
ANY_VERSION = frozenset({"/hint/status", "/hint/stop"})
_CALLER = "hint.caller"
_STATUS = {2: 400, 3: 404, 4: 502, 5: 507}


class Guard:
    """Lets in whom the house lets in, and only a client that speaks our protocol version or none."""

    def __init__(self, app: ASGIApp, house: House) -> None:
        self._app = app
        self._house = house

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        assert scope["type"] == "http"
        if self._house.shared:  # one request a connection: they are counted
            scope["headers"].append((b"connection", b"close"))
        uid = scope["client"][1]
        if self._house.shared:  # it may have to read files
            terms = await asyncio.to_thread(self._house.terms, uid)
        else:
            terms = self._house.terms(uid)
        if terms is None:
            turned_away = refusal(_stranger(self._house), 403)
            return await turned_away(scope, receive, send)
        version = dict(scope["headers"]).get(PROTOCOL_HEADER, b"%d" % PROTOCOL_VERSION)
        if version != b"%d" % PROTOCOL_VERSION and scope["path"] not in ANY_VERSION:
            other = EngineError(f"This engine speaks protocol {PROTOCOL_VERSION}.")
            return await refusal(other, 426)(scope, receive, send)
        scope[_CALLER] = Caller(uid, terms)
        await self._app(scope, receive, send)
        return None


def caller_of(http: Request) -> Caller:
    """Return who asks."""
    caller: Caller = http.scope[_CALLER]
    return caller


def refusal(error: HinterlandError, status: int | None = None) -> Response:
    """Return the response that refuses a request; a `status` of None is that of the error's kind."""
    told = {"message": error.message, "type": name_of(error), "hint": error.hint}
    return JSONResponse({"error": told}, status or _STATUS.get(error.exit_code, 500))


def _stranger(house: House) -> ConfigError:
    if house.shared:
        return ConfigError(
            "You are not in the group of people who may use this box.",
            "Ask who looks after this machine.",
        )
    return ConfigError("This engine belongs to another user.")

"""One question to the engine, whichever it is, and the events that come back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from typing import NamedTuple

import h11
import msgspec

from hinterland import notices
from hinterland.engine import requests
from hinterland.engine.events import EventParser
from hinterland.engine.launcher import Reached, reach
from hinterland.engine.protocol import PROTOCOL_VERSION, Event
from hinterland.engine.wire import Connection
from hinterland.errors import EngineError, HinterlandError, by_name
from hinterland.paths import Paths

CHAT = "/v1/chat/completions"
RESTARTS = "Ask again: it starts by itself."
_ENDING = 503
_PATIENCE_WITH_THE_LAST = 10.0  # seconds
_HEADERS = {"X-Hint-Protocol": str(PROTOCOL_VERSION)}


class NotRunningError(EngineError):
    """There is no engine, and none was to be started."""


class LostError(EngineError):
    """The engine went away before its answer had ended."""

    def __init__(self) -> None:
        super().__init__("The engine service stopped in the middle of the answer.", RESTARTS)


class UnknownError(EngineError):
    """The engine does not know what it was asked about: status 404."""


class Question(NamedTuple):
    """What is sent."""

    method: str
    target: str
    body: bytes = b""


async def ask(paths: Paths, question: Question, *, start: bool = True, own: bool = True) -> Reached:
    """Return the connection over which the answer comes; `own`, the account's own engine may be asked
    where the shared box cannot be, if its administrator allows that.

    Raises NotRunningError, UnreachableError, LostError, UnknownError or another HinterlandError.
    """
    if len(question.body) > requests.LARGEST_BODY:
        raise requests.too_large()
    patience = time.monotonic() + _PATIENCE_WITH_THE_LAST
    while True:
        try:
            reached = await reach(paths, start=start, own=own)
        except OSError as error:
            raise NotRunningError("The engine does not run.", RESTARTS) from error
        connection = reached.connection
        try:
            status = await connection.send(*question, headers=_HEADERS)
            _hear(reached, status)
            if status == 200:
                return reached
            refusal = refused(status, await connection.body(), shared=reached.box is not None)
        except (OSError, h11.RemoteProtocolError) as error:
            connection.close()
            raise LostError from error
        except BaseException:  # Ctrl-C and a cancelled question too leave no connection open
            connection.close()
            raise
        connection.close()
        if status != _ENDING or time.monotonic() > patience:
            raise refusal
        await asyncio.sleep(0.05)  # that service is ending; the next one may start then


def _hear(reached: Reached, status: int) -> None:
    """Take what has to be told of all that is asked. A refusal that says nothing of it, and an engine
    where there is no box, tell nothing."""
    notice = reached.connection.notice
    has_box = reached.box is not None or reached.why is not None
    if notice or (has_box and status == 200):
        notices.hear(notice)


async def events(connection: Connection) -> AsyncGenerator[Event, None]:
    """Yield what comes; the last is Done or Failed. Raises LostError where it ends before that."""
    parser = EventParser()
    lost: BaseException | None = None
    try:
        async for piece in connection.chunks():
            for event in parser.feed(piece):
                yield event
    except (OSError, h11.RemoteProtocolError) as error:
        lost = error
    finally:
        connection.close()
    if not parser.ended:
        for event in parser.close():
            yield event
        raise LostError from lost


def refused(status: int, body: bytes, *, shared: bool) -> HinterlandError:
    """Return the error that a status other than 200 and its body tell of."""
    if status == 426:
        if shared:
            return EngineError(
                "The shared box is of another release of Hinterland.",
                "Ask who looks after this machine to have the same release for all.",
            )
        return EngineError(
            "The running engine is of another release of Hinterland.",
            "Stop it with `hint engine stop`; the next command starts the right one.",
        )
    try:
        error = msgspec.json.decode(body)["error"]
        if status == 404 and error["type"] == EngineError.__name__:
            return UnknownError(error["message"], error.get("hint", ""))
        return by_name(error["type"], error["message"], error.get("hint", ""))
    except (msgspec.MsgspecError, KeyError, TypeError):
        return EngineError(f"The engine service answered with status {status}.", "See its log.")

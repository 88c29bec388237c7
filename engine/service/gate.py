"""The door of a shared box to the outside: strangers' connections, so many of each and no stuck ones.

Who floods the socket is turned away before a line of HTTP is read. Whoever sends half a request, or
does not read the answer, is cut: nothing of the service waits for them.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import Counter
from typing import Any

import h11
import msgspec
import uvicorn

from hinterland.engine.asgi import PeerProtocol
from hinterland.engine.service.allowance import Allowance
from hinterland.engine.service.house import House
from hinterland.engine.service.newcomers import Newcomers
from hinterland.engine.wire import peer_uid

MOST_CONNECTIONS = 64
"""Of one user; more than anybody can use who may have a few requests at once."""
_STRANGERS = -1
"""Whom all are counted as who are not let in: somebody may have 65,536 user ids (subuid(5)), and take the
group along to each."""
_RATE, _BURST = 10.0, 100.0  # new connections of one user: a second, and at once
_HEAD_PATIENCE = 10.0  # seconds from the connection to the end of the request's head
_REQUEST_PATIENCE = 60.0  # seconds to the end of the request
READER_PATIENCE = 60.0
"""Seconds that an answer may find no room on its way to a reader who does not read it."""
_AT_A_TIME = 64  # connections accepted before others of the loop have their turn
# Seconds until the next try: where no file can be opened any more, and where most of those who knock
# are turned away, for looking at each of them costs what the model needs.
_WITHOUT_FILES, _IN_A_FLOOD = 0.2, 0.01

_TOLD = {"message": "You have too many connections to the shared box.", "type": "EngineError"}
_BODY = msgspec.json.encode({"error": {**_TOLD, "hint": "End some of your programs."}})
_TOO_MANY = (
    b"HTTP/1.1 429 Too Many Requests\r\nconnection: close\r\ncontent-type: application/json\r\n"
    b"content-length: %d\r\n\r\n" % len(_BODY)
) + _BODY


class Gate:
    """Accepts what comes to `listener` and hands it to `server`."""

    def __init__(self, listener: socket.socket, server: uvicorn.Server, house: House) -> None:
        listener.setblocking(False)
        self._listener = listener
        self._server = server
        self._here: Counter[int] = Counter()
        self._newcomers = Newcomers(house)
        self._pace = Allowance(_RATE, _BURST)
        self._opening: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()

    def open(self) -> None:
        """Begin to accept."""
        self._loop.add_reader(self._listener, self._accept)

    def close(self) -> None:
        """Accept nobody any more."""
        self._loop.remove_reader(self._listener)
        self._listener.close()
        for task in self._opening:
            task.cancel()
        self._newcomers.close()

    def left(self, uid: int) -> None:
        """A connection of that user is gone."""
        self._here[uid] -= 1
        if not self._here[uid]:
            del self._here[uid]

    def _accept(self) -> None:
        turned_away = 0
        for _ in range(_AT_A_TIME):
            try:
                peer, _address = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return None
            except OSError:  # no more files
                return self._pause(_WITHOUT_FILES)
            peer.setblocking(False)
            uid = peer_uid(peer)
            known = self._newcomers.knows(uid)
            has_room = known or self._newcomers.has_room_for(uid)
            if not has_room or self._here[uid] >= MOST_CONNECTIONS:
                _turn_away(peer)
                turned_away += 1
                continue
            self._here[uid] += 1
            sought = None if known else self._newcomers.look_up(uid)
            task = self._loop.create_task(self._let_in(peer, uid, sought))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)
        if turned_away > _AT_A_TIME // 2:
            self._pause(_IN_A_FLOOD)
        return None

    def _pause(self, seconds: float) -> None:
        self._loop.remove_reader(self._listener)
        self._loop.call_later(seconds, self._open_again)

    def _open_again(self) -> None:
        if self._listener.fileno() >= 0:
            self.open()

    async def _let_in(
        self, peer: socket.socket, uid: int, sought: asyncio.Future[bool] | None
    ) -> None:
        entered = False

        def protocol() -> StrangerProtocol:
            nonlocal entered
            entered = True
            server = self._server
            return StrangerProtocol(self, uid, server.config, server.server_state, {})

        try:
            if sought is not None and not await asyncio.shield(sought):
                self.left(uid)
                uid = _STRANGERS
                self._here[uid] += 1
                if self._here[uid] > MOST_CONNECTIONS:
                    _turn_away(peer)
                    return
            await asyncio.sleep(self._pace.take(uid, 1))
            with contextlib.suppress(OSError):
                await self._loop.connect_accepted_socket(protocol, peer)
        finally:
            if not entered:
                peer.close()
                self.left(uid)


def _turn_away(peer: socket.socket) -> None:
    with contextlib.suppress(OSError):
        peer.send(_TOO_MANY)
    peer.close()


class StrangerProtocol(PeerProtocol):
    """One connection of somebody who may mean no good."""

    def __init__(self, gate: Gate, uid: int, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._gate = gate
        self._uid = uid
        self._patience: list[asyncio.TimerHandle] = []
        self._stuck: asyncio.TimerHandle | None = None
        self._leaving: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # only sockets
        """Begin to wait for the request."""
        super().connection_made(transport)
        self._patience = [
            self.loop.call_later(_HEAD_PATIENCE, self._cut_in, h11.IDLE),
            self.loop.call_later(_REQUEST_PATIENCE, self._cut_in, h11.IDLE, h11.SEND_BODY),
        ]

    def connection_lost(self, exc: Exception | None) -> None:
        """Count it out."""
        super().connection_lost(exc)
        self.resume_writing()
        for timer in (*self._patience, self._leaving):
            if timer is not None:
                timer.cancel()
        self._gate.left(self._uid)

    def pause_writing(self) -> None:
        """The reader is behind: wait for them, but not for ever."""
        super().pause_writing()
        self._stuck = self.loop.call_later(READER_PATIENCE, self.transport.abort)

    def resume_writing(self) -> None:
        """The reader has caught up."""
        super().resume_writing()
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None

    def on_response_complete(self) -> None:
        """All is said; what the reader has not taken is little enough that nothing else waits for it."""
        super().on_response_complete()
        if self._leaving is None:
            self._leaving = self.loop.call_later(READER_PATIENCE, self.transport.abort)

    def _cut_in(self, *states: object) -> None:
        if self.conn.their_state in states:
            self.transport.abort()

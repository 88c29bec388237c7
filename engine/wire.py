"""HTTP/1.1 over a UNIX socket: one request per connection, the answer's bytes as they come.

h11 over asyncio rather than a full client: a command spends its start-up time here (ADR 005), and
closing the connection is how a request is cancelled.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import struct
import sys
from collections.abc import AsyncIterator, Container
from pathlib import Path

import h11

from hinterland.errors import EngineError

_READ = 64 * 1024
_NOTICE = b"x-hint-notice"
_NOBODY = 2**32 - 1
"""The kernel's answer for a socket that is not connected: the line of those who knock is full, and
asyncio takes that for success."""


def peer_uid(peer: socket.socket) -> int:
    """Return the user id of the process at the other end of a UNIX socket, as the kernel gives it."""
    if sys.platform == "linux":
        credentials = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        return int(struct.unpack("i2I", credentials)[1])  # pid, uid, gid
    # macOS: LOCAL_PEERCRED (1) at SOL_LOCAL (0) is a struct xucred: version, uid, groups.
    return int(struct.unpack("2I", peer.getsockopt(0, 1, 8))[1])


class Connection:
    """One exchange. Raises OSError or h11.RemoteProtocolError when the other side goes away."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.CLIENT)
        self.notice = ""
        """What a shared box says has to be told of all that is asked; known with the status."""

    @classmethod
    async def open(cls, path: Path, owners: Container[int] = ()) -> Connection:
        """Connect to `path`; raises OSError when nobody listens there, EngineError when it is
        somebody else who does than this account, root or the `owners`: what is sent is not for them.
        """
        reader, writer = await asyncio.open_unix_connection(str(path))
        peer = peer_uid(writer.get_extra_info("socket"))
        if peer == _NOBODY:
            writer.close()
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        if peer not in {os.getuid(), 0} and peer not in owners:
            writer.close()
            raise EngineError(
                f"The socket {path} belongs to another user's program.",
                "Set HINTERLAND_HOME to a folder of your own.",
            )
        return cls(reader, writer)

    async def send(
        self, method: str, target: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> int:
        """Send a request and return the status of its response."""
        request = h11.Request(
            method=method,
            target=target,
            headers=[
                ("Host", "hinterland"),
                ("Connection", "close"),
                ("Content-Type", "application/json"),
                ("Content-Length", str(len(body))),
                *(headers or {}).items(),
            ],
        )
        parts = [self._http.send(request), self._http.send(h11.Data(body))]
        self._writer.write(
            b"".join([*filter(None, parts), self._http.send(h11.EndOfMessage()) or b""])
        )
        await self._writer.drain()
        while True:
            event = await self._next()
            if isinstance(event, h11.Response):
                if said := dict(event.headers).get(_NOTICE):
                    from urllib.parse import unquote  # most are told nothing

                    self.notice = unquote(said.decode("ascii", "replace"))
                return event.status_code

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the response's body, piece by piece."""
        while True:
            event = await self._next()
            if isinstance(event, h11.Data):
                yield bytes(event.data)
            elif isinstance(event, h11.EndOfMessage | h11.ConnectionClosed):
                return

    async def body(self) -> bytes:
        """Return the response's whole body."""
        return b"".join([chunk async for chunk in self.chunks()])

    async def _next(self) -> h11.Event:
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                self._http.receive_data(await self._reader.read(_READ))
                continue
            assert not isinstance(event, type)  # PAUSED: only after a pipelined request
            return event

    def close(self) -> None:
        """End the exchange; what the other side was doing for it is cancelled."""
        self._writer.close()

"""HTTP/1.1 over a UNIX socket: one request per connection, the answer's bytes as they come.

h11 over asyncio rather than a full client: a command spends its start-up time here (ADR 005), and
closing the connection is how a request is cancelled.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import h11

_READ = 64 * 1024


class Connection:
    """One exchange. Raises OSError or h11.RemoteProtocolError when the other side goes away."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.CLIENT)

    @classmethod
    async def open(cls, socket: Path) -> Connection:
        """Connect to `socket`; raises OSError when nobody listens there."""
        return cls(*await asyncio.open_unix_connection(str(socket)))

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

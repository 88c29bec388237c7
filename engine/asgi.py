"""An ASGI app on a private UNIX socket: the service's front, and the workers we wrote ourselves."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from hinterland.engine.wire import peer_uid
from hinterland.paths import private_folder

if TYPE_CHECKING:
    from starlette.types import ASGIApp
    from uvicorn._types import ASGIReceiveEvent


_BACKLOG = 128


class PeerProtocol(H11Protocol):
    """Puts the caller's user id, as the kernel gives it, where ASGI keeps the client's address."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # only sockets
        super().connection_made(transport)
        peer: socket.socket = transport.get_extra_info("socket")
        self.client = ("uid", peer_uid(peer))

    def handle_events(self) -> None:
        """Begin with what has come; who asked may be gone before it is read."""
        before = self.cycle
        super().handle_events()
        if self.cycle is not before:  # its task runs later
            self.cycle.receive = partial(_receive, self.cycle)  # type: ignore[method-assign] # for this one


async def _receive(cycle: RequestResponseCycle) -> ASGIReceiveEvent:
    """Return what comes next: a body that has come whole even where nobody is there any more, for an
    answer may outlive who asked for it."""
    message = await RequestResponseCycle.receive(cycle)
    gone = message["type"] == "http.disconnect"
    if gone and cycle.body and not cycle.more_body and not cycle.response_complete:
        message = {"type": "http.request", "body": bytes(cycle.body), "more_body": False}
        cycle.body = bytearray()
    return message


def listen(path: Path, group: int | None = None) -> socket.socket:
    """Return a socket that listens at `path`, whatever was there before: 0600 in a 0700 folder, and
    for a `group` 0660 in a 0750 folder.

    Raises OSError where it cannot be made, or be given to the group.
    """
    private_folder(path.parent)
    os.chmod(path.parent, 0o700)  # until the socket is the group's nobody gets to it
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    umask = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(umask)
    listener.listen(_BACKLOG if group is None else 4 * _BACKLOG)
    if group is not None:
        for each, mode in ((path, 0o660), (path.parent, 0o750)):
            os.chown(each, -1, group)
            os.chmod(each, mode)
    return listener


class _Server(uvicorn.Server):
    """Leaves signals to whoever runs it: the service has answers to bring to an end first."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def server(app: ASGIApp) -> uvicorn.Server:
    """Return a server for `app`; run it with `await server.serve(sockets=[listen(path)])`."""
    return _Server(
        uvicorn.Config(
            app,
            http=PeerProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,  # who asks is who the kernel says, whatever a header says
            timeout_graceful_shutdown=2,
        )
    )

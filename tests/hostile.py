"""A small HTTP server for remote engines to meet: it plays a script, as badly as the script wants."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CERTIFICATE = Path(__file__).parent / "certificates" / "localhost.pem"
"""Self-signed for localhost, with its key: for tests, and no secret."""


@dataclass
class Call:
    """One request, and the connection to answer it on."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    connection: socket.socket

    @property
    def json(self) -> dict[str, Any]:
        decoded: dict[str, Any] = json.loads(self.body)
        return decoded

    def send(self, data: bytes) -> None:
        """Send bytes; a caller that has gone is none of our business."""
        with suppress(OSError):
            self.connection.sendall(data)

    def wait_until_gone(self) -> None:
        """Return when the caller has closed the connection."""
        with suppress(OSError):
            while self.connection.recv(4096):
                pass


Reply = Callable[[Call], None]


def plain(status: int, body: bytes, kind: str = "application/json", *headers: str) -> Reply:
    """Answer with `status`, a body and perhaps more header lines."""

    def reply(call: Call) -> None:
        lines = [f"HTTP/1.1 {status} Said", f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
        head = "\r\n".join([*lines, "Connection: close", *headers]) + "\r\n\r\n"
        call.send(head.encode() + body)

    return reply


def error(status: int, message: str, *headers: str, **more: object) -> Reply:
    """Answer as OpenAI's API does when it refuses."""
    body = json.dumps({"error": {"message": message, **more}}).encode()
    return plain(status, body, "application/json", *headers)


def start(call: Call) -> None:
    """Begin a stream; what follows is its body until the connection closes."""
    call.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")


def stream(*pieces: bytes) -> Reply:
    """Answer with a stream of these bytes, then close."""

    def reply(call: Call) -> None:
        start(call)
        for piece in pieces:
            call.send(piece)

    return reply


def chunk(text: str = "", finish: str | None = None, **more: object) -> bytes:
    """Return one chunk of a chat completion as a server-sent event."""
    choice = {"index": 0, "delta": {"content": text} if text else {}, "finish_reason": finish}
    said = {"object": "chat.completion.chunk", "model": "there/model", "choices": [choice], **more}
    return b"data: " + json.dumps(said).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"
WELL = stream(chunk("All "), chunk("is "), chunk("well."), chunk(finish="stop"), DONE)


def models(*entries: dict[str, object]) -> Reply:
    """Answer `GET /v1/models`."""
    return plain(200, json.dumps({"object": "list", "data": list(entries)}).encode())


@dataclass
class Hostile:
    """The server. `chat` is played one reply a call, the last for ever; other paths get `others`."""

    chat: list[Reply] = field(default_factory=lambda: [WELL])
    others: dict[str, Reply] = field(
        default_factory=lambda: {"/v1/models": models({"id": "there/model"})}
    )
    tls: bool = False
    calls: list[Call] = field(default_factory=list)
    connections: int = 0
    """Connections that were accepted, whatever came of them."""
    port: int = 0

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}/v1"

    @property
    def chats(self) -> list[Call]:
        """The chat completions that were asked for."""
        return [call for call in self.calls if call.path.endswith("/chat/completions")]

    def serve(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection, suppress(OSError, ValueError):
            if self.tls:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(CERTIFICATE)
                with context.wrap_socket(connection, server_side=True) as safe:
                    self._answer(safe)
            else:
                self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        with connection.makefile("rb") as file:
            method, path, _ = file.readline().decode().split()
            headers = {}
            while line := file.readline().decode().strip():
                name, _, value = line.partition(":")
                headers[name.lower()] = value.strip()
            body = file.read(int(headers.get("content-length", 0)))
        call = Call(method, path, headers, body, connection)
        self.calls.append(call)
        if path.endswith("/chat/completions"):
            reply = self.chat.pop(0) if len(self.chat) > 1 else self.chat[0]
        else:
            reply = self.others.get(path, plain(404, b'{"detail":"Not Found"}'))
        reply(call)


@contextmanager
def serving(hostile: Hostile) -> Iterator[Hostile]:
    """Listen on a free port of the loopback device for as long as the block runs."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        hostile.port = listener.getsockname()[1]
        thread = threading.Thread(target=hostile.serve, args=(listener,), daemon=True)
        thread.start()
        try:
            yield hostile
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()

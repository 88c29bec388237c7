"""A real box's service, and people of its group: real user ids over a real socket."""

from __future__ import annotations

import grp
import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.running import wait_until

# What a user runs. It becomes that user itself: they may not be able to read this Python's files.
_ASK = """
import http.client, json, os, socket, sys
asked = json.load(sys.stdin)
os.setgroups([])
os.setgid(asked["gid"])
os.setuid(asked["uid"])
try:
    peer = socket.socket(socket.AF_UNIX)
    peer.connect(asked["socket"])
    body = (asked["body"] or "").encode()
    head = "%s %s HTTP/1.1\\r\\nHost: box\\r\\nContent-Length: %d\\r\\n\\r\\n"
    peer.sendall((head % (asked["method"], asked["target"], len(body))).encode() + body)
    answer = http.client.HTTPResponse(peer)
    answer.begin()
    read = answer.read(asked["bytes"]) if asked["bytes"] else answer.read()
    json.dump([answer.status, read.decode("utf-8", "replace")], sys.stdout)
except OSError as error:
    json.dump([0, type(error).__name__], sys.stdout)
"""


@dataclass(frozen=True)
class Person:
    """A user of this machine who is in the box's group."""

    uid: int
    group: int
    socket: Path

    def send(
        self, method: str, target: str, body: object = None, *, most: int = 0
    ) -> tuple[int, str]:
        """Return the status and the body of the answer, or its first `most` bytes; 0 and the name of
        the error where there is no connection."""
        asked = {
            "uid": self.uid,
            "gid": self.group,
            "socket": str(self.socket),
            "method": method,
            "target": target,
            "body": None if body is None else json.dumps(body),
            "bytes": most,
        }
        done = subprocess.run(
            [sys.executable, "-I", "-c", _ASK],
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            check=True,
            cwd="/",
        )
        status, said = json.loads(done.stdout)
        return status, said

    def ask(self, words: str, *, most: int = 0, **body: Any) -> tuple[int, str]:
        """Ask; fields besides the messages are those of a body."""
        messages = [{"role": "user", "content": words}]
        return self.send("POST", "/v1/chat/completions", {"messages": messages, **body}, most=most)


@dataclass(frozen=True)
class Box:
    """A service, two people who may use it and one who may not."""

    folder: Path
    service: subprocess.Popen[bytes]
    anna: Person
    bilal: Person
    stranger: Person
    root: Person

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def running(self) -> int:
        """Return how many answers are being written or waited for."""
        return int(json.loads(self.root.send("GET", "/hint/status")[1])["running"])

    def everything_kept(self) -> bytes:
        """Return whatever the service has on the disk."""
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        return b"".join(path.read_bytes() for path in files)


@contextmanager
def a_box(settings: str, shelf: Path | None = None, decided: str = "") -> Iterator[Box]:
    """Run a box with these settings (config.toml), and `decided` in its box.toml."""
    if os.getuid() != 0:
        pytest.skip("only root can become two other users")
    members, group = _two_of_one_group()
    other = next(user for user in pwd.getpwall() if user.pw_uid and user.pw_gid != group.gr_gid)
    folder = Path(tempfile.mkdtemp(prefix="hint-box-", dir="/tmp"))
    folder.chmod(0o755)
    site, socket = folder / "etc", folder / "run" / "box.sock"
    site.mkdir()
    socket.parent.mkdir()
    text = f'group = "{group.gr_name}"\nsocket = "{socket}"\n{decided}'
    (site / "box.toml").write_text(text)
    (site / "config.toml").write_text(settings)
    environment = os.environ | {
        "HINTERLAND_SITE": str(site),
        "STATE_DIRECTORY": str(folder / "state"),
    }
    environment["XDG_DATA_DIRS"] = str(shelf or folder / "share")
    environment.pop("HINTERLAND_HOME", None)
    service = subprocess.Popen([sys.executable, "-m", "hinterland.box.serve"], env=environment)
    root = Person(0, 0, socket)
    try:
        wait_until(lambda: root.send("GET", "/hint/status")[0] == 200, "the box listens")
        yield Box(
            folder,
            service,
            Person(members[0].pw_uid, group.gr_gid, socket),
            Person(members[1].pw_uid, group.gr_gid, socket),
            Person(other.pw_uid, other.pw_gid, socket),
            root,
        )
    finally:
        service.terminate()
        service.wait()
        shutil.rmtree(folder)


def _two_of_one_group() -> tuple[list[pwd.struct_passwd], grp.struct_group]:
    """Return two users of this machine with the same group: no user is made for a test."""
    users = [user for user in pwd.getpwall() if user.pw_uid]
    for group in grp.getgrall():
        members = [user for user in users if user.pw_gid == group.gr_gid]
        if len(members) > 1:
            return members, group
    pytest.skip("no two users of this machine have the same group")

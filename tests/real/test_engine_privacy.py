"""Nothing leaves the box, nobody else gets in, and what was not to be kept is not there."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from hinterland.paths import Paths
from tests.running import Hint, asking, kill, only_worker, running_status, stop_engine

pytestmark = pytest.mark.model


def inodes(pid: int) -> set[str]:
    """Return the socket inodes among a process's open files."""
    found = set()
    for file in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = os.readlink(file)
        except OSError:
            continue
        if target.startswith("socket:["):
            found.add(target[8:-1])
    return found


def internet_inodes() -> set[str]:
    """Return the inodes of every TCP and UDP socket of this machine."""
    found = set()
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            found.add(line.split()[9])
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_process_has_an_internet_socket(small_model: str) -> None:
    with asking("-m", small_model, "Tell a long story.") as process:
        ours = [process.pid, running_status().pid, only_worker().pid]
        open_sockets = set().union(*(inodes(pid) for pid in ours))
        assert open_sockets, "the processes have UNIX sockets at least"
        assert not open_sockets & internet_inodes()


def test_sockets_are_private(hint: Hint, small_model: str, paths: Paths) -> None:
    assert hint("ask", "-m", small_model, "--max-tokens", "2", "Hi").returncode == 0
    for path in (paths.socket, Path(only_worker().socket)):
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700
    for file in [*paths.data.rglob("*"), *paths.logs.rglob("*")]:
        assert file.stat().st_mode & 0o077 == 0, file


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_another_user_cannot_connect(hint: Hint, small_model: str, paths: Paths) -> None:
    assert hint("ask", "-m", small_model, "--max-tokens", "2", "Hi").returncode == 0
    knock = (
        "import socket, sys\n"
        "try: socket.socket(socket.AF_UNIX).connect(sys.argv[1])\n"
        "except PermissionError: sys.exit(7)\n"
    )
    for path in (str(paths.socket), only_worker().socket):
        for folder in Path(path).parents:  # only the last folder may keep the stranger out
            if folder != Path(path).parent and folder.stat().st_mode & 0o005 != 0o005:
                folder.chmod(folder.stat().st_mode | 0o055)
        knocked = subprocess.run(
            ["/usr/bin/python3", "-c", knock, path], user=65534, capture_output=True, check=False
        )
        assert knocked.returncode == 7, knocked


def test_no_history_leaves_no_trace(hint: Hint, small_model: str, home: Path) -> None:
    secret = "zanzibar-quetzalcoatl-7731"
    asked = hint(
        "ask",
        "-m",
        small_model,
        "--no-history",
        "--max-tokens",
        "24",
        f"Repeat this word: {secret}",
    )
    assert asked.returncode == 0, asked.stderr
    words = [secret.encode(), asked.stdout.strip().encode()[:40]]
    with asking("-m", small_model, "--no-history", f"Tell a story about {secret}.") as process:
        assert not list(home.rglob("*.journal"))
        kill(only_worker().pid)
        process.communicate(timeout=60)
    stop_engine()
    for file in home.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert not any(word in content for word in words), file
    assert not list(home.rglob("*.journal"))


def test_the_kernel_says_who_calls(hint: Hint, small_model: str, paths: Paths) -> None:
    from hinterland.engine.wire import peer_uid

    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours, theirs:
        assert peer_uid(ours) == os.getuid()

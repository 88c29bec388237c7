"""Who is at the other end of a socket."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path

import pytest

from hinterland.engine.wire import Connection, peer_uid


@pytest.mark.parametrize("uid", [1000, 3_000_000_000])  # some directories give out large numbers
def test_the_kernel_says_who_calls_whatever_their_number(uid: int) -> None:
    before = os.geteuid()
    try:
        os.seteuid(uid)
    except OSError:
        pytest.skip("only root can become another user, of those that the namespace has")
    try:
        ours, theirs = socket.socketpair(socket.AF_UNIX)
    finally:
        os.seteuid(before)
    with ours, theirs:
        assert peer_uid(ours) == uid


def test_who_finds_the_line_full_hears_of_that_and_not_of_a_stranger(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"

    async def scene() -> None:
        held: list[Connection] = []

        async def go_on() -> None:
            while len(held) < 10:
                held.append(await Connection.open(path))

        try:
            with pytest.raises(BlockingIOError):
                await go_on()
        finally:
            for each in held:
                each.close()

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(1)
        asyncio.run(scene())

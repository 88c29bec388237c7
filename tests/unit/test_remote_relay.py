"""What a remote engine sends without end is ended here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from hinterland.engine.remote import relay
from hinterland.engine.remote.key import Key
from hinterland.errors import EngineError

WORD = b'data: {"choices":[{"delta":{"content":"more "}}]}\n\n'


async def endless() -> AsyncIterator[bytes]:
    while True:
        yield WORD * 8


def test_an_endless_answer_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "_LONGEST_STREAM", 100 * len(WORD))

    received = bytearray()

    async def read() -> None:
        async for piece in relay.relay(endless(), "far", Key("")):
            received.extend(piece)

    with pytest.raises(EngineError, match="for one answer"):
        asyncio.run(read())
    assert 90 <= received.count(b"more ") <= 100

"""Images on their way to a worker: whose turn it is to be decoded, and who waits meanwhile."""

from __future__ import annotations

import asyncio
import json
import threading

import pytest

from hinterland import images
from hinterland.engine import requests
from hinterland.engine.service.pictures import with_images_for
from hinterland.engine.workers.spec import WorkerSpec

PATIENCE = 60.0


def test_nobody_elses_request_waits_while_images_are_decoded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An image may keep its decoder busy for half a minute; here until it is told."""
    told, busy = threading.Event(), 0

    def slow(data: bytes, subject: str) -> str:
        nonlocal busy
        busy += 1
        assert told.wait(PATIENCE)
        return images.data_url("image/png", data)

    monkeypatch.setattr(images, "encoded_anew", slow)
    spec = WorkerSpec(model="m", kind="echo")
    url = {"url": "data:image/png;base64,AAAA"}
    parts = [{"type": "image_url", "image_url": url}]
    body = json.dumps({"messages": [{"role": "user", "content": parts}]}).encode()

    async def scene() -> None:
        orders = [with_images_for(spec, requests.decode(body)) for _ in range(40)]
        waiting = [asyncio.create_task(order) for order in orders]
        async with asyncio.timeout(PATIENCE / 2):
            while busy < 2:
                await asyncio.sleep(0.01)
            assert await asyncio.to_thread(lambda: "looked up") == "looked up"
        assert busy == 2
        told.set()
        await asyncio.gather(*waiting)
        assert busy == 40

    try:
        asyncio.run(scene())
    finally:
        told.set()

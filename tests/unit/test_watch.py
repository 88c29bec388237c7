"""A worker that hangs is ended; one that is only slow, or has nothing to do, is not."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import msgspec
import pytest

from hinterland.engine.service import watch
from hinterland.engine.service.worker import WorkerCrashedError
from hinterland.engine.service.worker_process import WorkerProcess
from hinterland.engine.workers.spec import WorkerSpec

BODY = msgspec.json.encode({"messages": [{"role": "user", "content": "a b c d"}], "stream": True})


def test_a_worker_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "SILENCE", 0.2)
    monkeypatch.setattr(watch, "PATIENCE", 0.5)

    async def scene() -> None:
        spec = WorkerSpec(model="echo:2", kind="echo", socket=str(tmp_path / "w.sock"))
        worker = WorkerProcess(spec)
        await worker.ready
        pieces = [piece async for piece in worker.chat(BODY)]
        assert b"[DONE]" in b"".join(pieces), "slow, and left alone"
        os.kill(worker.status().pid, signal.SIGSTOP)
        await asyncio.sleep(1.0)
        assert not worker.gone, "nothing to do, and left alone"
        async with asyncio.timeout(60):
            with pytest.raises(WorkerCrashedError):
                await worker.count(BODY)
        assert worker.gone
        await worker.stop()

    asyncio.run(scene())

"""The engines that keep the contract: how each comes to be, and how each is made to crash."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from hinterland.engine.client import EngineClient
from hinterland.engine.protocol import Engine, Message, Request, Sampling
from hinterland.turns import new_id
from tests.running import kill

KEY = "sk-elsewhere-0123456789"


@dataclass(frozen=True)
class Candidate:
    """An engine, and the model id that makes it write for a while."""

    engine: Engine
    model: str
    crash: Callable[[], Awaitable[None]] | None
    """Ends it in the middle of what it does; None for one that would take the tests along."""
    follows_schemas: bool = True

    def request(self, prompt: str, **settings: object) -> Request:
        settings = {"seed": 7, "temperature": 0.0, **settings}
        sampling = Sampling(**settings)  # type: ignore[arg-type] # by name
        return Request((Message("user", prompt),), self.model, sampling, turn_id=new_id())


def served(client: EngineClient, model: str, *, follows_schemas: bool = True) -> Candidate:
    """Return a candidate whose model is run by a worker of this account's service."""

    async def crash() -> None:
        status = await client.status()
        assert status is not None
        kill(status.workers[0].pid)

    return Candidate(client, model, crash, follows_schemas)


class Elsewhere:
    """A llama-server with a key on a port of its own: it stands in for another machine."""

    def __init__(self, model: Path) -> None:
        self._model = model
        self.port = 0
        self._process = self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    async def crash(self) -> None:
        """End it as a crash does, and start it anew on the same port."""
        self._end()
        self._process = await asyncio.to_thread(self._start)

    def _start(self) -> subprocess.Popen[bytes]:
        program = Path(__file__).parents[1] / "llama_server.py"
        process = subprocess.Popen(
            [sys.executable, str(program), str(self._model), KEY, str(self.port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert process.stdout is not None
        self.port = int(process.stdout.readline())
        return process

    def _end(self) -> None:
        self._process.kill()
        self._process.communicate()

"""What the service needs of whatever answers for a model: a child process, or an endpoint elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Protocol

from hinterland.engine.service.admission import Admission
from hinterland.engine.status import WorkerStatus
from hinterland.engine.workers.spec import WorkerSpec
from hinterland.errors import EngineError


class WorkerCrashedError(EngineError):
    """The worker went away; a fresh one may answer."""


class Worker(Protocol):
    """It begins to load when it is made; `ready` is awaited before anything else is asked of it."""

    spec: WorkerSpec
    """What it was made from; once it is ready, with what it found out."""
    door: Admission
    users: int
    """Requests that need this worker, running or not; it is only evicted at 0."""
    last_used: float
    ready: asyncio.Task[None]
    """Raises HinterlandError when it cannot be used."""

    @property
    def gone(self) -> bool:
        """Whether it has ended, or never began."""

    @property
    def progress(self) -> float | None:
        """How far it has loaded, 0 to 1; None where nobody can tell."""

    @property
    def private_bytes(self) -> int:
        """Memory of this machine that ending it would give back."""

    async def count(self, body: bytes) -> int | None:
        """Return how many tokens the prompt in `body` has, chat template included; None where it
        cannot say."""

    def chat(self, body: bytes) -> AsyncGenerator[bytes, None]:
        """Yield the answer's bytes. Closing the iterator cancels. Raises HinterlandError."""

    async def stop(self) -> None:
        """End it and wait until it has ended."""

    def status(self) -> WorkerStatus:
        """Return what it says of itself."""

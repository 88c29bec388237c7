"""The workers of a service: which are loaded, and which has to go when another model is wanted."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from hinterland.engine.protocol import Counted, Failed, Loading, Queued, SentTo
from hinterland.engine.service.forecast import Forecast
from hinterland.engine.service.house import Served
from hinterland.engine.service.worker import Worker
from hinterland.engine.service.worker_process import WorkerProcess, own_socket
from hinterland.engine.workers.spec import WorkerSpec, bundled
from hinterland.errors import EngineError, ModelError

log = logging.getLogger("hinterland.engine")

Say = Callable[[Loading | Queued | SentTo | Counted | Failed], None]
Settle = Callable[[WorkerSpec], Awaitable[WorkerSpec]]
"""Says how a model is run after all: a native program is tried before it is trusted."""
Lately = Callable[[str], Sequence[Served]]
"""Says what the last answers of a model took, in the order of their ends."""

_TELL_PROGRESS_EVERY = 0.25  # seconds
# The most of the free memory that a model may take: the `tight` bound of `hint models recommend`.
_SHARE_OF_MEMORY = 0.85
_STEP = 256  # tokens: llama.cpp rounds a context to multiples of this


class Workers:
    """Loads a worker per model; another model evicts idle workers only, and waits for busy ones."""

    def __init__(
        self,
        sockets: Path,
        free_memory: Callable[[], int],
        settle: Settle | None = None,
        lately: Lately | None = None,
    ) -> None:
        self._sockets = sockets
        self._free_memory = free_memory
        self._settle = settle
        self._lately = lately
        self._workers: dict[str, Worker] = {}
        self._forecasts: dict[str, Forecast] = {}
        """What was learned of a worker, by its spec: it lasts while the model is out of memory."""
        self._numbers = itertools.count(1)
        # Whoever wants another model waits for the busy worker inside this lock, and whoever comes
        # later behind it: a model in demand cannot starve the other.
        self._choosing = asyncio.Lock()
        self._in_line = 0
        self.before_end: Callable[[Worker], Awaitable[None]] | None = None
        """Awaited before a worker that still runs is ended."""
        self._released = asyncio.Event()

    @property
    def all(self) -> list[Worker]:
        return list(self._workers.values())

    def largest_context(self, spec: WorkerSpec) -> int | None:
        """Return the largest window that this model and this memory allow; None when nothing limits
        it. It is never less than the window there is."""
        if spec.remote is not None:  # its window is raised there, not here
            return spec.context or None
        limits = [spec.trained_context] if spec.trained_context else []
        if spec.bytes_per_token:
            without = spec.memory - spec.bytes_per_token * spec.pool_tokens
            left = self._everything() * _SHARE_OF_MEMORY - without
            tokens = int(left / (spec.bytes_per_token * spec.fewest_slots))
            limits.append(tokens // _STEP * _STEP)
        return max(min(limits), spec.context) if limits else None

    def is_idle(self, spec: WorkerSpec) -> bool:
        """Whether the model is in memory here and nobody uses it or waits for another."""
        worker = self._workers.get(spec.identity)
        if spec.remote is not None or worker is None or worker.gone or not worker.ready.done():
            return False
        return not (worker.users or self._choosing.locked())

    @asynccontextmanager
    async def worker(self, spec: WorkerSpec, say: Say) -> AsyncIterator[Worker]:
        """Give a ready worker for `spec`, which stays loaded as long as it is used.

        Raises ModelError when the model does not fit in memory or cannot be loaded.
        """
        worker = await (self._choose(spec, say) if spec.remote is None else self._remote(spec))
        try:
            try:
                await _load(worker, say)
            except (EngineError, ModelError) as error:
                if not worker.spec.fallback:
                    raise
                # It passed its test, which asks for a small window and no images.
                note = f"{worker.spec.program} is not used: {error.message.rstrip('.')}"
                log.warning("%s", note)
                stand_in = await self._choose(bundled(spec, note), say)
                self.release(worker)
                worker = stand_in
                await _load(worker, say)
            yield worker
        finally:
            self.release(worker)

    def retain(self, worker: Worker) -> None:
        """Keep a worker that is in use from being evicted until it is released."""
        worker.users += 1

    def release(self, worker: Worker) -> None:
        """Give back what `retain` took."""
        worker.users -= 1
        worker.last_used = time.monotonic()
        self._released.set()

    async def _choose(self, spec: WorkerSpec, say: Say) -> Worker:
        self._in_line += 1
        try:
            if self._choosing.locked():
                say(Queued(self._in_line))
            async with self._choosing:
                worker = self._workers.get(spec.identity)
                if worker is not None and worker.gone:
                    await self._evict(worker)
                    worker = None
                if worker is None:
                    await self._make_room(spec, say)
                    if spec.program and self._settle is not None:
                        say(Loading(spec.model))
                        spec = await self._settle(spec)
                        if spec.note:
                            log.warning("%s", spec.note)
                    socket = own_socket(self._sockets, next(self._numbers))
                    worker = WorkerProcess(
                        msgspec.structs.replace(spec, socket=str(socket)), self._learned(spec)
                    )
                    self._workers[spec.identity] = worker
                worker.users += 1
                return worker
        finally:
            self._in_line -= 1

    def _learned(self, spec: WorkerSpec) -> Forecast:
        key = f"{spec.identity}\n{spec.slots}"
        if key not in self._forecasts:
            forecast = self._forecasts[key] = Forecast(spec.slots)
            if self._lately is not None:
                forecast.recall(self._lately(spec.model))
        return self._forecasts[key]

    async def _remote(self, spec: WorkerSpec) -> Worker:
        """Return a remote engine: it needs no memory here, so nobody waits for it or makes room."""
        from hinterland.engine.service.remote import RemoteWorker

        worker = self._workers.get(spec.identity)
        if worker is not None and not worker.gone:
            worker.users += 1
            return worker
        named = [old for old in self.all if old.spec.remote and old.spec.model == spec.model]
        worker = self._workers[spec.identity] = RemoteWorker(spec)
        worker.users += 1
        try:
            for old in named:
                if old.gone or not old.users:  # of settings that have changed since, or unreachable
                    await self._evict(old)
        except asyncio.CancelledError:
            worker.users -= 1
            raise
        return worker

    async def _make_room(self, spec: WorkerSpec, say: Say) -> None:
        """Return when the model fits, idle workers evicted and busy ones waited for as need be."""
        everything = self._everything()
        if spec.memory > everything * _SHARE_OF_MEMORY:
            raise ModelError(
                f"The model {spec.model} needs about {_gb(spec.memory)} of memory and "
                f"{_gb(everything)} is free.",
                "Choose a smaller model (`hint models recommend`), close other programs, "
                "or lower engine.context.",
            )
        told = False
        while spec.memory > self._unclaimed_memory() * _SHARE_OF_MEMORY:
            here = [worker for worker in self.all if worker.spec.remote is None]
            if not here:
                return
            idle = [worker for worker in here if worker.users == 0]
            if idle:
                await self._evict(min(idle, key=lambda worker: worker.last_used))
                continue
            if not told:
                say(Queued(1))
                told = True
            self._released.clear()
            await self._released.wait()

    def _everything(self) -> int:
        """Return the memory that would be free without a worker."""
        return self._free_memory() + sum(worker.private_bytes for worker in self.all)

    def _unclaimed_memory(self) -> int:
        """Return the free memory less what workers that are still loading will take of it."""
        coming = sum(max(0, worker.spec.memory - worker.private_bytes) for worker in self.all)
        return max(0, self._free_memory() - coming)

    async def _evict(self, worker: Worker) -> None:
        log.info("worker for %s is stopped", worker.spec.model)
        if self.before_end is not None and not worker.gone and worker.ready.done():
            await self.before_end(worker)
        self._workers = {key: other for key, other in self._workers.items() if other is not worker}
        await worker.stop()

    async def stop_idle(self) -> None:
        """End the workers that nobody uses."""
        async with self._choosing:
            for worker in [worker for worker in self.all if not worker.users]:
                await self._evict(worker)

    async def stop(self) -> None:
        """End every worker."""
        for worker in self.all:
            with contextlib.suppress(ProcessLookupError):
                await self._evict(worker)


async def _load(worker: Worker, say: Say) -> None:
    """Return when the worker is ready; raises what it could not be loaded for."""
    while not worker.ready.done():
        say(Loading(worker.spec.model, worker.progress))
        await asyncio.wait({worker.ready}, timeout=_TELL_PROGRESS_EVERY)
    await worker.ready


def _gb(size: int) -> str:
    return f"{size / 1e9:.1f} GB"

"""What the service says of itself."""

from __future__ import annotations

import msgspec


class WorkerStatus(msgspec.Struct, frozen=True, kw_only=True):
    model: str
    sha256: str
    pid: int
    state: str
    """loading, ready or gone."""
    context: int
    """Tokens of context each caller may use."""
    slots: int
    """Requests that may run at once."""
    threads: int
    running: int
    waiting: int
    reserved_tokens: int
    """Tokens of the context pool that running requests hold."""
    pool_tokens: int
    resident_bytes: int | None = None
    socket: str = ""
    """The worker's inner socket; benchmarks drive it directly."""
    url: str = ""
    """Where a remote engine is; such a worker is no process here: pid and threads are 0, and so is a
    context that nobody knows."""
    server: str = ""
    """What a remote engine was recognised as."""
    program: str = ""
    """The native llama-server that runs the model; empty is the bundled llama.cpp."""
    note: str = ""
    """Why it is not the program that was wanted."""


class ServiceStatus(msgspec.Struct, frozen=True, kw_only=True):
    protocol: int
    version: str
    pid: int
    started: float
    """Seconds since the epoch."""
    workers: list[WorkerStatus]
    running: int
    """Answers being written or waited for."""
    answered: int
    """Answers that were given since the service started; what failed is none."""
    idle_seconds: float
    keep_alive: float
    """Minutes."""
    trouble: str = ""
    """Why the engine could not do the last thing it was asked; empty when it did."""
    resident_bytes: int | None = None

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
    expected: float | None = None
    """Seconds that somebody new would wait who asked now, as far as that can be told."""
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


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """What one user has of the engine: numbers, never words."""

    uid: int
    running: int = 0
    """Answers that the engine writes."""
    waiting: int = 0
    """Requests that it has not taken up."""
    batch: int = 0
    """How many of both are a batch's."""
    position: int | None = None
    """The place in line of the first that waits."""
    expected: float | None = None
    """Seconds until that one starts, as far as that can be told."""
    waited: float = 0.0
    """Seconds that the longest waiting one has waited."""
    tokens_per_second: float = 0.0
    """Written over the last seconds."""
    tokens_today: int = 0
    """Read and written since midnight, local time."""
    tokens_a_day: int = 0
    """The most of these; 0 is no limit."""
    answers_today: int = 0
    refused_today: int = 0
    role: str = ""


class BoxStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The whole box in numbers, as far as the caller may see them."""

    service: ServiceStatus
    you: Share
    everybody: list[Share] | None = None
    """Those who have asked today; None for a caller who does not see others."""
    users: int = 0
    """How many users run or wait."""
    running: int = 0
    waiting: int = 0
    read_per_second: float = 0.0
    """Tokens of prompts, over the last seconds."""
    written_per_second: float = 0.0

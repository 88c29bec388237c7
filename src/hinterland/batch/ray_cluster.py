"""A Ray cluster as engines of a batch: an actor on each node asks that node's own engine.

Ray starts and watches the actors; which row goes where stays with the run, so that its ledger,
retries and resumption are the same as without. Nothing else imports Ray, which is an extra.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from hinterland.batch.running import Target
from hinterland.engine.protocol import (
    Done,
    Engine,
    Event,
    Failed,
    ReasoningDelta,
    Request,
    TextDelta,
)
from hinterland.errors import EngineError, HinterlandError, InputError, by_name, name_of

if TYPE_CHECKING:
    from types import ModuleType

ANY = "auto"
"""The cluster of this machine; one is started where there is none."""
_RESTARTS = 3  # of an actor whose process died, on a node that did not
_PATIENCE = 5.0  # seconds until an address is given up
_AT_ONCE = 64  # answers; fewer are asked for


class Asked(Protocol):
    """A model to ask: see `hinterland.api`."""

    @property
    def engine(self) -> Engine: ...

    async def target(self, concurrency: int | None) -> Target: ...


class Node:
    """The actor: it asks the engine of the node's account, as any program there would."""

    def __init__(self, connect: Callable[[str | None], Asked], model: str | None) -> None:
        self._asked = connect(model)

    async def ready(self, concurrency: int | None) -> tuple[int, bool] | Failed:
        """Bring the model into memory; return how many rows to send at once, and whether nobody
        knows whether more would do."""
        try:
            target = await self._asked.target(concurrency)
        except HinterlandError as error:
            return Failed(name_of(error), error.message, error.hint)
        return target.workers, target.grows

    async def answer(self, request: Request) -> list[Event]:
        """Return the answer's events, its text in one."""
        words: list[str] = []
        thoughts: list[str] = []
        async for event in self._asked.engine.stream(request):
            if isinstance(event, TextDelta):
                words.append(event.text)
            elif isinstance(event, ReasoningDelta):
                thoughts.append(event.text)
            elif isinstance(event, Done | Failed):
                return [ReasoningDelta("".join(thoughts)), TextDelta("".join(words)), event]
        return []


class NodeEngine:
    """The engine of a node, as the run sees it."""

    def __init__(self, ray: ModuleType, actor: Any, name: str) -> None:
        self._ray = ray
        self._actor = actor
        self.name = name

    async def ready(self, concurrency: int | None) -> tuple[int, bool] | Failed:
        """Return what the node's `ready` says."""
        try:
            found: tuple[int, bool] | Failed = await self._actor.ready.remote(concurrency)
        except self._ray.exceptions.RayError as error:
            return Failed("EngineError", f"It does not answer ({type(error).__name__}).", "")
        return found

    async def stream(self, request: Request) -> AsyncIterator[Event]:
        """Yield the answer's events; a node that died is a Failed."""
        asked = self._actor.answer.remote(request)
        try:
            events: list[Event] = await asked
        except asyncio.CancelledError:
            self._ray.cancel(asked)
            raise
        except self._ray.exceptions.RayError as error:
            yield Failed(
                "EngineError",
                f"The node {self.name} does not answer ({type(error).__name__}).",
                "Its rows are given to the others.",
            )
            return
        for event in events:
            yield event

    async def attach(self, turn_id: str) -> AsyncIterator[Event]:
        """Fail: an answer to a batch is not kept."""
        yield Failed("EngineError", "That answer is not being written.", "")

    async def count(self, request: Request) -> AsyncIterator[Event]:
        """Fail: nobody asks a batch for it."""
        yield Failed("EngineError", "A node of a cluster does not count.", "")

    async def cancel(self, turn_id: str) -> bool:
        """Return False: whoever leaves the stream cancels."""
        return False


class Cluster:
    """The cluster that this process is connected to. `connect` is called on each node, `concurrency`
    is how many rows each is sent at once, and `say` hears of them in sentences."""

    def __init__(
        self,
        ray: ModuleType,
        connect: Callable[[str | None], Asked],
        model: str | None,
        concurrency: int | None,
        say: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self._ray = ray
        self._connect = connect
        self._model = model
        self._concurrency = concurrency
        self._say = say
        self._known: set[str] = set()
        """Ids of nodes that were looked at."""

    async def targets(self) -> list[Target]:
        """Return an engine for each node that lives.

        Raises what loading the model raises on the first node where that fails, and EngineError
        when there is no node.
        """
        actors = await asyncio.to_thread(self._new_actors)
        if not actors:
            raise EngineError("The Ray cluster has no node.", "`ray status` shows its nodes.")
        return [await self._target(actor) for actor in actors]

    async def joined(self) -> list[Target]:
        """Return an engine for each node that has joined since; one whose engine cannot be used is
        told, and left out."""
        found = []
        for actor in await asyncio.to_thread(self._new_actors):
            try:
                found.append(await self._target(actor))
            except HinterlandError as error:
                self._say(f"{error.message} It takes no part.")
        return found

    def _new_actors(self) -> list[NodeEngine]:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        actors = []
        for node in self._ray.nodes():
            if node["Alive"] and node["NodeID"] not in self._known:
                self._known.add(node["NodeID"])
                here = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
                actor = self._ray.remote(Node).options(
                    num_cpus=0,  # the engine takes the processors, and it is no process of Ray's
                    max_concurrency=_AT_ONCE,
                    max_restarts=_RESTARTS,
                    scheduling_strategy=here,
                )
                name = f"{node['NodeManagerHostname']} ({node['NodeID'][:8]})"
                actors.append(NodeEngine(self._ray, actor.remote(self._connect, self._model), name))
        return actors

    async def _target(self, engine: NodeEngine) -> Target:
        found = await engine.ready(self._concurrency)
        if isinstance(found, Failed):
            error = by_name(found.kind, f"Node {engine.name}: {found.message}", found.hint)
            raise error
        workers, grows = found
        self._say(f"Node {engine.name} is ready: {workers} rows at once.")
        return Target(engine, workers=workers, grows=grows)


@contextmanager
def connected(address: str) -> Iterator[ModuleType]:
    """Connect to the cluster at `address`, or to that of this machine for `ANY`; gives Ray.

    Raises InputError where Ray is not installed, EngineError when the cluster cannot be reached.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ImportError as error:
        raise InputError(
            "Ray is not installed.", "`pip install 'hinterland[ray]'` installs it."
        ) from error
    _look_for(address)
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    try:
        ray.init(address=address, **quiet)
    except (ConnectionError, ValueError, RuntimeError) as error:
        if address != ANY or not isinstance(error, ConnectionError):
            raise _unreachable(address) from error
        _stay_on_loopback()
        ray.init(address="local", include_dashboard=False, **quiet)
    # It prints what its nodes suffer on standard output, where ours goes, and nothing public stops
    # that; what matters of it is told when a row fails.
    worker: Any = importlib.import_module("ray._private.worker")
    worker.print_to_stdstream = lambda *_, **__: None
    try:
        yield ray
    finally:
        ray.shutdown()


def _look_for(address: str) -> None:
    """Raise EngineError where nothing listens: Ray would go on trying for ten minutes."""
    host, _, port = address.rpartition(":")
    if not port.isdigit() or "/" in host:
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), _PATIENCE).close()
    except (OSError, OverflowError) as error:
        raise _unreachable(address) from error


def _stay_on_loopback() -> None:
    """Have the cluster that is started here listen on loopback, as Ray does elsewhere than on Linux:
    given 127.0.0.1 for an address, it would take this machine's own."""
    constants: Any = importlib.import_module("ray._private.ray_constants")
    os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    constants.ENABLE_RAY_CLUSTER = False


def _unreachable(address: str) -> EngineError:
    return EngineError(
        f"The Ray cluster at {address} cannot be reached.",
        "`ray start --head` starts one and says its address.",
    )

"""The engine service as a process: where config, models and engine meet. `python -m hinterland.serve`."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time

import msgspec

from hinterland import config as configuration
from hinterland import machine, measured
from hinterland.engine import echo, programs
from hinterland.engine.service.desk import Desk, Resolve
from hinterland.engine.service.run import claim, log_to, run
from hinterland.engine.service.workers import Workers
from hinterland.engine.smoke import SmokeTest
from hinterland.engine.wire import Connection
from hinterland.engine.workers.spec import WorkerSpec, bundled
from hinterland.errors import EngineError, HinterlandError
from hinterland.models import fit
from hinterland.models.store import ModelStore
from hinterland.paths import Paths, find

_ECHO_SLOTS = 4
_PATIENCE_WITH_THE_LAST = 15.0  # seconds


def resolver(paths: Paths, config: configuration.Config) -> Resolve:
    """Return the function that turns a model id into what its worker has to know."""
    store = ModelStore(paths)
    settings = config.engine

    def resolve(name: str | None) -> WorkerSpec:
        wanted = name or config.model or None
        if echo.is_echo(wanted):
            slots = settings.slots or _ECHO_SLOTS
            return WorkerSpec(
                model=wanted or "echo", kind="echo", context=settings.context, slots=slots
            )
        model = store.find(wanted)
        store.check(model)
        context = min(settings.context, model.facts.context_length or settings.context)
        slots = settings.slots or fit.slots_for(model, context)
        known = measured.load(paths)
        server = programs.wanted(settings.server, known.program)
        return WorkerSpec(
            model=model.id,
            kind="native" if server.program else "llamacpp",
            program=server.program,
            fallback=server.fallback,
            note=server.note,
            path=str(model.path),
            sha256=model.sha256,
            bytes=model.bytes,
            mtime_ns=model.mtime_ns,
            context=context,
            slots=slots,
            threads=settings.threads or known.threads or machine.cores(),
            gpu_layers=settings.gpu_layers,
            projector=str(model.projector_path or ""),
            memory=fit.needed(model, context, slots),
        )

    return resolve


def ways_to_run(paths: Paths, config: configuration.Config, name: str | None) -> list[WorkerSpec]:
    """Return the specs that `bench --tune` compares: one for each program that may run the model.

    Where `engine.server` names one, that is the only one. Raises what resolving the model raises.
    """
    spec = resolver(paths, config)(name)
    if config.engine.server not in programs.AUTO or spec.kind not in {"llamacpp", "native"}:
        return [spec]
    return [bundled(spec), *(run_by(program, spec) for program in programs.available(paths))]


def run_by(program: str, spec: WorkerSpec) -> WorkerSpec:
    """Return `spec` as the native llama-server `program` would run it."""
    return msgspec.structs.replace(spec, kind="native", program=program, fallback=True, note="")


def smoke_test(paths: Paths) -> SmokeTest:
    """Return the test that a native llama-server has to pass on this account."""
    return SmokeTest(paths.state, paths.socket.parent)


def main() -> None:
    """Run the service; the first argument is a file descriptor to report to, if any."""
    os.umask(0o077)
    ready = int(sys.argv[1]) if len(sys.argv) > 1 else None
    try:
        asyncio.run(_serve(ready))
    except HinterlandError as error:
        _report(ready, f"{type(error).__name__}\t{error.message}\t{error.hint}")
        sys.exit(f"{error.message} {error.hint}")


async def _serve(ready: int | None) -> None:
    paths = find()
    config = configuration.load(paths.config_file)
    if not await _is_ours(paths):
        _report(ready, "ready")
        return
    log_to(paths.logs)
    workers = Workers(paths.socket.parent, fit.free_memory, smoke_test(paths).settle)
    keep_alive = config.engine.keep_alive
    desk = Desk(resolver(paths, config), workers, paths.journal, keep_alive)
    await run(desk, paths, keep_alive, ready)


def _report(ready: int | None, line: str) -> None:
    if ready is not None:
        os.write(ready, (" ".join(line.split("\n")) + "\n").encode())


async def _is_ours(paths: Paths) -> bool:
    """Return True when this process is now the account's service, False when another one answers.

    One that is ending still holds the lock and no longer listens: it is waited for.
    """
    patience = time.monotonic() + _PATIENCE_WITH_THE_LAST
    while claim(paths) is None:
        with contextlib.suppress(OSError):
            (await Connection.open(paths.socket)).close()
            return False
        if time.monotonic() > patience:
            raise EngineError(
                "The last engine service does not end.", "End its process, then ask again."
            )
        await asyncio.sleep(0.05)
    return True


if __name__ == "__main__":
    main()

"""The engine service as a process. `python -m hinterland.serve`."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time

from hinterland import config as configuration
from hinterland import language
from hinterland.engine.prefix_store import PrefixStore
from hinterland.engine.service.desk import Desk
from hinterland.engine.service.prefixes import Prefixes
from hinterland.engine.service.run import claim, log_to, run
from hinterland.engine.service.workers import Workers
from hinterland.engine.smoke import SmokeTest
from hinterland.engine.wire import Connection
from hinterland.errors import EngineError, HinterlandError
from hinterland.models import fit
from hinterland.paths import Paths, find
from hinterland.worker_specs import resolver

_PATIENCE_WITH_THE_LAST = 15.0  # seconds


def smoke_test(paths: Paths) -> SmokeTest:
    """Return the test that a native llama-server has to pass on this account."""
    return SmokeTest(paths.state, paths.socket.parent)


def main() -> None:
    """Run the service; the first argument is a file descriptor to report to, if any."""
    os.umask(0o077)
    language.choose(
        "en"
    )  # logs are English; whoever is told of an error reads it in their language
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
    prefixes = _prefixes(paths, config, workers)
    desk = Desk(resolver(paths, config), workers, paths.journal, keep_alive, prefixes)
    await run(desk, paths, keep_alive, ready)


def _prefixes(paths: Paths, config: configuration.Config, workers: Workers) -> Prefixes:
    def is_kept(conversation_id: str, turn_id: str) -> bool:
        conversation = paths.history / "conversations" / f"{conversation_id}.json"
        journal = paths.journal / f"{turn_id}.journal"
        return config.history and (os.path.exists(conversation) or os.path.exists(journal))

    store = PrefixStore(paths.prefixes, config.engine.saved_prefixes * 1_000_000)
    if not config.engine.saved_prefixes:
        store.load(lambda state: False)  # what an earlier setting kept goes
    return Prefixes(store, workers, is_kept)


def _report(ready: int | None, line: str) -> None:
    if ready is not None:
        os.write(ready, (" ".join(line.split("\n")) + "\n").encode())


async def _is_ours(paths: Paths) -> bool:
    """Return True when this process is now the account's service, False when another one answers.

    One that is ending still holds the lock and no longer listens: it is waited for.
    """
    patience = time.monotonic() + _PATIENCE_WITH_THE_LAST
    while claim(paths) is None:
        with contextlib.suppress(OSError):  # nobody listens
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

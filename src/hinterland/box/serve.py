"""The service of a shared box as a process. `python -m hinterland.box.serve`."""

from __future__ import annotations

import asyncio
import grp
import logging
import os
import resource
import socket
import sys
from pathlib import Path
from typing import Any

from hinterland import config as configuration
from hinterland import language, site
from hinterland import paths as places
from hinterland.box import asking, mistakes
from hinterland.box.classroom import Classroom
from hinterland.box.for_many import ForMany
from hinterland.box.house import SiteHouse
from hinterland.box.installed import installed_only
from hinterland.engine import asgi
from hinterland.engine.prefix_store import PrefixStore
from hinterland.engine.service import numbers
from hinterland.engine.service.desk import Desk
from hinterland.engine.service.ledger import Ledger
from hinterland.engine.service.prefixes import Prefixes
from hinterland.engine.service.run import claim, log_to, remove_leftovers, serve
from hinterland.engine.service.usage import Usage
from hinterland.engine.service.workers import Workers
from hinterland.errors import ConfigError, EngineError, HinterlandError
from hinterland.models import fit
from hinterland.models.store import ModelStore
from hinterland.paths import Paths
from hinterland.serve import smoke_test
from hinterland.site import Site
from hinterland.worker_specs import resolver

log = logging.getLogger("hinterland.engine")


def main() -> None:
    """Run the box's service until it is told to end."""
    os.umask(0o077)
    language.choose("en")
    try:
        asyncio.run(_serve())
    except HinterlandError as error:
        sys.exit(f"{error.message} {error.hint}")


async def _serve() -> None:
    here = site.folder()
    decided = site.read(here / "box.toml")
    if decided is None:
        raise ConfigError(
            f"This machine is not set up as a shared box: {here / 'box.toml'} is missing.",
            "`hint box setup` sets it up.",
        )
    paths = places.of_box(here)
    config = configuration.load(paths.config_file)
    if claim(paths) is None:
        raise EngineError("The shared box's service runs already.", "See `hint box top`.")
    log_to(paths.logs)
    _keep_quiet()
    _set_limits()
    folder = paths.state / asking.FOLDER
    ledger = Ledger(folder)
    workers = Workers(paths.state, fit.free_memory, smoke_test(paths).settle, ledger.lately)
    usage, house = Usage(ledger), SiteHouse(decided)
    room = Classroom(house.classes, paths.state / "classes")
    remove_leftovers(paths.state)
    for_many = ForMany(paths.cache / "for_many")
    await asyncio.to_thread(for_many.prepare, ModelStore(paths).installed())
    resolve = for_many.resolving(resolver(paths, config, shared=True))
    desk = Desk(
        installed_only(resolve, config.model, decided.models),
        workers,
        paths.journal,
        config.engine.keep_alive,
        _no_prefixes(paths, workers),
        house,
        usage,
    )
    beside = [asyncio.create_task(each) for each in (usage.keep(), mistakes.tell_log(decided))]
    try:
        also = [*numbers.routes(desk, usage, folder), *room.routes()]
        await serve(
            desk,
            _listen(decided),
            _tell_systemd,
            keep_alive=config.engine.keep_alive,
            also=also,
            around=room.around,
        )
    finally:
        for each in beside:
            each.cancel()


def _listen(decided: Site) -> socket.socket:
    path = Path(decided.socket)
    try:
        listener = asgi.listen(path, grp.getgrnam(decided.group).gr_gid)
        site.keep_in_force(decided)
    except KeyError as error:
        raise ConfigError(
            f"There is no group {decided.group}, whose members are to use this box.",
            "`hint box setup` makes it.",
        ) from error
    except OSError as error:
        raise ConfigError(
            f"The socket {path} cannot be made for the group {decided.group}: {error.strerror}.",
            "`hint box setup` sets up the user that may.",
        ) from error
    return listener


def _no_prefixes(paths: Paths, workers: Workers) -> Prefixes:
    """Return what keeps no prompt on the disk, and removes what an earlier release kept."""
    store = PrefixStore(paths.prefixes, 0)
    store.load(lambda state: False)
    return Prefixes(store, workers, lambda conversation, turn: False)


def _keep_quiet() -> None:
    """See to it that no words get into a log by way of an exception."""
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL + 1)

    def heard(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        log.error("defect: %s", type(context.get("exception")).__name__)

    asyncio.get_running_loop().set_exception_handler(heard)


def _set_limits() -> None:
    """Allow as many open files as the system does, for every caller is one; and no core dumps, in
    which there would be words."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _tell_systemd() -> None:
    """Say that callers may connect, where systemd asked to be told (sd_notify(3))."""
    address = os.environ.pop("NOTIFY_SOCKET", "")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
            told.connect("\0" + address[1:] if address.startswith("@") else address)
            told.send(b"READY=1")


if __name__ == "__main__":
    main()

"""What is wrong with the settings of a box that runs. It goes on with the last ones that were right, so
that somebody has to be told: its log, teachers and root."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Iterator

from hinterland import config, site
from hinterland.box import members, roles, unit
from hinterland.errors import ConfigError
from hinterland.language import N_
from hinterland.site import Site

log = logging.getLogger("hinterland.engine")

GOES_ON = N_(
    "Until it is mended the box goes on with what was right before; a class without that is closed."
)
_LOOK_EVERY = 5.0  # seconds, as the classes' terms are looked up


def found(box: Site) -> list[ConfigError]:
    """Return what is wrong with the files in `/etc/hinterland` now: settings first, then role files."""
    return list(_found(box))


def may_mend(box: Site) -> bool:
    """Whether it concerns who asks: root, who mends all of them, and teachers, who write role files."""
    return os.geteuid() == 0 or box.teachers in members.groups_of(os.getuid())


def _found(box: Site) -> Iterator[ConfigError]:
    try:
        settings = site.read(site.folder() / "box.toml")
        if settings is not None and site.folder() == site.FOLDER:
            unit.socket_folder(settings)
    except ConfigError as error:
        yield error
    try:
        config.load(site.folder() / "config.toml")
    except ConfigError as error:
        yield error
    try:
        _good, broken = roles.loaded(roles.folder(), members.writers(box))
    except ConfigError as error:
        yield error
    else:
        yield from (each.error for each in broken)


async def tell_log(box: Site) -> None:
    """Write a line when a mistake is made and one when it is mended, until this is cancelled."""
    told: set[str] = set()
    while True:
        now = {each.message for each in await asyncio.to_thread(found, box)}
        for message in sorted(now - told):
            log.error("%s %s", message, GOES_ON)
        for message in sorted(told - now):
            log.info("mended: %s", message)
        told = now
        await asyncio.sleep(_LOOK_EVERY)

"""What commands about the engine say where the engine is everybody's: that of a shared box."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator

from hinterland import paths, site
from hinterland.engine import shared
from hinterland.errors import ConfigError
from hinterland.language import _
from hinterland.paths import Paths
from hinterland.sentences import sentence, translated
from hinterland.text import clean_line


def lines() -> Iterator[str]:
    """Yield what there is to say of the machine's shared box; nothing where there is none. Raises
    ConfigError."""
    box = shared.find()
    if box is None:
        return
    said = _("shared box: the engine of this machine, for the group {group}, at {socket}")
    yield clean_line(said.format(group=box.group, socket=box.socket), 300)
    trouble = asyncio.run(shared.trouble(box))
    if trouble is not None:
        yield clean_line(sentence(trouble), 500)
        if box.own_engine:
            yield _("Until then your own engine answers.")
    from hinterland.box import mistakes

    if mistakes.may_mend(box) and (wrong := mistakes.found(box)):
        yield from (clean_line(sentence(each), 500) for each in wrong)
        yield translated(mistakes.GOES_ON)


def is_there() -> bool:
    """Whether the machine has a shared box; raises ConfigError."""
    return shared.find() is not None


def refuse() -> None:
    """Raise ConfigError where the engine is a shared box's and the caller is not root."""
    if is_there() and os.geteuid() != 0:
        raise ConfigError(
            "The engine of this machine is a shared box, and not yours to start, stop or measure.",
            "`hint engine status` shows how it is; ask who looks after this machine.",
        )


def refuse_models() -> None:
    """Raise ConfigError where models of this account's own would be asked by nobody: root may have
    some, to give them to the box or to carry them elsewhere, and whoever may have an own engine."""
    box = shared.find()
    if box is not None and not box.own_engine and os.geteuid() != 0:
        raise ConfigError(
            "The engine of this machine is a shared box, which asks none of your own models.",
            "`hint models list` shows those it has; ask who looks after this machine for another.",
        )


def whose() -> Paths:
    """Return the folders of the engine that is asked: the box's, for root, or the account's own.

    Raises ConfigError for anybody else where there is a box: its log tells of all who ask it.
    """
    box = shared.find()
    if box is None:
        return paths.find()
    if os.geteuid() == 0:
        return paths.of_box(site.folder())
    if box.own_engine:
        return paths.find()
    raise ConfigError(
        "The log of the shared box is for those who look after this machine.",
        "`hint engine status` shows how it is.",
    )

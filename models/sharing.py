"""For how many people a model writes at once on a shared box, and with how much context each.

Whoever has a slot gets tokens as fast as everybody else who has one: with a slot for each, nobody
waits for a turn. But each slot takes memory, and of a slow model thirty people at once would each get
less than can be read.
"""

from __future__ import annotations

from typing import NamedTuple

from hinterland.models import fit
from hinterland.models.store import InstalledModel

MOST, FEWEST = 32, 4
LEAST_CONTEXT = 2048
"""Tokens; less is not taken to have more slots. A smaller `engine.context` is."""
LEAST_SPEED = 1.5
"""Tokens a second that each should have with all slots taken: a slow reader's."""
GAIN = 1.5
"""How much more a worker writes for many than for one: the least that was measured (docs/adr/013)."""
BATCH = 128
"""Tokens that are computed at once: a long prompt is read in such pieces, and between two of them
everybody else gets a token."""


class Room(NamedTuple):
    slots: int
    context: int


def room(model: InstalledModel, context: int, speed: float, free: int | None = None) -> Room:
    """Return slots and context for `model`, which writes `speed` tokens a second for one caller.

    First the context shrinks, until all slots take only a small part of the free memory; then there
    are fewer slots, as many as fit well.
    """
    free = fit.free_memory() if free is None else free
    wanted = max(FEWEST, min(MOST, int(speed * GAIN / LEAST_SPEED)))
    windows = [context]
    while windows[-1] // 2 >= LEAST_CONTEXT:
        windows.append(windows[-1] // 2)
    for window in windows:
        if fit.needed(model, window, wanted) <= free * fit.SPARE:
            return Room(wanted, window)
    least = windows[-1]
    fitting = [n for n in range(2, wanted + 1) if fit.needed(model, least, n) <= free * fit.FITS]
    return Room(max(fitting, default=1), least)

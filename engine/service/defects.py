"""A defect of ours, for the log: whole where the words are the account's own, else only its place."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path

log = logging.getLogger("hinterland.engine")

TOLD = "The engine met a defect.", "See `hint engine logs`."


def note(error: Exception, *, shared: bool) -> None:
    """Log a defect. In a shared house nothing is quoted: an exception may repeat a prompt."""
    if not shared:
        log.error("defect", exc_info=error)
        return
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "nowhere"
    log.error("defect: %s at %s", type(error).__name__, place)

"""How much memory a process holds."""

from __future__ import annotations

import os
from pathlib import Path


def private_bytes(pid: int) -> int:
    """Return the memory of `pid` that only its end gives back: not the file pages it has mapped.
    0 where the system does not tell or it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon:"))
    except (OSError, IndexError, ValueError, StopIteration):
        return 0


def resident_bytes(pid: int) -> int | None:
    """Return the resident memory of `pid`; None where the system does not tell or it is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")

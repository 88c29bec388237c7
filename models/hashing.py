"""SHA-256 of files that are too large to hold: the only thing that says which bytes a model is."""

from __future__ import annotations

import hashlib
from pathlib import Path

from hinterland.models.progress import Progress

BLOCK = 1 << 20


def sha256(path: Path, progress: Progress, what: str) -> str:
    """Return the hash of a file as 64 hex digits, telling `progress` about it; raises OSError."""
    digest = hashlib.sha256()
    total, done = path.stat().st_size, 0
    buffer = memoryview(bytearray(BLOCK))
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(buffer):
            digest.update(buffer[:count])
            done += count
            progress.advance(what, done, total)
    return digest.hexdigest()


def short(sha256: str) -> str:
    """Return the first digits of a hash, for people."""
    return f"{sha256[:12]}…"

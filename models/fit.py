"""Whether a model fits this box's memory, and how fast it is likely to answer.

Two questions that an engine answers too late: a model that is larger than the RAM swaps or is
killed, and one that is too slow is not used.
"""

from __future__ import annotations

import os
import statistics
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from hinterland.machine import cores
from hinterland.models.catalog import Entry
from hinterland.models.formats import Backend
from hinterland.models.header import Facts
from hinterland.models.store import InstalledModel

FITS, TIGHT = 0.60, 0.85
"""Shares of the free RAM up to which a model fits well, and fits at all."""

KV_BYTES_PER_TOKEN = 128 << 10
"""Assumed where no header was read: Qwen3 from 0.6B to 8B takes 112 to 144 KiB a token."""
VOCABULARY = 152_000
"""Assumed where no header was read: the vocabulary of Qwen."""
BATCH = 512
"""Tokens the engine computes at once; their logits are the largest of its buffers."""
ENCODER = 256 << 20
"""Bytes that turning an image into tokens takes besides the projector's weights: assumed, since
no real projector was measured."""
PROCESS = 64 << 20
"""Bytes the engine takes besides weights, context and logits."""
LEGACY_BUFFERS = 256 << 20
"""Bytes that ctransformers sets aside to compute in."""

BYTES_PER_CORE = 4.0e9
"""Weights a core reads in a second while decoding: Qwen2.5-Coder-0.5B Q4_K_M (0.49 GB) gave 8.7
tokens/s on one AVX2 core and 14 on two."""
MOST_BYTES = 25.0e9
"""More cores do not help beyond the memory: about half of what two channels of DDR4-3200 can do."""
SECONDS_PER_TOKEN = 0.015
"""What a token costs besides reading weights; seen with SmolLM2-135M (31 tokens/s on two cores)."""

MOST_SLOTS = 4
"""Chosen without being told: each slot more takes its memory, and the time to clear it, whenever the
model is loaded (SmolLM2-135M: 92 MB and about 0.2 s; with 8 instead of 2 slots 0.5 to 2 s)."""
SPARE = 0.25
"""The share of the free RAM up to which there is room for more than two callers at once: the memory
of all of them is taken when the model is loaded."""


class Fit(StrEnum):
    FITS = "fits"
    TIGHT = "tight"
    TOO_BIG = "too big"
    UNKNOWN = "unknown"
    """The size of the file is not known."""


def judge(need: int | None, free: int) -> Fit:
    """Return how `need` bytes go into `free` ones."""
    if need is None:
        return Fit.UNKNOWN
    if need <= free * FITS:
        return Fit.FITS
    return Fit.TIGHT if need <= free * TIGHT else Fit.TOO_BIG


def needed(model: InstalledModel, context: int, slots: int) -> int:
    """Return the bytes of RAM that `slots` callers with `context` tokens each take with this model."""
    sight = model.projector.bytes if model.projector else None
    buffers = LEGACY_BUFFERS if model.backend is Backend.CTRANSFORMERS else 0
    return _needed(model.bytes, model.facts, context, slots, sight) + buffers


def bytes_per_token(model: InstalledModel) -> int:
    """Return the bytes of RAM that a token of context takes with this model."""
    return model.facts.kv_bytes_per_token or KV_BYTES_PER_TOKEN


def needed_by(entry: Entry, context: int, slots: int = 1) -> int | None:
    """Return the same for a model that is not here yet, by rule of thumb; None without a size."""
    if entry.bytes is None:
        return None
    sight = entry.projector.bytes if entry.projector else None
    return _needed(entry.bytes, None, context, slots, sight)


def _needed(
    weights: int, facts: Facts | None, context: int, slots: int, projector: int | None
) -> int:
    per_token = (facts.kv_bytes_per_token if facts else None) or KV_BYTES_PER_TOKEN
    vocabulary = (facts.vocabulary if facts else None) or VOCABULARY
    sight = projector + ENCODER if projector else 0
    return weights + per_token * context * slots + BATCH * vocabulary * 4 + PROCESS + sight


def slots_for(model: InstalledModel, context: int, free: int | None = None) -> int:
    """Return how many callers there is room for at once: two where they fit well into the free RAM,
    and up to four where all of them take only a small part of it."""
    free = free_memory() if free is None else free
    if needed(model, context, 2) > free * FITS:
        return 1
    spare = [n for n in range(3, MOST_SLOTS + 1) if needed(model, context, n) <= free * SPARE]
    return max(spare, default=2)


def free_memory() -> int:
    """Return the bytes of RAM a new process can have, page cache that can be dropped included."""
    limits = [room for limit, room in _cgroups() if limit]
    return max(0, min([_available(), *limits]))


def total_memory() -> int:
    """Return the bytes of RAM of this box, or of the control group this process is held in."""
    limits = [limit for limit, _ in _cgroups()]
    return min([os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"), *limits])


def _available() -> int:
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    # macOS tells free memory only through Mach calls: half of the RAM is a cautious stand-in.
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2


def _cgroups(
    root: Path = Path("/sys/fs/cgroup"), of: Path = Path("/proc/self/cgroup")
) -> list[tuple[int, int]]:
    """Return (limit, what is left of it) in bytes for every control group that limits us."""
    try:
        lines = of.read_text().splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            folder, names = root, ("memory.max", "memory.current")
        elif "memory" in controllers.split(","):
            folder, names = root / "memory", ("memory.limit_in_bytes", "memory.usage_in_bytes")
        else:
            continue
        # A container sees its own group at the root; otherwise every group up to the root counts.
        ours = folder / path.strip("/")
        groups = [group for group in (ours, *ours.parents) if group.is_relative_to(folder)]
        found += [limits for group in groups if (limits := _cgroup(group, *names))]
    return found


def _cgroup(group: Path, limit_file: str, usage_file: str) -> tuple[int, int] | None:
    try:
        limit = (group / limit_file).read_text().strip()
        used = int((group / usage_file).read_text())
        counts = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
    except (OSError, ValueError):
        return None
    if not limit.isdigit() or int(limit) >= 1 << 60:  # "max", or version 1's way of saying it
        return None
    cache = sum(int(counts.get(name, 0)) for name in ("inactive_file", "active_file"))
    return int(limit), int(limit) - max(0, used - cache)


def expected_speed(
    read_per_token: float,
    measured: Mapping[str, float] | None = None,
    sizes: Mapping[str, float] | None = None,
) -> float:
    """Return the tokens a second to expect of a model that reads so many bytes of weights a token.

    Decoding is bound by memory: the weights are read once for every token. `measured` speeds of
    models whose bytes per token are in `sizes` correct the estimate for this box.
    """
    rate = min(cores() * BYTES_PER_CORE, MOST_BYTES)

    def estimate(weights: float) -> float:
        return 1 / (weights / rate + SECONDS_PER_TOKEN)

    ratios = [
        speed / estimate(sizes[name])
        for name, speed in (measured or {}).items()
        if sizes and name in sizes and speed > 0
    ]
    return estimate(read_per_token) * (statistics.median(ratios) if ratios else 1.0)

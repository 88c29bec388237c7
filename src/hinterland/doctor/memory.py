"""The memory: how much there is, what limits it, and whether it has run out before."""

from __future__ import annotations

import os
import re
import resource
from collections.abc import Iterator

from hinterland.doctor.findings import Area, Finding, In
from hinterland.doctor.visit import Visit
from hinterland.models import fit
from hinterland.models.progress import size

_say = In(Area.MEMORY)

_LITTLE = 400_000_000
"""Bytes: SmolLM2-135M, the smallest model of the catalogue, took 240 MB with one short context."""


def amount(visit: Visit) -> Iterator[Finding]:
    """Say how much memory there is and how much of it is free."""
    free, total = fit.free_memory(), fit.total_memory()
    physical = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    swap = _kilobytes(visit, "SwapTotal") * 1024
    swap_free = _kilobytes(visit, "SwapFree") * 1024
    facts = {
        "free": free,
        "total": total,
        "physical": physical,
        "swap": swap,
        "swap_free": swap_free,
    }
    swapping = f", {size(swap)} of swap" if swap else ", no swap"
    sentence = f"{size(free)} of {size(total)} are free{swapping}."
    if free < _LITTLE:
        yield _say.problem(
            "memory-short",
            f"{sentence} That is too little for any model.",
            "End other programs, or `hint engine stop` if it holds another model.",
            **facts,
        )
    else:
        yield _say.ok("memory", sentence, **facts)
    if total < physical * 0.98:
        where = (
            "container" if visit.container else "control group (a container, or a service's limit)"
        )
        yield _say.note(
            "memory-limited",
            f"This {where} may use {size(total)} of the machine's {size(physical)}.",
            "If models do not fit, raise it: `docker run --memory …`, or MemoryMax= in systemd.",
            limit=total,
            physical=physical,
        )


def limits(visit: Visit) -> Iterator[Finding]:
    """Say what keeps a process from having the memory that is there."""
    address_space, _ = resource.getrlimit(resource.RLIMIT_AS)
    if address_space != resource.RLIM_INFINITY:
        yield _say.note(
            "address-space-limited",
            f"A process here may use {size(address_space)} of address space, so models may not load.",
            "`ulimit -v unlimited` in this shell, or in what sets the limit at login.",
            limit=address_space,
        )
    killed = re.search(r"^oom_kill (\d+)$", visit.read("proc/vmstat"), re.MULTILINE)
    if killed and int(killed[1]):
        times = int(killed[1])
        yield _say.note(
            "memory-ran-out",
            f"The kernel has ended {times} process{'es' * (times != 1)} for lack of memory since "
            "this box started.",
            "If the engine was among them choose a smaller model: `hint models recommend`.",
            killed=times,
        )


def _kilobytes(visit: Visit, name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB$", visit.read("proc/meminfo"), re.MULTILINE)
    return int(found[1]) if found else 0

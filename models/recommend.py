"""Which model to take on this box: the best one that fits its memory and answers quickly enough."""

from __future__ import annotations

from dataclasses import dataclass

from hinterland import measured
from hinterland.models import fit
from hinterland.models.catalog import QUICK_ENOUGH, Catalog, Entry
from hinterland.models.fit import Fit
from hinterland.paths import Paths

CONTEXT = 4096
"""Tokens of context that the memory is reckoned for."""
UNHURRIED = frozenset({"embedding"})
"""Tasks that write nothing, so that tokens a second say nothing about them."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A model of the catalogue, seen from this box."""

    entry: Entry
    need: int | None
    """Bytes of RAM; None when the size of its file is not known."""
    fit: Fit
    speed: float | None
    """Tokens a second to expect, or measured here."""
    measured: bool
    quick: bool

    task: str = ""

    @property
    def obstacle(self) -> str:
        """Why it cannot be had for this task, as a sentence; empty when it can."""
        if self.task == "vision" and self.entry.projector is None:
            return f"The catalogue has no full pin of the image projector of {self.entry.id}."
        return self.entry.obstacle

    @property
    def good(self) -> bool:
        return self.fit is Fit.FITS and self.quick


class Box:
    """What the models are held against: free RAM in bytes, and the speeds measured here."""

    def __init__(self, catalog: Catalog, paths: Paths, free: int | None = None) -> None:
        self._catalog = catalog
        self.free = fit.free_memory() if free is None else free
        self._measured = measured.load(paths).speeds
        self._read_per_token = {
            each.id: each.bytes * each.active for each in catalog.entries.values() if each.bytes
        }

    def choices(self, task: str) -> list[Choice]:
        """Return the models for a task, best first, whether they suit this box or not."""
        return [self.choice(entry, task) for entry in self._catalog.for_task(task)]

    def choice(self, entry: Entry, task: str) -> Choice:
        need = fit.needed_by(entry, CONTEXT)
        speed = self._measured.get(entry.id)
        measured = speed is not None
        if speed is None and entry.bytes is not None:
            speed = fit.expected_speed(
                self._read_per_token[entry.id], self._measured, self._read_per_token
            )
        quick = task in UNHURRIED or (speed is not None and speed >= QUICK_ENOUGH)
        return Choice(entry, need, fit.judge(need, self.free), speed, measured, quick, task)


def best(choices: list[Choice]) -> Choice | None:
    """Return the first that can be pulled, fits and is quick; else the first that is tight."""
    possible = [each for each in choices if each.quick and not each.obstacle]
    for wanted in (Fit.FITS, Fit.TIGHT):
        for each in possible:
            if each.fit is wanted:
                return each
    return None

"""Pairs of measurements taken in turn, and a table of them: the machine's speed drifts, ratios hold."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Pair:
    """Two series measured in turn, A B A B …"""

    name: str
    unit: str
    a: list[float]
    b: list[float]

    @property
    def ratios(self) -> list[float]:
        return [a / b for a, b in zip(self.a, self.b, strict=True)]


def interleave(
    name: str, unit: str, runs: int, a: Callable[[], float], b: Callable[[], float]
) -> Pair:
    """Measure `a` and `b` in turn `runs` times, after one turn that is not counted."""
    a(), b()
    first, second = [], []
    for n in range(runs):
        # Who goes first alternates too: whatever a run leaves warm is shared fairly.
        if n % 2:
            second.append(b())
            first.append(a())
        else:
            first.append(a())
            second.append(b())
    return Pair(name, unit, first, second)


def report(pairs: list[Pair], labels: tuple[str, str]) -> None:
    """Print medians with the spread as a table, and the whole as one line of JSON."""
    print(f"{'':<34}{labels[0]:>30}{labels[1]:>30}{'ratio':>30}")
    for pair in pairs:
        cells = [_cell(pair.a, pair.unit), _cell(pair.b, pair.unit), _cell(pair.ratios, "")]
        print(f"{pair.name:<34}" + "".join(f"{cell:>30}" for cell in cells))
    rows = [asdict(pair) | {"median_ratio": statistics.median(pair.ratios)} for pair in pairs]
    print(json.dumps({"a": labels[0], "b": labels[1], "rows": rows}))
    sys.stdout.flush()


def _cell(values: list[float], unit: str) -> str:
    return f"{statistics.median(values):.3g} ({min(values):.3g}–{max(values):.3g}) {unit}".strip()

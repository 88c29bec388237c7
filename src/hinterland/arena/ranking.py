"""How strong each model is by the votes, and how sure that is.

The model of Bradley and Terry (Biometrika 39, 1952): one wins over another with the chance
1 / (1 + exp(b - a)) for strengths a and b. A tie is half a win for each. Strengths have a normal prior
around the average, so that three votes prove little and a model that has never lost is not infinitely
strong; intervals are those of the normal approximation at the most likely strengths (Laplace).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import msgspec

from hinterland.arena.votes import Outcome, Vote

PRIOR = 1.5
"""The standard deviation of strengths that is taken for granted, in the natural logarithm of odds: one
model in six wins over the average one in more than four of five."""
_SURE = 1.959964
"""Standard deviations of a 95 % interval."""
_STEPS = 100
_CLOSE = 1e-10
_POINTS = {Outcome.FIRST: 1.0, Outcome.SECOND: 0.0, Outcome.TIE: 0.5}


class Strength(msgspec.Struct, frozen=True, kw_only=True):
    """What the votes say of one model; chances are from 0 to 1."""

    model: str
    chance: float
    """The chance that it is preferred to a model of average strength among those compared."""
    low: float
    high: float
    """The 95 % interval of that chance."""
    votes: int
    """Votes that it took part in, those for neither included."""
    wins: int
    ties: int
    useless: int
    """Votes in which neither answer was of use."""


def strengths(votes: Iterable[Vote]) -> list[Strength]:
    """Return the models by their strength, the strongest one first; none where there are no votes."""
    counted = list(votes)
    models = sorted({each for vote in counted for each in (vote.first, vote.second)})
    at = {model: number for number, model in enumerate(models)}
    played = [[0.0] * len(models) for _ in models]
    won = [0.0] * len(models)
    for vote in counted:
        points = _POINTS.get(vote.outcome)
        if points is None or vote.first == vote.second:
            continue
        first, second = at[vote.first], at[vote.second]
        played[first][second] += 1
        played[second][first] += 1
        won[first] += points
        won[second] += 1 - points
    logits, spreads = _fitted(played, won)
    found = [
        Strength(
            model=model,
            chance=_chance(logits[number]),
            low=_chance(logits[number] - _SURE * spreads[number]),
            high=_chance(logits[number] + _SURE * spreads[number]),
            votes=sum(model in (vote.first, vote.second) for vote in counted),
            wins=sum(_winner(vote) == model for vote in counted),
            ties=_of(counted, model, Outcome.TIE),
            useless=_of(counted, model, Outcome.NEITHER),
        )
        for model, number in at.items()
    ]
    return sorted(found, key=lambda each: (-each.chance, each.model))


def _winner(vote: Vote) -> str:
    return {Outcome.FIRST: vote.first, Outcome.SECOND: vote.second}.get(vote.outcome, "")


def _of(votes: Sequence[Vote], model: str, outcome: Outcome) -> int:
    return sum(each.outcome is outcome and model in (each.first, each.second) for each in votes)


def _chance(logit: float) -> float:
    return 1 / (1 + math.exp(-logit))


def _fitted(
    played: Sequence[Sequence[float]], won: Sequence[float]
) -> tuple[list[float], list[float]]:
    """Return the most likely strengths around their mean, and the standard deviation of each."""
    size = len(won)
    values = [0.0] * size
    curvature: list[list[float]] = []
    for _step in range(_STEPS):
        slope = [won[i] - values[i] / PRIOR**2 for i in range(size)]
        curvature = [[0.0] * size for _ in range(size)]
        for i in range(size):
            curvature[i][i] += 1 / PRIOR**2
            for j in range(size):
                if i == j or not played[i][j]:
                    continue
                chance = _chance(values[i] - values[j])
                slope[i] -= played[i][j] * chance
                weight = played[i][j] * chance * (1 - chance)
                curvature[i][i] += weight
                curvature[i][j] -= weight
        change = [sum(row[i] * slope[i] for i in range(size)) for row in _inverse(curvature)]
        largest = max(map(abs, change), default=0.0)
        # Newton's step can go too far where nearly all votes are for one.
        scale = min(1.0, 1.0 / largest) if largest else 1.0
        values = [value + scale * each for value, each in zip(values, change, strict=True)]
        if largest < _CLOSE:
            break
    if not size:
        return [], []
    shared = _inverse(curvature)
    # The variance of a strength less the mean of all, from what they vary together.
    whole = sum(map(sum, shared)) / size**2
    spreads = [math.sqrt(row[i] - 2 * sum(row) / size + whole) for i, row in enumerate(shared)]
    mean = sum(values) / size
    return [value - mean for value in values], spreads


def _inverse(matrix: Sequence[Sequence[float]]) -> list[list[float]]:
    """Return the inverse of a symmetric positive definite matrix, by Gauss and Jordan."""
    size = len(matrix)
    rows = [[*row, *(float(i == j) for j in range(size))] for i, row in enumerate(matrix)]
    for at in range(size):
        pivot = rows[at][at]
        rows[at] = [each / pivot for each in rows[at]]
        for other in range(size):
            if other != at and rows[other][at]:
                factor = rows[other][at]
                rows[other] = [
                    each - factor * own for each, own in zip(rows[other], rows[at], strict=True)
                ]
    return [row[size:] for row in rows]

"""Ids as people type them: as short as possible, and each still the only one that begins so."""

from __future__ import annotations

SHORTEST = 8
"""Characters of an id that are shown at least."""


def short_ids(ids: list[str]) -> dict[str, str]:
    """Return the beginning of each id that no other shares, all of the same length."""
    ordered = sorted(ids)
    short = {}
    for before, own, after in zip(["", *ordered], ordered, [*ordered[1:], ""], strict=False):
        length = SHORTEST
        while length < len(own) and own[:length] in (before[:length], after[:length]):
            length += 1
        short[own] = own[:length]
    width = max(map(len, short.values()), default=0)
    return {own: own[:width] for own in short}

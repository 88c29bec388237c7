"""Mark-up of a translation nests as that of its source: a tag closes after what it opened in."""

from __future__ import annotations

from collections.abc import Sequence

from hinterland.plugins.translation.units import Code, Kind


def is_nested_as(codes: Sequence[Code], source: Sequence[Code]) -> bool:
    """Whether codes that are those of the source in another order can stand in its place.

    A segment may close what an earlier one opened, and the other way round.
    """
    wanted = _ends(source)
    if wanted is None:  # the source is not well nested itself: only pairs keep their order
        return _pairs_in_order(codes)
    return _ends(codes) == wanted


def _ends(codes: Sequence[Code]) -> tuple[list[int], list[int]] | None:
    """Return what codes close that was opened before, and what they leave open; None where they
    are not nested."""
    closed: list[int] = []
    opened: list[int] = []
    for code in codes:
        if code.kind is Kind.OPEN:
            opened.append(code.pair)
        elif code.kind is Kind.CLOSE:
            if opened and opened[-1] == code.pair:
                opened.pop()
            elif opened:
                return None
            else:
                closed.append(code.pair)
    return None if set(closed) & set(opened) else (closed, opened)


def _pairs_in_order(codes: Sequence[Code]) -> bool:
    opens = {code.pair for code in codes if code.kind is Kind.OPEN}
    seen: set[int] = set()
    for code in codes:
        if code.kind is Kind.OPEN:
            seen.add(code.pair)
        elif code.kind is Kind.CLOSE and code.pair in opens and code.pair not in seen:
            return False
    return True

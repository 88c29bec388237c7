"""What touches a mark in an answer: "1<x1/>" would make 15 mg of 5 mg, "{<x1/>}" no placeholder."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hinterland.plugins.translation.segments.masking import Mark, Masked
from hinterland.plugins.translation.segments.unfit import Trouble, Unfit

_NEAR = 3
"""Characters beside what is kept that can become a part of it."""
_BEFORE_NUMBER = re.compile(r"\d[.,٫٬]?$|(?:^|[\s(])[-\u2212]$")
_AFTER_NUMBER = re.compile(r"[.,٫٬]?\d")


def check_touching(masked: Masked, found: Sequence[str | Mark]) -> None:
    """Raise Unfit where the text beside a number or a placeholder makes another one of it.

    What stood beside it in the source may do so in the translation.
    """
    kept = {mark for mark in masked.marks if isinstance(mark.kept, str)}
    if not kept:
        return
    beside = _beside(_source(masked))
    for mark, (before, after) in _beside(found).items():
        if mark not in kept or not isinstance(mark.kept, str):
            continue
        ours = beside.get(mark, ("", ""))
        if (_changes(mark.kept, before=before) and before != ours[0]) or (
            _changes(mark.kept, after=after) and after != ours[1]
        ):
            raise Unfit(
                Trouble.MARK, f"In the translation {mark.kept} runs into what stands beside it."
            )


def _changes(kept: str, *, before: str = "", after: str = "") -> bool:
    """Whether what is kept is another thing behind or before such a text."""
    if before:
        if kept[0].isdigit():
            return _BEFORE_NUMBER.search(before) is not None
        return kept[0] in "{%$" and before[-1] in "{%$"
    if after:
        if kept[-1].isdigit():
            return _AFTER_NUMBER.match(after) is not None
        return kept[-1] == "}" == after[0]
    return False


def _beside(pieces: Sequence[str | Mark]) -> dict[Mark, tuple[str, str]]:
    """Return what stands directly before and after each mark."""
    shown = ["", *map(_shown, pieces), ""]
    return {
        piece: (shown[at][-_NEAR:], shown[at + 2][:_NEAR])
        for at, piece in enumerate(pieces)
        if isinstance(piece, Mark)
    }


def _shown(piece: str | Mark) -> str:
    if isinstance(piece, str):
        return piece
    return piece.kept if isinstance(piece.kept, str) else ""


def _source(masked: Masked) -> list[str | Mark]:
    """Return the texts and the marks of the source, in their order."""
    pieces: list[str | Mark] = []
    at = 0
    for mark in masked.marks:
        end = masked.text.index(mark.token, at)
        pieces += [masked.text[at:end], mark] if end > at else [mark]
        at = end + len(mark.token)
    return [*pieces, masked.text[at:]]

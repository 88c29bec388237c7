"""Keeps the answer unsaid while an exercise is open: the last look at what leaves a session."""

from __future__ import annotations

from collections.abc import Sequence

from hinterland.plugins.tutoring.hints import Guard
from hinterland.plugins.tutoring.lessons import Posed
from hinterland.plugins.tutoring.session.acts import Said, SaidKind
from hinterland.plugins.tutoring.words import Words

_MAY_HOLD_IT = frozenset({SaidKind.EXERCISE, SaidKind.PASSAGE})
"""What the lesson's writer answers for: options hold the answer, and so does a text to be read."""
_NEUTRAL = {
    SaidKind.RIGHT: "neutral-right",
    SaidKind.NOT_YET: "neutral-not-yet",
    SaidKind.HINT: "neutral-hint",
    SaidKind.NOTE: "neutral-note",
}
"""What is said in place of a leak; what is not here is left out."""
_NOTHING = "…"


def guarded(said: Sequence[Said], posed: Posed, words: Words) -> list[Said]:
    """Return what may be said while an exercise is open: a text that holds its answer, by chance or
    by a model's doing, gives way to one that does not."""
    guard = Guard(posed)
    safe = []
    for each in said:
        if each.kind in _MAY_HOLD_IT or not guard.leaks(each.text):
            safe.append(each)
        elif each.kind in _NEUTRAL:
            texts = words.all(_NEUTRAL[each.kind])
            text = next((text for text in texts if not guard.leaks(text)), _NOTHING)
            safe.append(Said(each.kind, text))
    return safe

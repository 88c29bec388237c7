"""A model's answer as parts of the document again, if it is a translation."""

from __future__ import annotations

from hinterland.plugins.languages import Language
from hinterland.plugins.translation.segments.chatter import without_chatter
from hinterland.plugins.translation.segments.comparing import negation_differs
from hinterland.plugins.translation.segments.cutting import merged
from hinterland.plugins.translation.segments.masking import Mark, Masked
from hinterland.plugins.translation.segments.numbers import wrong_number
from hinterland.plugins.translation.segments.protected import is_foreign, stretches
from hinterland.plugins.translation.segments.restoring import restored
from hinterland.plugins.translation.segments.sounding import check_length, check_sound
from hinterland.plugins.translation.segments.touching import check_touching
from hinterland.plugins.translation.segments.unfit import Trouble, Unfit
from hinterland.plugins.translation.units import Parts

__all__ = ["read_answer"]


def read_answer(
    masked: Masked,
    answer: str,
    source: Language,
    target: Language,
    *,
    was_cut: bool,
    lenient: bool = False,
) -> Parts:
    """Return the parts of a translation; raises Unfit where the answer is none.

    `was_cut` says that the model was stopped at its limit. `lenient` leaves out the checks of
    language, script and whether anything changed, and no other.
    """
    text = without_chatter(answer, masked.text)
    if not text:
        raise Unfit(Trouble.EMPTY, "The model's answer is empty.")
    check_length(masked.text, text, was_cut=was_cut)
    if text == masked.text:  # whatever there is to keep is kept
        if not lenient:
            asked = _words_of(masked)
            check_sound(asked, asked, source, target)
        return masked.segment.parts
    found = restored(masked, text)
    _check_newcomers(masked, found)
    check_touching(masked, found)
    asked = _words_of(masked)
    words = " ".join(each for each in found if isinstance(each, str))
    if wrong := wrong_number(asked, words, (source, target)):
        raise Unfit(Trouble.NUMBER, f"The number {wrong} is not the same in the translation.")
    if not lenient:
        check_sound(asked, words, source, target)
    if negation_differs(asked, words, (source, target)):
        raise Unfit(
            Trouble.NEGATION, "Only one of the source and the translation denies something."
        )
    return merged([each.kept if isinstance(each, Mark) else each for each in found])


def _check_newcomers(masked: Masked, found: list[str | Mark]) -> None:
    """Raise Unfit for placeholders, tags and addresses that stand there besides the marks."""
    kept = {mark.kept for mark in masked.marks}
    for text in found:
        if not isinstance(text, str):
            continue
        for stretch in stretches(text):
            said = stretch.group()
            if said in kept or is_foreign(said):
                raise Unfit(Trouble.MARK, f"The translation has {said}, once more than the source.")


def _words_of(masked: Masked) -> str:
    """Return the text of a segment without what is marked."""
    if not masked.marks:
        return masked.text
    pieces = []
    at = 0
    for mark in masked.marks:
        end = masked.text.index(mark.token, at)
        pieces.append(masked.text[at:end])
        at = end + len(mark.token)
    return " ".join((*pieces, masked.text[at:]))

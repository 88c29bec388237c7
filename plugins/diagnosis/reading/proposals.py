"""What free words may mean: a proposed fact with the words it came from.

A proposal is no answer. Somebody confirms it, or it stays unknown.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hinterland.plugins.diagnosis.rules.facts import Choice, Number, Value
from hinterland.plugins.diagnosis.rules.vocabulary import Vocabulary

LEXICON = "lexicon"
MODEL = "model"

# Where several numbers are told for one fact, which of them is the more serious. What is not named
# here is so many days of something: the longer is the more serious.
_FIRST = frozenset({"age_months", "age_days"})
_LOWER = frozenset(
    {"oxygen_percent", "haemoglobin_g_dl", "arm_circumference_cm", "weight_for_age_z"}
)
_USUAL = {"temperature_c": 36.8, "heart_rate": 90.0, "systolic_mmhg": 110.0}


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """One fact that a text seems to tell."""

    fact: str
    value: Value
    words: str
    """The words of the text that it came from, verbatim."""
    start: int
    """Where they begin in the text, in characters."""
    end: int
    by: str = LEXICON
    """Who proposes it: `lexicon` or `model`."""


def merged(
    *readings: Sequence[Proposal], vocabulary: Vocabulary | None = None
) -> tuple[Proposal, ...]:
    """Return one proposal a fact: yes beats no, the more serious the less, then the earlier reading.

    `vocabulary` gives the order of choices; without it the first of several choices is kept.
    """
    kept: dict[str, Proposal] = {}
    for reading in readings:
        for each in reading:
            old = kept.get(each.fact)
            if old is None or _beats(each, old, vocabulary):
                kept[each.fact] = each
    return tuple(sorted(kept.values(), key=lambda each: (each.start, each.end, each.fact)))


def _beats(new: Proposal, old: Proposal, vocabulary: Vocabulary | None) -> bool:
    if isinstance(new.value, bool) or isinstance(old.value, bool):
        return new.value is True and old.value is False
    if isinstance(new.value, str) or isinstance(old.value, str):
        fact = vocabulary.facts.get(new.fact) if vocabulary else None
        if not isinstance(fact, Choice) or not fact.ordered:
            return False
        order = [option.id for option in fact.options]
        return order.index(str(new.value)) > order.index(str(old.value))
    # A model's number never replaces one that was read.
    return new.by == old.by and _serious(new.fact, new.value) > _serious(new.fact, old.value)


def _serious(fact: str, value: float) -> float:
    if fact in _FIRST:
        return 0.0
    if fact in _LOWER:
        return -value
    return abs(value - _USUAL[fact]) if fact in _USUAL else value


def possible(each: Proposal, vocabulary: Vocabulary) -> bool:
    """Return whether the vocabulary has the fact and the value can be its answer."""
    fact = vocabulary.facts.get(each.fact)
    if isinstance(fact, Number):
        return (
            not isinstance(each.value, bool | str)
            and fact.lowest <= each.value <= fact.highest
            and (not fact.whole or each.value == int(each.value))
        )
    if isinstance(fact, Choice):
        return each.value in [option.id for option in fact.options]
    return fact is not None and isinstance(each.value, bool)

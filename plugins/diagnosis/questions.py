"""Which question comes next: the one that can decide most, and each danger sign twice if need be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from hinterland.plugins.diagnosis.case import Case
from hinterland.plugins.diagnosis.expression import waiting
from hinterland.plugins.diagnosis.facts import Fact
from hinterland.plugins.diagnosis.pack import Level, Pack
from hinterland.plugins.diagnosis.triage import applicable, assess, lookup_of

_WEIGHT = {Level.RED: 100.0, Level.YELLOW: 10.0, Level.GREEN: 0.0}
COMPLAINT = "complaint"
"""The group of questions after which only those of the complaint follow: never torn apart."""
MEASURES = "measures"
"""The group of questions that need a device: after the others."""
LAST = "last"
"""The group of questions that close a history."""


class Question(msgspec.Struct, frozen=True):
    fact: Fact
    again: bool
    """Whether it was asked before and nobody knew: a danger sign."""


def next_question(
    case: Case, packs: Sequence[Pack], site: Mapping[str, bool] | None = None
) -> Question | None:
    """Return what to ask next; None when the level is RED or nothing that is left could change it."""
    facts = case.vocabulary.facts
    if assess(case, packs, site).emergency:
        return None
    if "age_months" not in case.answers:
        return Question(facts["age_months"], again=False)
    scores = _scores(case, packs, site)
    fresh = [name for name in scores if name not in case.answers]
    if fresh:
        return Question(facts[_first(fresh, scores, case)], again=False)
    again = [name for name in scores if facts[name].danger and case.answers[name].asked == 1]
    return Question(facts[_first(again, scores, case)], again=True) if again else None


def _scores(case: Case, packs: Sequence[Pack], site: Mapping[str, bool] | None) -> dict[str, float]:
    """Return for each unknown fact worth asking how much it could decide."""
    lookup = lookup_of(case, site)
    needs = case.vocabulary.needs
    scores: dict[str, float] = {}

    def add(name: str, weight: float) -> None:
        waits = needs.get(name)
        if waits is not None and waits.truth(lookup, case.vocabulary.optional) is None:
            before = [each for each in dict.fromkeys(waiting(waits, lookup)) if open_to(each)]
            for needed in before:
                add(needed, weight)
            if before:
                return
        scores[name] = scores.get(name, 0.0) + weight

    def open_to(name: str) -> bool:
        """Whether asking may still help: what was asked in vain does not hide what waits for it."""
        return name not in case.answers

    for rule in applicable(packs, lookup):
        if rule.level is Level.GREEN or rule.when_known:
            continue
        missing = dict.fromkeys(waiting(rule.when, lookup))
        for name in missing:
            add(name, _WEIGHT[rule.level] / len(missing))
    return scores


def _first(wanted: Sequence[str], scores: Mapping[str, float], case: Case) -> str:
    facts = case.vocabulary.facts
    order = {name: place for place, name in enumerate(facts)}
    begun = any(facts[name].group == COMPLAINT for name in case.answers)

    def key(name: str) -> tuple[bool, bool, bool, bool, float, int]:
        fact = facts[name]
        return (
            fact.group == LAST,
            fact.optional or fact.group == MEASURES,
            not (begun and fact.group == COMPLAINT),
            not fact.danger,
            -scores[name],
            order[name],
        )

    return min(wanted, key=key)

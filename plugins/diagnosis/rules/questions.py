"""Which question comes next: the one that can decide most, and each danger sign twice if need be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from hinterland.plugins.diagnosis.rules.case import Case
from hinterland.plugins.diagnosis.rules.expression import Lookup, waiting
from hinterland.plugins.diagnosis.rules.facts import Fact
from hinterland.plugins.diagnosis.rules.pack import Level, Pack, Rule
from hinterland.plugins.diagnosis.rules.triage import applicable, lookup_of, speaks

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
    lookup = lookup_of(case, site)
    rules = applicable(packs, lookup)
    if any(rule.level is Level.RED and rule.when.truth(lookup, ()) for rule in rules):
        return None
    if "age_months" not in case.answers:
        return Question(facts["age_months"], again=False)
    scores = _scores(case, rules, lookup)
    fresh = [name for name in scores if name not in case.answers]
    if fresh:
        return Question(facts[_first(fresh, scores, case)], again=False)
    again = [name for name in scores if facts[name].danger and case.answers[name].asked == 1]
    return Question(facts[_first(again, scores, case)], again=True) if again else None


def _scores(case: Case, rules: Sequence[Rule], lookup: Lookup) -> dict[str, float]:
    """Return for each unknown fact worth asking how much it could decide."""
    needs = case.vocabulary.needs
    scores: dict[str, float] = {}

    def add(name: str, weight: float) -> None:
        waits = needs.get(name)
        if waits is not None and waits.truth(lookup, case.vocabulary.optional) is None:
            # What was asked in vain does not hide what waits for it.
            before = [each for each in set(waiting(waits, lookup)) if each not in case.answers]
            for needed in before:
                add(needed, weight)
            if before:
                return
        scores[name] = scores.get(name, 0.0) + weight

    wanted: dict[str, float] = {}
    for rule in rules:
        if rule.level is Level.GREEN or not speaks(rule, case):
            continue
        if rule.when_known and rule.when.truth(lookup, case.vocabulary.optional) is False:
            continue
        missing = set(waiting(rule.when, lookup))
        for name in missing:
            wanted[name] = wanted.get(name, 0.0) + _WEIGHT[rule.level] / len(missing)
    for name, weight in wanted.items():
        add(name, weight)
    # Sums of fractions in another order differ in the last digit; what comes next must not.
    return {name: round(score, 6) for name, score in scores.items()}


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

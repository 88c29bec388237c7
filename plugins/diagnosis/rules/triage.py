"""From a case to a level: the most serious of the rules that fired, and never a guess downwards.

Three values, yes, no and unknown. A RED or YELLOW rule that an unknown answer leaves open counts as
YELLOW: it cannot be ruled out. A complaint that no rule covers is referred. GREEN is what is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from hinterland.plugins.diagnosis.rules.case import Answer, Case, Correction
from hinterland.plugins.diagnosis.rules.expression import Expression, Lookup, Truth, names, waiting
from hinterland.plugins.diagnosis.rules.facts import Value
from hinterland.plugins.diagnosis.rules.pack import Level, Pack, Rule


class Fired(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    pack: str
    level: Level
    classification: str
    do: tuple[str, ...]
    source: str
    reason: str = ""
    """Why, where the source is app-policy."""


class Open(msgspec.Struct, frozen=True, kw_only=True):
    """A RED or YELLOW rule that cannot be ruled out for want of answers."""

    id: str
    level: Level
    facts: tuple[str, ...]
    """The unknown facts that it waits for."""


class PackUsed(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    version: str
    sha256: str
    review: str
    by: str
    date: str
    changed: bool


class Triage(msgspec.Struct, frozen=True, kw_only=True):
    """The result. `level` is what to act on."""

    level: Level
    fired: tuple[Fired, ...]
    """Most serious first."""
    open: tuple[Open, ...]
    unknown: tuple[str, ...]
    """Facts that the rules for this patient ask for and nobody knows."""
    unknown_danger: tuple[str, ...]
    not_covered: tuple[str, ...]
    """Facts that are true and that no rule for this patient covers: referred."""
    out_of_scope: bool
    """Whether no selected pack is for a patient of this age."""
    return_signs: tuple[str, ...]
    answers: dict[str, Answer]
    corrections: tuple[Correction, ...]
    site: dict[str, bool]
    packs: tuple[PackUsed, ...]
    vocabulary: str
    vocabulary_sha256: str
    reviewed: bool
    """Whether all packs are approved and unchanged."""

    @property
    def emergency(self) -> bool:
        """Whether RED is to be shown at once, before anything else is asked."""
        return self.level is Level.RED


def lookup_of(case: Case, site: Mapping[str, bool] | None = None) -> Lookup:
    """Return what rules look facts up with: answers, and the site's settings as `site.ID`."""
    settings = settled(case, site)
    needs = case.vocabulary.needs
    optional = case.vocabulary.optional

    looked_up: dict[str, Value | None] = {}

    def lookup(name: str) -> Value | None:
        if name in looked_up:
            return looked_up[name]
        if name.startswith("site."):
            return settings[name[5:]]
        value = case.value(name)
        if value is None and name in needs and needs[name].truth(lookup, optional) is False:
            value = False
        looked_up[name] = value
        return value

    return lookup


def settled(case: Case, site: Mapping[str, bool] | None) -> dict[str, bool]:
    """Return the site's settings with the stricter default for those it has not made."""
    defaults = {key: each.default for key, each in case.vocabulary.settings.items()}
    return {**defaults, **{key: on for key, on in (site or {}).items() if key in defaults}}


def assess(case: Case, packs: Sequence[Pack], site: Mapping[str, bool] | None = None) -> Triage:
    """Return the level of a case and all that it rests on, by the rules of these packs."""
    lookup = lookup_of(case, site)
    facts = case.vocabulary.facts
    optional = case.vocabulary.optional
    fired: list[Fired] = []
    left: list[Open] = []
    unknown: dict[str, None] = {}
    covered: set[str] = set()
    applied = applicable(packs, lookup)
    for rule in applied:
        covered |= rule.facts
        covered.update(names(rule.population))
        truth = rule.when.truth(lookup, ())
        if truth:
            fired.append(_fired(rule))
        elif truth is None:
            missing = tuple(sorted(set(waiting(rule.when, lookup))))
            if not speaks(rule, case):
                continue
            unknown.update(dict.fromkeys(missing))
            if rule.level is not Level.GREEN and rule.when.truth(lookup, optional) is not False:
                left.append(Open(id=rule.id, level=rule.level, facts=missing))
    not_covered = tuple(
        name
        for name, answer in case.answers.items()
        if answer.value is True and name not in covered and not facts[name].neutral
    )
    out_of_scope = not any(_in_scope(pack, lookup) for pack in packs)
    level = max((each.level for each in fired), key=_rank, default=Level.GREEN)
    if (left or not_covered or out_of_scope) and level is Level.GREEN:
        level = Level.YELLOW
    fired.sort(key=lambda each: (-each.level.rank, each.id))
    left.sort(key=lambda each: (-each.level.rank, each.id))
    return Triage(
        level=level,
        fired=tuple(fired),
        open=tuple(left),
        unknown=tuple(sorted(unknown)),
        unknown_danger=tuple(
            sorted(name for name in unknown if name in facts and facts[name].danger)
        ),
        not_covered=tuple(sorted(not_covered)),
        out_of_scope=out_of_scope,
        return_signs=_return_signs(packs, fired),
        answers=dict(case.answers),
        corrections=case.corrections,
        site=settled(case, site),
        packs=tuple(_used(pack) for pack in packs),
        vocabulary=case.vocabulary.version,
        vocabulary_sha256=case.vocabulary.sha256,
        reviewed=all(pack.approved for pack in packs),
    )


def applicable(packs: Iterable[Pack], lookup: Lookup) -> list[Rule]:
    """Return the rules for this patient; while the age is unknown, those for anybody it may be."""
    known: dict[int, Truth] = {}

    def holds(population: Expression) -> bool:
        if id(population) not in known:
            known[id(population)] = population.truth(lookup, ())
        return known[id(population)] is not False

    return [rule for pack in packs for rule in pack.rules if holds(rule.population)]


def speaks(rule: Rule, case: Case) -> bool:
    """Return whether it counts, and is worth asking, what a rule still waits for.

    A rule `when_known` is silent until a measure of it is known, or somebody was asked for a danger
    sign of it in vain.
    """
    if not rule.when_known:
        return True
    for name in rule.facts & case.answers.keys():
        fact, value = case.vocabulary.facts[name], case.answers[name].value
        if fact.danger if value is None else fact.optional:
            return True
    return False


def _in_scope(pack: Pack, lookup: Lookup) -> bool:
    return not pack.widens and any(
        population.truth(lookup, ()) for population in pack.populations.values()
    )


def _rank(level: Level) -> int:
    return level.rank


def _fired(rule: Rule) -> Fired:
    return Fired(
        id=rule.id,
        pack=rule.pack,
        level=rule.level,
        classification=rule.classification,
        do=rule.do,
        source=rule.source,
        reason=rule.reason,
    )


def _return_signs(packs: Sequence[Pack], fired: Sequence[Fired]) -> tuple[str, ...]:
    speaking = {each.pack for each in fired}
    signs = [sign for pack in packs if pack.name in speaking for sign in pack.return_signs]
    return tuple(dict.fromkeys(signs))


def _used(pack: Pack) -> PackUsed:
    return PackUsed(
        name=pack.name,
        version=pack.version,
        sha256=pack.sha256,
        review="approved" if pack.approved else "draft",
        by=pack.review.by if pack.approved else "",
        date=pack.review.date if pack.approved else "",
        changed=pack.changed,
    )

"""The closed vocabulary of facts: all that a rule may ask and all that a case may hold.

It is data (vocabulary.toml), so that a clinician can review the questions without reading Python.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from hinterland.plugins.diagnosis.checked_toml import Located, read
from hinterland.plugins.diagnosis.expression import (
    Expression,
    ExpressionError,
    falling,
    parse,
)
from hinterland.plugins.diagnosis.facts import Fact, Id, Number, Sentence, YesNo

SHIPPED = Path(__file__).with_name("vocabulary.toml")


class Setting(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that the site decides and rules can ask for as `site.ID`."""

    id: Id
    question: Sentence
    default: bool
    """The stricter of the two."""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: str
    fact: tuple[Fact, ...]
    setting: tuple[Setting, ...] = ()


@dataclass(frozen=True, slots=True)
class Vocabulary:
    version: str
    sha256: str
    facts: Mapping[str, Fact]
    settings: Mapping[str, Setting]
    needs: Mapping[str, Expression]
    """When a fact is worth asking; a fact without an entry always is."""

    @property
    def optional(self) -> frozenset[str]:
        """Facts whose absence alone does not keep a case from GREEN."""
        return frozenset(name for name, fact in self.facts.items() if fact.optional)

    def names(self) -> Mapping[str, Fact]:
        """Return everything that an expression may name: facts, and settings as `site.ID`."""
        site = {
            f"site.{each.id}": YesNo(id=each.id, question=each.question)
            for each in self.settings.values()
        }
        return {**self.facts, **site}


def load(path: Path = SHIPPED) -> Vocabulary:
    """Return the vocabulary in a file; raises InputError, which names file and line."""
    located: Located[_File] = read(path, _File)
    facts: dict[str, Fact] = {}
    for at, fact in enumerate(located.value.fact):
        problem = _problem(fact, facts)
        if problem:
            raise located.error("fact", at, problem)
        facts[fact.id] = fact
    settings = {each.id: each for each in located.value.setting}
    needs: dict[str, Expression] = {}
    for at, fact in enumerate(located.value.fact):
        if not fact.needs:
            continue
        try:
            # Only facts before it, so that nothing can wait for itself.
            before = {each.id: each for each in located.value.fact[:at]}
            needs[fact.id] = parse(fact.needs, before)
        except ExpressionError as error:
            raise located.error("fact", at, f"{fact.id}: {error}", "needs") from error
        if why := falling(needs[fact.id]):
            raise located.error("fact", at, f"{fact.id}: {why}", "needs")
    return Vocabulary(located.value.version, located.sha256, facts, settings, needs)


def _problem(fact: Fact, before: Mapping[str, Fact]) -> str:
    if fact.id in before:
        return f"there is a fact “{fact.id}” already"
    if fact.danger and fact.optional:
        return f"“{fact.id}” is a danger sign and cannot be optional"
    if isinstance(fact, Number) and fact.lowest >= fact.highest:
        return f"the range of “{fact.id}” is empty"
    return ""

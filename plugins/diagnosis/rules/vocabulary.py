"""The closed vocabulary of facts: all that a rule may ask and all that a case may hold.

It is data (vocabulary.toml), so that a clinician can review the questions without reading Python.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from hinterland.plugins.diagnosis.rules.checked_toml import Located, read
from hinterland.plugins.diagnosis.rules.expression import (
    Expression,
    ExpressionError,
    falling,
    names,
    parse,
)
from hinterland.plugins.diagnosis.rules.facts import Fact, Id, Number, Sentence, YesNo

SHIPPED = Path(__file__).parent.with_name("vocabulary.toml")


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
    define: dict[Id, str] = {}
    """Conditions with a name, for `needs`."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    version: str
    sha256: str
    facts: Mapping[str, Fact]
    settings: Mapping[str, Setting]
    needs: Mapping[str, Expression]
    """When a fact is worth asking; a fact without an entry always is."""

    optional: frozenset[str]
    """Facts whose absence alone does not keep a case from GREEN."""

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
    return Vocabulary(
        located.value.version,
        located.sha256,
        facts,
        {each.id: each for each in located.value.setting},
        _needs(located, facts),
        frozenset(name for name, fact in facts.items() if fact.optional),
    )


def _needs(located: Located[_File], facts: Mapping[str, Fact]) -> dict[str, Expression]:
    defined: dict[str, Expression] = {}
    for name, text in located.value.define.items():
        if name in facts:
            raise located.error("define", 0, f"“{name}” is a fact already", name)
        try:
            defined[name] = parse(text, facts, defined)
        except ExpressionError as error:
            raise located.error("define", 0, f"{name}: {error}", name) from error
    needs: dict[str, Expression] = {}
    before: set[str] = set()
    for at, fact in enumerate(located.value.fact):
        if fact.needs:
            try:
                found = parse(fact.needs, facts, defined)
            except ExpressionError as error:
                raise located.error("fact", at, f"{fact.id}: {error}", "needs") from error
            # Only facts before it, so that nothing can wait for itself.
            later = next((name for name in names(found) if name not in before), "")
            why = f"“{later}” does not come before it" if later else falling(found)
            if why:
                raise located.error("fact", at, f"{fact.id}: {why}", "needs")
            needs[fact.id] = found
        before.add(fact.id)
    return needs


def _problem(fact: Fact, before: Mapping[str, Fact]) -> str:
    if fact.id in before:
        return f"there is a fact “{fact.id}” already"
    if fact.danger and fact.optional:
        return f"“{fact.id}” is a danger sign and cannot be optional"
    if isinstance(fact, Number) and fact.lowest >= fact.highest:
        return f"the range of “{fact.id}” is empty"
    return ""

"""Rule packs: data that says what is serious, and who has reviewed it.

A pack is a folder with `pack.toml` (its rules) and `review.toml` (who has approved which bytes of
it). A pack whose bytes are not those that were reviewed is a draft, whatever the review says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from hinterland import paths
from hinterland.errors import InputError
from hinterland.plugins.diagnosis.rules.checked_toml import Located, read
from hinterland.plugins.diagnosis.rules.expression import (
    Expression,
    ExpressionError,
    falling,
    names,
    parse,
)
from hinterland.plugins.diagnosis.rules.facts import Id, Sentence
from hinterland.plugins.diagnosis.rules.vocabulary import Vocabulary
from hinterland.text import clean_line

SHIPPED = Path(__file__).parent.with_name("packs")
APP_POLICY = "app-policy"
"""The source of a rule that no protocol has: it needs a `reason`."""


class Level(StrEnum):
    GREEN = "GREEN"
    """Home care, with the signs to return for."""
    YELLOW = "YELLOW"
    """To be seen by a clinician today."""
    RED = "RED"
    """An emergency now."""

    @property
    def rank(self) -> int:
        return ("GREEN", "YELLOW", "RED").index(self.value)


class Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    title: Sentence
    where: str
    licence: str


class Exempt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a rule may become less true when a sign is added."""

    why: Sentence
    source: Sentence


class _Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)+\Z")]
    population: Id
    when: Sentence
    level: Level
    classification: Sentence
    do: Annotated[tuple[Sentence, ...], msgspec.Meta(min_length=1)]
    source: Sentence
    """`KEY: row`, KEY being one of [sources], or `app-policy`."""
    reason: str = ""
    when_known: bool = False
    """Whether it speaks only of what is known: its facts are not asked for, and not knowing them does
    not leave it open. For measures and signs that a health worker may have."""
    monotone: bool = True
    exception: Exempt | None = None


class _Pack(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Id
    title: Sentence
    version: str
    licence: Sentence
    about: str = ""
    widens: bool = False
    """Whether it only adds caution, and makes nobody a patient that the packs are for."""
    return_signs: tuple[Sentence, ...] = ()
    sources: dict[str, Source]
    populations: dict[Id, str]
    define: dict[Id, str] = {}
    rule: Annotated[tuple[_Rule, ...], msgspec.Meta(min_length=1)]


class Review(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    review: Literal["draft", "approved"] = "draft"
    by: str = ""
    date: str = ""
    sha256: str = ""
    """The bytes of pack.toml that were reviewed."""


class Rule(msgspec.Struct, frozen=True):
    id: str
    pack: str
    population: Expression
    when: Expression
    level: Level
    classification: str
    do: tuple[str, ...]
    source: str
    reason: str
    """Why it is so, where the source is this program's own policy."""
    when_known: bool
    """Whether it is silent about what is unknown: nothing is asked for its sake."""
    monotone: bool
    facts: frozenset[str]
    """The facts that the condition asks for, without those of the population."""


class Pack(msgspec.Struct, frozen=True):
    name: str
    title: str
    version: str
    licence: str
    sha256: str
    review: Review
    changed: bool
    """Whether its bytes are not those that its review names."""
    sources: Mapping[str, Source]
    return_signs: tuple[str, ...]
    rules: tuple[Rule, ...]
    populations: Mapping[str, Expression]
    widens: bool
    folder: Path
    """Where it is; its translations are beside it."""

    @property
    def approved(self) -> bool:
        return self.review.review == "approved" and not self.changed


def load(folder: Path, vocabulary: Vocabulary) -> Pack:
    """Return the pack in a folder; raises InputError, which names file and line."""
    located: Located[_Pack] = read(folder / "pack.toml", _Pack)
    raw = located.value
    beside = folder / "review.toml"
    review = read(beside, Review).value if beside.exists() else Review()
    known = vocabulary.names()
    populations: dict[str, Expression] = {}
    for name, text in raw.populations.items():
        populations[name] = _condition(located, "populations", name, text, vocabulary, {})
    defined: dict[str, Expression] = {}
    for name, text in raw.define.items():
        if name in known:
            raise located.error("define", 0, f"“{name}” is a fact already", name)
        defined[name] = _condition(located, "define", name, text, vocabulary, defined)
    rules: list[Rule] = []
    ids: set[str] = set()
    for at, rule in enumerate(raw.rule):
        problem, key = _problem(rule, raw, ids)
        if problem:
            raise located.error("rule", at, problem, key)
        try:
            when = parse(rule.when, known, defined)
        except ExpressionError as error:
            raise located.error("rule", at, f"rule {rule.id}: {error}", "when") from error
        if rule.monotone and (why := falling(when)):
            raise located.error("rule", at, f"rule {rule.id} is not monotone: {why}", "when")
        ids.add(rule.id)
        rules.append(
            Rule(
                rule.id,
                raw.name,
                populations[rule.population],
                when,
                rule.level,
                rule.classification,
                rule.do,
                rule.source,
                rule.reason,
                rule.when_known,
                rule.monotone,
                frozenset(names(when)),
            )
        )
    return Pack(
        raw.name,
        raw.title,
        raw.version,
        raw.licence,
        located.sha256,
        review,
        bool(review.sha256) and review.sha256 != located.sha256,
        raw.sources,
        raw.return_signs,
        tuple(rules),
        populations,
        raw.widens,
        folder,
    )


def chosen(wanted: tuple[str, ...], vocabulary: Vocabulary) -> tuple[Pack, ...]:
    """Return the packs of these names, and `policy`, without which none is used."""
    return tuple(named(name, vocabulary) for name in dict.fromkeys((*wanted, "policy")))


def named(name: str, vocabulary: Vocabulary) -> Pack:
    """Return the pack of a name: one that ships with the plugin, else one in the folder `packs` of
    this account's data or of the machine's. Raises InputError when there is none."""
    there = {each.parent.name: each.parent for folder in _folders() for each in _packs(folder)}
    if name not in there:
        raise InputError(
            f"There is no rule pack “{clean_line(name, 60)}”.",
            f"There are: {', '.join(clean_line(each, 60) for each in sorted(there))}.",
        )
    return load(there[name], vocabulary)


def _folders() -> Iterator[Path]:
    """Yield the folders of packs; what a later one has stands before those of earlier ones."""
    place = paths.find()
    yield from (each / "packs" for each in reversed(place.system_data))
    yield place.data / "packs"
    yield SHIPPED  # nobody can put other rules in the place of those that were reviewed


def _packs(folder: Path) -> list[Path]:
    try:
        return sorted(folder.glob("*/pack.toml"))
    except OSError:  # a folder that may not be read has no packs for this account
        return []


def _condition(
    located: Located[_Pack],
    table: str,
    name: str,
    text: str,
    vocabulary: Vocabulary,
    defined: Mapping[str, Expression],
) -> Expression:
    try:
        return parse(text, vocabulary.names(), defined)
    except ExpressionError as error:
        raise located.error(table, 0, f"{name}: {error}", name) from error


def _problem(rule: _Rule, pack: _Pack, before: set[str]) -> tuple[str, str]:
    """Return what is wrong with a rule but its condition, and the key that says it."""
    if rule.id in before:
        return f"there is a rule {rule.id} already", "id"
    if rule.population not in pack.populations:
        return f"“{rule.population}” is not in [populations]", "population"
    key, _, row = rule.source.partition(":")
    if key == APP_POLICY:
        if not rule.reason:
            return f"rule {rule.id} is app-policy and gives no reason", "source"
    elif key not in pack.sources or not row.strip():
        return f"the source of rule {rule.id} is not “KEY: row” with a KEY of [sources]", "source"
    if not rule.monotone and rule.exception is None:
        return f"rule {rule.id} is not monotone and has no exception with a source", "monotone"
    if rule.level is Level.GREEN and not pack.return_signs:
        return f"rule {rule.id} is GREEN and the pack has no return_signs", "level"
    return "", ""

"""A result with all that it rests on: what `hint diagnose --json` prints, and what is shown and noted.

docs/diagnosis.md describes every field; a change that older readers would misunderstand raises VERSION.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hinterland import __version__
from hinterland.plugins.diagnosis.rules.case import Case, Correction, Origin
from hinterland.plugins.diagnosis.rules.facts import Choice, Fact, Number, Value
from hinterland.plugins.diagnosis.rules.pack import Level
from hinterland.plugins.diagnosis.rules.triage import Fired, Open, PackUsed, Triage
from hinterland.plugins.diagnosis.site import Site
from hinterland.plugins.diagnosis.telling.scripted import Script, Scripts
from hinterland.plugins.diagnosis.telling.wording import said
from hinterland.text import escape_json

if TYPE_CHECKING:
    from hinterland.plugins.diagnosis.rules.spoken import Spoken

VERSION = 1
HELP = "Get emergency help now"
"""A step of many rules: people are told it once, with the number to call."""
_NEITHER_SAID_NOR_ASKED = frozenset({Origin.SILENCE})


class Input(msgspec.Struct, frozen=True, kw_only=True):
    """One answer, and how it was obtained."""

    fact: str
    question: str
    value: Value | None
    """None: asked, and not known."""
    unit: str
    """Of a number; "" for what has none."""
    shown: str
    """The value in words: that of an option, an age in years and months."""
    origin: Origin
    words: str
    """The words it came from."""
    asked: int
    danger: bool
    present: bool | None
    """Whether a sign is there: yes, or a choice but for the harmless one. None: a number, unknown."""


class SiteUsed(msgspec.Struct, frozen=True, kw_only=True):
    setting: str
    role: str
    emergency_number: str
    rules: dict[str, bool]
    """The settings that rules ask for."""


class Vocabulary(msgspec.Struct, frozen=True, kw_only=True):
    version: str
    sha256: str


class Result(msgspec.Struct, frozen=True, kw_only=True):
    version: int = VERSION
    hinterland: str = __version__
    level: Level
    not_for_care: bool
    """Whether something that nobody mentioned was read as no: for evaluation alone."""
    reviewed: bool
    """Whether clinicians have approved all the rules, as they are."""
    accepted_by: str
    """Who answers for rules that are not reviewed; "" when nobody does."""
    out_of_scope: bool
    not_covered: tuple[str, ...]
    fired: tuple[Fired, ...]
    """Most serious first."""
    open: tuple[Open, ...]
    """RED and YELLOW rules that unknown answers leave open."""
    return_signs: tuple[str, ...]
    scripts: tuple[Script, ...]
    inputs: tuple[Input, ...]
    unknown: tuple[str, ...]
    unknown_danger: tuple[str, ...]
    corrections: tuple[Correction, ...]
    packs: tuple[PackUsed, ...]
    vocabulary: Vocabulary
    site: SiteUsed

    @property
    def provisional(self) -> bool:
        """Whether its rules are neither reviewed nor answered for by somebody."""
        return not self.reviewed and not self.accepted_by


def of(case: Case, triage: Triage, site: Site, scripts: Scripts) -> Result:
    """Return the result of a case as this site tells it."""
    return Result(
        level=triage.level,
        not_for_care=any(each.origin in _NEITHER_SAID_NOR_ASKED for each in case.answers.values()),
        reviewed=triage.reviewed,
        accepted_by=site.answers_for_drafts,
        out_of_scope=triage.out_of_scope,
        not_covered=triage.not_covered,
        fired=triage.fired,
        open=triage.open,
        return_signs=triage.return_signs,
        scripts=scripts.brought_by(case),
        inputs=tuple(_input(case, name) for name in case.answers),
        unknown=triage.unknown,
        unknown_danger=triage.unknown_danger,
        corrections=triage.corrections,
        packs=triage.packs,
        vocabulary=Vocabulary(version=triage.vocabulary, sha256=triage.vocabulary_sha256),
        site=SiteUsed(
            setting=site.setting,
            role="health-worker" if site.health_worker else "lay",
            emergency_number=site.emergency_number,
            rules=triage.site,
        ),
    )


def told_in(result: Result, spoken: Spoken) -> Result:
    """Return a result with what packs say in another language, as far as it was translated; for
    people, programs get the packs' own words."""

    def say(sentence: str) -> str:
        return sentence if sentence == HELP else spoken.say(sentence)

    return msgspec.structs.replace(
        result,
        fired=tuple(
            msgspec.structs.replace(
                rule,
                classification=say(rule.classification),
                do=tuple(map(say, rule.do)),
            )
            for rule in result.fired
        ),
        return_signs=tuple(map(say, result.return_signs)),
    )


def to_json(result: Result) -> str:
    """Return a result as one line of JSON that no terminal would obey."""
    return escape_json(msgspec.json.encode(result).decode())


def _input(case: Case, name: str) -> Input:
    fact, answer = case.vocabulary.facts[name], case.answers[name]
    return Input(
        fact=name,
        question=fact.question,
        value=answer.value,
        unit=fact.unit if isinstance(fact, Number) else "",
        shown=said(fact, answer.value),
        origin=answer.origin,
        words=answer.words,
        asked=answer.asked,
        danger=fact.danger,
        present=_present(fact, answer.value),
    )


def _present(fact: Fact, value: Value | None) -> bool | None:
    if isinstance(fact, Choice) and value is not None:
        return value not in {"none", fact.options[0].id if fact.ordered else ""}
    return value if isinstance(value, bool) else None

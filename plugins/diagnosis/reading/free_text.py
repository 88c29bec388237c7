"""A case from a story: proposals that nobody confirmed, and what to make of silence."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import msgspec

from hinterland.plugins.diagnosis.reading import lexicon
from hinterland.plugins.diagnosis.reading.proposals import Proposal
from hinterland.plugins.diagnosis.rules.case import Case, Origin
from hinterland.plugins.diagnosis.rules.checked_toml import read
from hinterland.plugins.diagnosis.rules.facts import Choice, Number
from hinterland.plugins.diagnosis.rules.vocabulary import Vocabulary

_USUAL = Path(__file__).parent.with_name("silence.toml")
_OLDEST_MONTHS = 10_000


class _Usual(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    fact: str
    value: float
    below_months: int = _OLDEST_MONTHS


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    nobody_months: int
    harmless: tuple[str, ...]
    usual: tuple[_Usual, ...]


def case_from(
    text: str,
    proposals: Sequence[Proposal],
    vocabulary: Vocabulary,
    unmentioned: bool | None = None,
    language: str = "en",
) -> Case:
    """Return the case that the proposals make when nobody confirms them: for scripts.

    `unmentioned=False` reads silence as no, for evaluation only: such answers have the origin
    `silence`. That there is no other problem is read from silence only when some complaint was
    understood, none was left over, and the complaint is harmless by its name or the story says that
    something is well.
    """
    case = Case(vocabulary)
    # The age in months first: days have to agree with it.
    for each in sorted(proposals, key=lambda each: each.fact != "age_months"):
        case = case.answered(each.fact, each.value, Origin.ASSUMED, each.words)
    if unmentioned is None:
        return case
    if "age_months" not in case.answers:
        guess = lexicon.guessed_age(text, language)
        months = _silence().nobody_months if guess is None else guess
        case = case.answered("age_months", float(months), Origin.SILENCE)
    told = [each for each in proposals if _complains(each, vocabulary)]
    harmless = [each for each in told if each.fact in _silence().harmless]
    # An itchy scalp also itches: the same words are no further complaint.
    complaints = {
        each.fact
        for each in told
        if each in harmless
        or not any(one.start <= each.start and each.end <= one.end for one in harmless)
    }
    understood = bool(complaints) and (
        complaints <= set(_silence().harmless) or lexicon.tells_what_is_well(text, language)
    )
    for name, fact in vocabulary.facts.items():
        if name in case.answers or (name == lexicon.UNPLACED and not understood):
            continue
        if isinstance(fact, Number):
            usual = _usual(name, case)
            if usual is not None:
                case = case.answered(name, usual, Origin.SILENCE)
        elif isinstance(fact, Choice):
            if fact.ordered and not fact.optional:
                case = case.answered(name, fact.options[0].id, Origin.SILENCE)
        else:
            case = case.answered(name, unmentioned, Origin.SILENCE)
    return case


def _complains(each: Proposal, vocabulary: Vocabulary) -> bool:
    """Return whether a proposal tells what is wrong, and not only who somebody is."""
    fact = vocabulary.facts[each.fact]
    if isinstance(fact, Number) or fact.neutral or fact.group == "who":
        return False
    if isinstance(fact, Choice):
        return each.value != fact.options[0].id
    return each.value is True


@cache
def _silence() -> _File:
    return read(_USUAL, _File).value


def _usual(name: str, case: Case) -> float | None:
    months = case.value("age_months")
    for each in _silence().usual:
        if each.fact != name:
            continue
        if each.below_months == _OLDEST_MONTHS or (
            months is not None and float(months) < each.below_months
        ):
            # A threshold for another age than the patient's must not be met by silence.
            return each.value if months is not None or name != "breaths_per_minute" else None
    return None

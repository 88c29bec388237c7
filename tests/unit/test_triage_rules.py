"""Each rule of the packs fires, and just does not; adding a sign never makes a patient look better."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hinterland.plugins.diagnosis.rules.case import Case
from hinterland.plugins.diagnosis.rules.facts import Choice, Number, Value, YesNo
from hinterland.plugins.diagnosis.rules.pack import Level, chosen
from hinterland.plugins.diagnosis.rules.triage import Triage, assess
from tests.triage_cases import VOCABULARY, quiet, replaced, said

PACKS = chosen(("imci",), VOCABULARY)
LAY = chosen(("imci", "redflags"), VOCABULARY)
ALL = chosen(("imci", "iitt", "redflags"), VOCABULARY)
ALONE = {pack.name: (pack,) for pack in ALL}
TABLE = Path(__file__).with_name("triage_table.txt")
ROWS = [
    tuple(part.strip() for part in line.split("|"))
    for line in TABLE.read_text().splitlines()
    if line and not line.startswith("#")
]


def ids(result: Triage) -> set[str]:
    return {each.id for each in result.fired}


@pytest.mark.parametrize(("rule", "age", "facts", "change"), ROWS)
def test_a_rule_fires_and_just_does_not(rule: str, age: str, facts: str, change: str) -> None:
    case, packs = said(quiet(age), facts), ALONE[rule.split(".", maxsplit=1)[0]]
    assert rule in ids(assess(case, packs))
    if change:
        assert rule not in ids(assess(said(case, change), packs))


def test_the_table_has_every_rule() -> None:
    assert {row[0] for row in ROWS} == {rule.id for pack in ALL for rule in pack.rules}


@pytest.mark.parametrize(
    ("age", "facts", "level"),
    [
        ("24 months", "", "GREEN"),
        ("24 months", "cough", "GREEN"),
        ("11 months", "cough breaths_per_minute=49", "GREEN"),
        ("11 months", "cough breaths_per_minute=50", "YELLOW"),
        ("11 months", "cough breaths_per_minute=?", "YELLOW"),
        ("24 months", "temperature_c=37.4", "GREEN"),
        ("24 months", "temperature_c=37.5", "YELLOW"),
        ("1 month 30 days", "breaths_per_minute=60", "YELLOW"),
        ("1 month 30 days", "cough breaths_per_minute=59 temperature_c=38", "RED"),
        ("2 months", "temperature_c=38 cough", "YELLOW"),
        ("24 months", "convulsions=?", "YELLOW"),
        ("24 months", "other_problem", "YELLOW"),
        ("24 months", "other_problem=?", "YELLOW"),
        ("24 months", "pregnant", "YELLOW"),
        ("5 years", "", "YELLOW"),
        ("59 months", "", "GREEN"),
        ("20 days", "", "YELLOW"),
        ("24 months", "cough oxygen_percent=?", "GREEN"),
    ],
)
def test_levels_at_the_boundaries(age: str, facts: str, level: str) -> None:
    assert assess(said(quiet(age), facts), PACKS).level == level


AT_HOME = {"malaria_risk": False}


@pytest.mark.parametrize(
    ("age", "facts", "level"),
    [
        ("30 years", "runny_nose cough cough_days=5 throat_problem", "GREEN"),
        ("30 years", "cough cough_days=20", "GREEN"),
        ("30 years", "cough cough_days=21", "YELLOW"),
        ("30 years", "cough chest_pain", "YELLOW"),
        ("30 years", "cough difficult_breathing chest_pain", "RED"),
        ("30 years", "fever_reported fever_days=3", "GREEN"),
        ("30 years", "fever_reported fever_days=4", "YELLOW"),
        ("30 years", "fever_reported stiff_neck", "RED"),
        ("30 years", "fever_reported malaria_travel", "YELLOW"),
        ("30 years", "headache", "GREEN"),
        ("30 years", "headache sudden_severe_headache", "RED"),
        ("30 years", "pregnant headache", "YELLOW"),
        ("30 years", "pregnant headache severe_headache", "RED"),
        ("30 years", "vomiting diarrhoea", "GREEN"),
        ("30 years", "vomiting diarrhoea sunken_eyes", "YELLOW"),
        ("30 years", "minor_injury", "GREEN"),
        ("30 years", "minor_injury tetanus_doubtful", "YELLOW"),
        ("30 years", "head_injury", "GREEN"),
        ("30 years", "head_injury blood_thinner", "RED"),
        ("64 years 11 months", "back_or_neck_pain", "GREEN"),
        ("65 years", "back_or_neck_pain", "YELLOW"),
        ("30 years", "back_or_neck_pain weak_immunity", "YELLOW"),
        ("30 years", "low_mood_or_stress", "GREEN"),
        ("30 years", "low_mood_or_stress self_harm=thoughts", "YELLOW"),
        ("30 years", "low_mood_or_stress self_harm=plan", "RED"),
        ("8 years", "mild_rash", "GREEN"),
        ("8 years", "mild_rash nonblanching_rash", "RED"),
        ("8 years", "toothache mouth_or_neck_swelling", "YELLOW"),
        ("24 months", "minor_baby_complaint", "GREEN"),
        ("1 month 30 days", "minor_baby_complaint", "YELLOW"),
        ("24 months", "cough breaths_per_minute=39", "GREEN"),
        ("24 months", "cough breaths_per_minute=40", "YELLOW"),
        ("24 months", "hot_to_touch", "GREEN"),
        ("2 months", "temperature_c=38", "RED"),
        ("30 years", "other_injury_or_burn", "YELLOW"),
        ("30 years", "complaint=?", "GREEN"),
        ("30 years", "complaint=other", "YELLOW"),
        ("30 years", "getting_worse=?", "YELLOW"),
        ("30 years", "systolic_mmhg=168", "GREEN"),
        ("30 years", "female systolic_mmhg=168 pregnant=?", "YELLOW"),
        ("30 years", "systolic_mmhg=?", "GREEN"),
    ],
)
def test_levels_of_what_lay_people_report(age: str, facts: str, level: str) -> None:
    assert assess(said(quiet(age), facts), LAY, AT_HOME).level == level


def test_what_no_pack_is_for_is_never_green() -> None:
    for age in ("5 years", "30 years", "120 years"):
        result = assess(quiet(age), PACKS, AT_HOME)
        assert (result.level, result.out_of_scope) == (Level.YELLOW, True)
        assert not assess(quiet(age), LAY, AT_HOME).out_of_scope


def test_without_a_fever_risk_of_malaria_a_slight_fever_stays_at_home() -> None:
    case = said(quiet(), "temperature_c=37.5")
    assert assess(case, PACKS, {"malaria_risk": False}).level is Level.GREEN


def test_chest_indrawing_is_red_unless_the_site_says_otherwise() -> None:
    case = said(quiet(), "cough chest_indrawing")
    assert assess(case, PACKS).level is Level.RED
    assert assess(case, PACKS, {"chest_indrawing_red": False}).level is Level.YELLOW


def test_no_answers_at_all_is_never_green() -> None:
    result = assess(Case(VOCABULARY), PACKS)
    assert result.level is Level.YELLOW
    assert result.out_of_scope
    assert assess(said(Case(VOCABULARY), "convulsing_now"), PACKS).level is Level.RED


AGES = [
    "3 days",
    "20 days",
    "1 month 30 days",
    "2 months",
    "11 months",
    "12 months",
    "59 months",
    "8 years",
    "30 years",
    "70 years",
]
SIGNS = [name for name, fact in VOCABULARY.facts.items() if isinstance(fact, YesNo)]
OTHERS = {n: f for n, f in VOCABULARY.facts.items() if not isinstance(f, YesNo) and "age" not in n}


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Return any patient: some quiet but for a few answers, some all at random."""
    case = quiet(draw(st.sampled_from(AGES)))
    if draw(st.booleans()) and draw(st.booleans()):
        case = Case(VOCABULARY, {k: a for k, a in case.answers.items() if "age" in k})
    for name in draw(st.lists(st.sampled_from(SIGNS), max_size=6, unique=True)):
        case = replaced(case, name, draw(st.sampled_from([True, False, None])))
    for name in draw(st.lists(st.sampled_from(sorted(OTHERS)), max_size=4, unique=True)):
        fact = OTHERS[name]
        values: list[Value | None] = [None]
        if isinstance(fact, Choice):
            values += [each.id for each in fact.options]
        elif isinstance(fact, Number):
            values += [fact.lowest, float(int((fact.lowest + fact.highest) / 2)), fact.highest]
        case = replaced(case, name, draw(st.sampled_from(values)))
    return case


@settings(max_examples=100)
@given(case=cases(), signs=st.lists(st.sampled_from(SIGNS), min_size=1, max_size=8, unique=True))
def test_a_sign_more_never_lowers_the_level(case: Case, signs: list[str]) -> None:
    before = assess(case, ALL).level.rank
    for name in signs:
        value = case.value(name)
        if value is False:
            unknown = assess(replaced(case, name, None), ALL).level.rank
            assert unknown >= before, name
        if value is not True:
            assert assess(replaced(case, name, value=True), ALL).level.rank >= before, name


@settings(max_examples=15)
@given(case=cases())
def test_a_worse_option_never_lowers_the_level(case: Case) -> None:
    for name, fact in OTHERS.items():
        if not isinstance(fact, Choice) or not fact.ordered:
            continue
        ends = (fact.options[0], fact.options[-2], fact.options[-1])
        levels = [assess(replaced(case, name, each.id), ALL).level.rank for each in ends]
        assert levels == sorted(levels), name


@settings(max_examples=40)
@given(case=cases(), seed=st.integers(0, 1000))
def test_the_order_of_answers_does_not_matter(case: Case, seed: int) -> None:
    answers = list(case.answers.items())
    random.Random(seed).shuffle(answers)
    one, other = assess(case, ALL), assess(Case(VOCABULARY, dict(answers)), ALL)
    assert (one.level, one.fired, one.open) == (other.level, other.fired, other.open)


def test_the_level_is_the_most_serious_rule_that_fired() -> None:
    result = assess(said(quiet(), "cough diarrhoea convulsions ear_problem"), PACKS)
    assert result.level is Level.RED
    assert result.fired[0].level is Level.RED
    assert {"imci.child.cough-or-cold", "imci.child.ear-problem"} <= ids(result)
    assert all(each.source for each in result.fired)

"""Facts as they are taken: ages, measures, contradictions, and what a result tells of them."""

from __future__ import annotations

import msgspec
import pytest

from hinterland.errors import InputError
from hinterland.plugins.diagnosis.rules import pack as packs
from hinterland.plugins.diagnosis.rules.case import Case, Origin, told
from hinterland.plugins.diagnosis.rules.facts import Number
from hinterland.plugins.diagnosis.rules.measures import Age, UnlikelyValueError, measured, read_age
from hinterland.plugins.diagnosis.rules.pack import Level
from hinterland.plugins.diagnosis.rules.triage import assess
from tests.triage_cases import VOCABULARY, quiet, said


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("1 month 30 days", Age(1, 60)),
        ("2 months", Age(2, 60)),
        ("60 days", Age(1, 60)),
        ("61 days", Age(2, 61)),
        ("3 weeks", Age(0, 21)),
        ("3y", Age(36, 1095)),
        ("1 year and 6 months", Age(18, 547)),
        ("1.5 years", Age(18, 547)),
        ("0 months", Age(0, None)),
    ],
)
def test_ages(text: str, age: Age) -> None:
    assert read_age(text) == age


@pytest.mark.parametrize("text", ["2", "", "old", "300 years", "2 months 45 days", "-3 months"])
def test_ages_that_are_asked_again(text: str) -> None:
    with pytest.raises(UnlikelyValueError):
        read_age(text)


@pytest.mark.parametrize(
    ("given", "value"), [("99.5 F", 37.5), ("100.4 °F", 38.0), ("37,5", 37.5), (38.5, 38.5)]
)
def test_temperatures(given: str | float, value: float) -> None:
    fact = VOCABULARY.facts["temperature_c"]
    assert isinstance(fact, Number)
    assert measured(fact, given) == value


@pytest.mark.parametrize(
    ("given", "hint"),
    [("101", "38.33 °C"), ("385", "38.5"), ("38 kg", "°C"), ("hot", "digits"), ("20", "again")],
)
def test_temperatures_that_are_asked_again(given: str, hint: str) -> None:
    fact = VOCABULARY.facts["temperature_c"]
    assert isinstance(fact, Number)
    with pytest.raises(UnlikelyValueError) as caught:
        measured(fact, given)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("blood_sugar_mmol", "270 mg/dL", 15.0),
        ("blood_sugar_mmol", "15 mmol/L", 15.0),
        ("complaint_days", "3 weeks", 21.0),
        ("complaint_days", "36 hours", 1.5),
        ("arm_circumference_cm", "124 mm", 12.4),
    ],
)
def test_other_units_are_converted(name: str, given: str, value: float) -> None:
    assert Case(VOCABULARY).answered(name, given).value(name) == value


@pytest.mark.parametrize(
    ("name", "given", "hint"),
    [
        ("blood_sugar_mmol", "270", "mg/dL"),
        ("arm_circumference_cm", "124", "mm"),
        ("oxygen_percent", "9", "Measure"),
        ("breaths_per_minute", "400", "40"),
        ("breaths_per_minute", "40.5", "full minute"),
        ("complaint_days", "-2", "again"),
        ("heart_rate", "nan", "digits"),
        ("heart_rate", float("nan"), "again"),
        ("heart_rate", True, "number"),
    ],
)
def test_impossible_numbers_are_asked_again(name: str, given: float | str, hint: str) -> None:
    with pytest.raises(UnlikelyValueError) as caught:
        Case(VOCABULARY).answered(name, given)
    assert hint in caught.value.hint


def test_a_contradiction_is_refused_and_a_correction_is_logged() -> None:
    case = said(quiet(), "stridor cough")
    red = assess(case, packs.chosen(("imci",), VOCABULARY))
    with pytest.raises(InputError, match="Contradictory answers for stridor"):
        case.answered("stridor", given=False)
    corrected = case.corrected("stridor", given=False, level_before=red.level)
    after = assess(corrected, packs.chosen(("imci",), VOCABULARY))
    assert after.level is Level.GREEN
    assert [(c.fact, c.before, c.after, c.level_before) for c in after.corrections] == [
        ("stridor", True, False, "RED")
    ]


def test_a_case_is_told_by_name() -> None:
    answers = {"age": "1 year", "cough": "yes", "stridor": False, "temperature_c": "99.5 F"}
    case = told(VOCABULARY, {**answers, "wheeze": "unknown"}, Origin.FILE)
    assert [case.value(n) for n in ("age_months", "cough", "stridor", "temperature_c")] == [
        12,
        True,
        False,
        37.5,
    ]
    assert case.answers["wheeze"].value is None
    for wrong in ({"couhg": True}, {"cough": "maybe"}, {"cough": [True]}, {"skin_pinch": "odd"}):
        with pytest.raises(InputError):
            told(VOCABULARY, wrong, Origin.FILE)


def test_two_ages_have_to_agree() -> None:
    with pytest.raises(InputError, match="24 months and 3 days"):
        Case(VOCABULARY).answered("age_months", 24.0).answered("age_days", 3.0)


def test_a_number_of_months_that_is_meant_as_years_is_out_of_scope_and_never_green() -> None:
    chosen = packs.chosen(("imci",), VOCABULARY)
    assert assess(quiet("24 years"), chosen).level is Level.YELLOW
    with pytest.raises(UnlikelyValueError, match="not possible"):
        Case(VOCABULARY).answered("age_months", 2400.0)


def test_the_result_says_what_it_rests_on_and_goes_through_json() -> None:
    result = assess(said(quiet(), "cough stridor"), packs.chosen(("imci",), VOCABULARY))
    told = msgspec.json.decode(msgspec.json.encode(result))
    assert told["level"] == "RED"
    assert told["reviewed"] is False
    assert {p["name"]: len(p["sha256"]) for p in told["packs"]} == {"imci": 64, "policy": 64}
    assert told["fired"][0]["source"].startswith("emcare: ")

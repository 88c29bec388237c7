"""Which questions are asked, in which order, and when they end."""

from __future__ import annotations

import itertools

from hinterland.plugins.diagnosis.rules import pack as packs
from hinterland.plugins.diagnosis.rules.case import Case
from hinterland.plugins.diagnosis.rules.expression import names
from hinterland.plugins.diagnosis.rules.facts import Choice, Number, Value, YesNo
from hinterland.plugins.diagnosis.rules.measures import read_age
from hinterland.plugins.diagnosis.rules.pack import Level
from hinterland.plugins.diagnosis.rules.questions import next_question
from hinterland.plugins.diagnosis.rules.triage import assess, lookup_of
from tests.triage_cases import VOCABULARY, quiet, said


def test_questions_begin_with_age_and_danger_and_end() -> None:
    chosen = packs.chosen(("imci",), VOCABULARY)
    case = Case(VOCABULARY)
    asked: list[str] = []
    while (question := next_question(case, chosen)) and len(asked) < 200:
        asked.append(question.fact.id)
        if question.fact.id == "age_months":
            case = case.aged(read_age("24 months"))
        else:
            options = question.fact.options if isinstance(question.fact, Choice) else ()
            harmless = options[0].id if options else False
            case = case.answered(question.fact.id, None if question.fact.optional else harmless)
    assert asked[0] == "age_months"
    assert VOCABULARY.facts[asked[1]].danger
    assert asked[-1] == "other_problem"
    assert len(asked) == len(set(asked)) < 40
    assert assess(case, chosen).level is Level.GREEN


def interviewed(age: str, **told: Value) -> tuple[list[str], Case]:
    """Return the questions to a patient and the case; what is not told is harmless."""
    case = Case(VOCABULARY)
    asked: list[str] = []
    while (question := next_question(case, LAY, {"malaria_risk": False})) and len(asked) < 99:
        fact = question.fact
        asked.append(fact.id)
        if fact.id == "age_months":
            case = case.aged(read_age(age))
            continue
        value: Value | None = told.get(fact.id, False)
        if fact.id not in told and isinstance(fact, Choice):
            value = fact.options[0].id
        elif fact.id not in told and isinstance(fact, Number):
            value = None if fact.optional else 2.0
        case = case.answered(fact.id, value)
    return asked, case


def test_the_interview_of_a_cold_is_short_and_begins_with_danger_and_the_complaint() -> None:
    asked, case = interviewed("30 years", complaint="cold", cough=True, throat_problem=True)
    assert asked[:2] == ["age_months", "emergency_now"]
    before = asked[2 : asked.index("complaint")]
    assert before
    assert all(VOCABULARY.facts[name].danger for name in before)
    assert asked[asked.index("complaint") + 1] == "second_complaint"
    assert asked[-1] == "other_problem"
    assert len(asked) == len(set(asked)) <= 25
    assert not {"snake_bite", "burning_urine", "can_measure"} & set(asked)
    assert assess(case, LAY, {"malaria_risk": False}).level is Level.GREEN


def test_every_complaint_has_an_interview_that_ends() -> None:
    complaint = VOCABULARY.facts["complaint"]
    assert isinstance(complaint, Choice)
    for each in complaint.options:
        age, longest = ("24 months", 45) if each.id in {"baby", "fever"} else ("30 years", 35)
        asked, case = interviewed(age, complaint=each.id)
        assert len(asked) <= longest, (each.id, asked)
        level = assess(case, LAY, {"malaria_risk": False}).level
        assert level is (Level.YELLOW if each.id == "other" else Level.GREEN), each.id


LAY = packs.chosen(("imci", "redflags"), VOCABULARY)
DANGERS = [name for name, fact in VOCABULARY.facts.items() if fact.danger]


def test_no_unknown_danger_sign_is_green() -> None:
    """A danger sign that is open is asked again, and then counts as YELLOW at least."""
    never = set(DANGERS)
    for age, name in itertools.product(("20 days", "24 months", "30 years"), DANGERS):
        case = said(opened(quiet(age), name), f"{name}=?")
        if lookup_of(case)(name) is not None:
            continue  # Not asked of this patient.
        never.discard(name)
        result = assess(case, LAY)
        assert result.level is not Level.GREEN, (age, name)
        question = next_question(case, LAY) if name in result.unknown_danger else None
        if question is not None and question.fact.id == name:
            assert question.again, (age, name)
            assert next_question(case.answered(name, None), LAY) != question
    # These three are asked only when “an emergency now” is already yes, and so RED.
    assert never == {"convulsing_now", "unconscious", "cyanosis"}


def opened(case: Case, name: str) -> Case:
    """Return the case with what a fact waits for told, as far as it is not an emergency itself."""
    waits = VOCABULARY.needs.get(name)
    complaint = VOCABULARY.facts["complaint"]
    assert isinstance(complaint, Choice)
    openers = [each for each in dict.fromkeys(names(waits) if waits else ()) if each != name]
    signs = [each for each in openers if isinstance(VOCABULARY.facts[each], YesNo)]
    tries = [f"complaint={each.id}" for each in complaint.options] + signs
    pairs = [" ".join(pair) for pair in itertools.combinations(signs, 2)]
    for words in ("", *tries, *pairs):
        tried = said(case, words)
        if lookup_of(said(tried, f"{name}=?"))(name) is None and not assess(tried, LAY).emergency:
            return tried
    return case


def test_an_unknown_danger_sign_is_asked_again_and_red_stops_the_questions() -> None:
    chosen = packs.chosen(("imci",), VOCABULARY)
    case = said(quiet(), "convulsions=? oxygen_percent=? temperature_c=? haemoglobin_g_dl=?")
    case = said(case, "arm_circumference_cm=? weight_for_age_z=? malaria_test=?")
    question = next_question(case, chosen)
    assert question is not None
    assert (question.fact.id, question.again) == ("convulsions", True)
    case = case.answered("convulsions", None)
    assert next_question(case, chosen) is None
    assert next_question(said(case, "lethargic"), chosen) is None

"""Packs, vocabulary, conditions and measures: what is wrong is said with its file and line."""

from __future__ import annotations

import hashlib
import itertools
from pathlib import Path

import msgspec
import pytest

from hinterland.errors import InputError
from hinterland.plugins.diagnosis.rules import pack as packs
from hinterland.plugins.diagnosis.rules import vocabulary
from hinterland.plugins.diagnosis.rules.case import Case, Origin, told
from hinterland.plugins.diagnosis.rules.expression import ExpressionError, names, parse
from hinterland.plugins.diagnosis.rules.facts import Choice, Number, Value, YesNo
from hinterland.plugins.diagnosis.rules.measures import Age, UnlikelyValueError, measured, read_age
from hinterland.plugins.diagnosis.rules.pack import Level
from hinterland.plugins.diagnosis.rules.questions import next_question
from hinterland.plugins.diagnosis.rules.triage import assess, lookup_of
from tests.triage_cases import VOCABULARY, quiet, said

PACK = """\
name = "small"
title = "A small pack"
version = "1"
licence = "CC0"
return_signs = ["It gets worse"]
[sources.book]
title = "A book"
where = "here"
licence = "CC0"
[populations]
all = "age_months >= 0"
[define]
hot = "temperature_c >= 38"
[[rule]]
id = "small.hot"
population = "all"
when = "hot and cough"
level = "RED"
classification = "Hot"
do = ["Go now"]
source = "book: page 1"
"""


def written(folder: Path, text: str = PACK) -> Path:
    (folder / "pack.toml").write_text(text)
    return folder


@pytest.mark.parametrize(
    ("old", "new", "line", "word"),
    [
        ("hot and cough", "hot and cuogh", 17, "cuogh"),
        ("hot and cough", "hot and (cough", 17, "missing"),
        ("hot and cough", "hot and not cough", 17, "monotone"),
        ("hot and cough", "skin_pinch == slow", 17, "monotone"),
        ("hot and cough", "skin_pinch >= sluggish", 17, "sluggish"),
        ("hot and cough", "temperature_c", 17, "compared"),
        ("hot and cough", "cough >= 3", 17, "compared"),
        ("hot and cough", "count(cough, hot) >= 3", 17, "count"),
        ("hot and cough", "__import__('os')", 17, "read"),
        ("hot and cough", "(" * 60 + "cough" + ")" * 60, 17, "deep"),
        ('"RED"', '"PINK"', 18, "PINK"),
        ('"all"', '"some"', 16, "some"),
        ('"book: page 1"', '"film: page 1"', 21, "source"),
        ('"book: page 1"', '"app-policy"', 21, "reason"),
        ("do =", "dose =", 14, "dose"),
        ("hot = ", "cough = ", 13, "fact"),
        ('version = "1"', "version = 1 1", 3, "TOML"),
    ],
)
def test_a_mistake_in_a_pack_is_told_with_file_and_line(
    tmp_path: Path, old: str, new: str, line: int, word: str
) -> None:
    with pytest.raises(InputError) as caught:
        packs.load(written(tmp_path, PACK.replace(old, new)), VOCABULARY)
    assert f"pack.toml:{line}:" in caught.value.message
    assert word in caught.value.message


def test_a_rule_that_falls_needs_an_exception_with_a_source(tmp_path: Path) -> None:
    falling = PACK.replace("hot and cough", "hot and not cough") + "monotone = false\n"
    with pytest.raises(InputError, match="exception"):
        packs.load(written(tmp_path, falling), VOCABULARY)
    listed = falling + 'exception = { why = "Because of this", source = "book: page 2" }\n'
    assert not packs.load(written(tmp_path, listed), VOCABULARY).rules[0].monotone


def test_a_pack_edited_after_its_review_is_a_draft_again(tmp_path: Path) -> None:
    digest = hashlib.sha256(PACK.encode()).hexdigest()
    (tmp_path / "review.toml").write_text(
        f'review = "approved"\nby = "Dr A"\ndate = "2026-11-01"\nsha256 = "{digest}"\n'
    )
    assert packs.load(written(tmp_path), VOCABULARY).approved
    edited = packs.load(written(tmp_path, PACK.replace("38", "39")), VOCABULARY)
    assert edited.changed
    assert not edited.approved


def test_shipped_packs_are_drafts_whose_hashes_are_recorded() -> None:
    for folder in sorted(packs.SHIPPED.iterdir()):
        loaded = packs.load(folder, VOCABULARY)
        assert loaded.review.review == "draft"
        assert loaded.review.sha256 == loaded.sha256, f"record the new hash in {folder.name}"


def test_a_result_says_that_a_pack_was_edited_after_its_review(tmp_path: Path) -> None:
    digest = hashlib.sha256(PACK.encode()).hexdigest()
    (tmp_path / "review.toml").write_text(
        f'review = "approved"\nby = "Dr A"\ndate = "2026-11-01"\nsha256 = "{digest}"\n'
    )
    approved = assess(quiet(), (packs.load(written(tmp_path), VOCABULARY),))
    assert (approved.reviewed, approved.packs[0].by) == (True, "Dr A")
    edited = assess(quiet(), (packs.load(written(tmp_path, PACK.replace("38", "39")), VOCABULARY),))
    used = edited.packs[0]
    assert (edited.reviewed, used.changed, used.review, used.by) == (False, True, "draft", "")
    assert used.sha256 != digest


def test_an_unknown_pack_is_named() -> None:
    with pytest.raises(InputError, match="no rule pack “nosuch”"):
        packs.chosen(("nosuch",), VOCABULARY)


def test_a_fact_cannot_wait_for_itself(tmp_path: Path) -> None:
    path = tmp_path / "vocabulary.toml"
    path.write_text(
        'version = "1"\n[[fact]]\nkind = "yes/no"\nid = "one"\nquestion = "One?"\nneeds = "one"\n'
    )
    with pytest.raises(InputError, match=r"vocabulary\.toml:6: one: “one” does not come before"):
        vocabulary.load(path)


@pytest.mark.parametrize(
    ("text", "facts", "truth"),
    [
        ("cough and diarrhoea", "cough diarrhoea=?", None),
        ("cough and diarrhoea", "-cough diarrhoea=?", False),
        ("cough or diarrhoea", "cough diarrhoea=?", True),
        ("cough or diarrhoea", "-cough diarrhoea=?", None),
        ("not cough", "cough=?", None),
        ("not not cough", "cough", True),
        ("count(cough, diarrhoea, wheeze) >= 2", "cough diarrhoea=? -wheeze", None),
        ("count(cough, diarrhoea, wheeze) >= 2", "cough diarrhoea wheeze=?", True),
        ("count(cough, diarrhoea, wheeze) >= 2", "cough=? -diarrhoea -wheeze", False),
        ("cough and diarrhoea or wheeze", "-cough -diarrhoea wheeze", True),
        ("skin_pinch >= slow", "skin_pinch=very_slow", True),
        ("skin_pinch < slow", "skin_pinch=slow", False),
    ],
)
def test_conditions_have_three_values(text: str, facts: str, truth: bool | None) -> None:
    case = said(Case(VOCABULARY), facts)
    assert parse(text, VOCABULARY.facts).truth(case.value, ()) is truth


def test_no_python_is_ever_run() -> None:
    for text in ("cough.__class__", "age_months >= 1e9", "[cough]", "cough; cough", "'cough'", ""):
        with pytest.raises(ExpressionError):
            parse(text, VOCABULARY.facts)


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

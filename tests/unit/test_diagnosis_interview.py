"""Taking a history: what is asked, what an answer does, and that RED comes before everything else."""

from __future__ import annotations

import msgspec
import pytest

from hinterland.errors import InputError
from hinterland.plugins.diagnosis.asking.interview import Asking, Confirming, Ended, Interview
from hinterland.plugins.diagnosis.rules.case import Case, Origin
from hinterland.plugins.diagnosis.rules.facts import Choice, Value, YesNo
from hinterland.plugins.diagnosis.rules.pack import Level, chosen
from tests.triage_cases import VOCABULARY

PACKS = chosen(("imci", "redflags"), VOCABULARY)


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """A proposal, as a reader of free words makes them."""

    fact: str
    value: Value
    words: str = ""
    start: int = 0


def begin(age: str = "2 years") -> Interview:
    interview = Interview(Case(VOCABULARY), PACKS)
    if age:
        interview.answer(age)
    return interview


def asked(interview: Interview) -> Asking:
    state = interview.state
    assert isinstance(state, Asking), state
    return state


def harmless(interview: Interview) -> None:
    """Answer what is asked with what is normal."""
    fact = asked(interview).fact
    if isinstance(fact, YesNo):
        interview.answer("n")
    elif isinstance(fact, Choice):
        interview.answer("1")
    else:
        interview.answer({"breaths_per_minute": "25", "temperature_c": "37"}.get(fact.id, "?"))


def test_the_age_is_asked_first_and_without_a_unit_asked_again() -> None:
    interview = begin("")
    assert asked(interview).fact.id == "age_months"
    for wrong in ("2", "300 years", "old"):
        with pytest.raises(InputError):
            interview.answer(wrong)
        assert asked(interview).fact.id == "age_months"
    interview.answer("1 month 30 days")
    assert interview.case.value("age_months") == 1
    assert interview.case.value("age_days") == 60


def test_a_danger_sign_ends_it_at_once_whatever_is_left_to_confirm() -> None:
    interview = begin()
    interview.propose([Said(fact="cough", value=True), Said(fact="stridor", value=True, start=9)])
    state = interview.state
    assert isinstance(state, Confirming)
    assert (state.fact.id, state.left) == ("stridor", 2)  # it could be an emergency
    interview.confirm()
    assert isinstance(interview.state, Ended)
    assert interview.triage.emergency
    assert interview.case.answers["stridor"].origin is Origin.WORDS
    assert "cough" not in interview.case.answers
    assert interview.progress.most_left == 0


def test_what_is_not_confirmed_is_unknown_and_asked() -> None:
    interview = begin()
    interview.propose([Said(fact="cough", value=True)])
    interview.decline()
    assert interview.case.value("cough") is None
    while asked(interview).fact.id != "cough":
        harmless(interview)


def test_harmless_answers_end_green_and_the_number_left_falls_to_nothing() -> None:
    interview = begin()
    steps = 0
    while isinstance(interview.state, Asking):
        assert interview.progress.most_left >= 1
        harmless(interview)
        steps += 1
        assert steps < 200
    assert interview.triage.level is Level.GREEN
    assert interview.progress.may_become is Level.GREEN


def test_an_unknown_danger_sign_is_asked_once_more_and_then_is_not_green() -> None:
    interview = begin()
    times = 0
    while isinstance(interview.state, Asking):
        if asked(interview).fact.id == "convulsions":
            assert asked(interview).again is (times == 1)
            times += 1
            interview.answer("?")
        else:
            harmless(interview)
    assert times == 2
    assert interview.triage.level is Level.YELLOW


def test_going_back_puts_an_answer_right_and_the_log_has_it() -> None:
    interview = begin()
    first = asked(interview).fact
    interview.answer("y")
    assert interview.triage.emergency
    assert interview.back()
    state = asked(interview)
    assert (state.fact.id, state.correcting, state.before) == (first.id, True, True)
    assert interview.back()
    assert asked(interview).fact.id == "age_months"
    assert not interview.back()
    interview.forward()
    interview.correct(first.id, "n")
    assert asked(interview).fact.id != first.id
    (correction,) = interview.case.corrections
    assert (correction.fact, correction.before, correction.after) == (first.id, True, False)
    assert correction.level_before == "RED"


def test_an_age_is_put_right_with_its_days() -> None:
    interview = begin("1 month 3 days")
    interview.correct("age", "1 month 30 days")
    assert interview.case.value("age_days") == 60
    interview.correct("age", "2 years")
    assert interview.case.value("age_months") == 24
    with pytest.raises(InputError):
        interview.correct("age", "2")
    assert interview.case.value("age_months") == 24
    assert not asked(interview).correcting
    with pytest.raises(InputError, match="not answered"):
        interview.correct("cough", "y")


def test_stopping_early_is_never_green() -> None:
    interview = begin()
    interview.stop()
    assert isinstance(interview.state, Ended)
    assert interview.triage.level is Level.YELLOW


def test_numbers_are_taken_with_their_units() -> None:
    interview = begin()
    while asked(interview).fact.id != "temperature_c":
        if asked(interview).fact.id in {"fever_reported", "can_measure"}:
            interview.answer("yes")
        else:
            harmless(interview)
    with pytest.raises(InputError) as caught:
        interview.answer("101")
    assert "38.33 °C" in caught.value.hint
    interview.answer("101 F")
    assert interview.case.value("temperature_c") == 38.33

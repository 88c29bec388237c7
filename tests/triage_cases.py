"""Cases of patients for tests, written the short way of tests/unit/triage_table.txt."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from hinterland.plugins.diagnosis.rules import vocabulary
from hinterland.plugins.diagnosis.rules.case import Case, Origin
from hinterland.plugins.diagnosis.rules.facts import Choice, Value, YesNo
from hinterland.plugins.diagnosis.rules.measures import read_age

VOCABULARY = vocabulary.load()


@cache
def quiet(age: str = "24 months") -> Case:
    """Return a patient of whom everything is known that needs no device, and nothing is wrong."""
    case = Case(VOCABULARY).aged(read_age(age))
    for name, fact in VOCABULARY.facts.items():
        if isinstance(fact, YesNo):
            case = case.answered(name, given=False)
        elif isinstance(fact, Choice) and not fact.optional:
            case = case.answered(name, fact.options[0].id)
    for name, value in (
        ("breaths_per_minute", 25.0),
        ("cough_days", 2.0),
        ("diarrhoea_days", 2.0),
        ("fever_days", 2.0),
        ("complaint_days", 2.0),
    ):
        case = case.answered(name, value)
    return case


def said(case: Case, words: str) -> Case:
    """Return the case with what the words say put over it."""
    for word in words.split():
        name, _, text = word.lstrip("-").partition("=")
        value: Value | None = not word.startswith("-")
        if text:
            number = text.lstrip("-").replace(".", "", 1).isdigit()
            value = None if text == "?" else float(text) if number else text
        case = replaced(case, name, value)
    return case


def replaced(case: Case, name: str, value: Value | None) -> Case:
    """Return the case with one answer put in place of another, without a word about it."""
    left = {key: each for key, each in case.answers.items() if key != name}
    return replace(case, answers=left).answered(name, value, Origin.FILE)

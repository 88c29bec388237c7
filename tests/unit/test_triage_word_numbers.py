"""Ages, durations and measures among free words are read with their units."""

from __future__ import annotations

import pytest

from tests.triage_reading import told

AGES = {
    "my baby 6 weeks temp 38.4": (1, 42),
    "4 weeks old": (0, 28), "baby, 10 days old": (0, 10), "my 10 mo old": (10, None),
    "my 3 yr old has a cough": (36, None), "I'm 35": (420, None), "man of 61": (732, None),
    "F, 28, headache": (336, None), "28F": (336, None), "aged seventy two": (864, None),
    "two and a half years old": (30, None), "a two-year-old": (24, None), "newborn": (0, None),
    "toddler": (24, None), "grandmother coughs": (900, None), "in his 60s": (780, None),
    "1 month old": (1, None), "coughing, 7 yrs": (84, None), "18/12 old": (18, None),
    "I'm 35 and my 2 year old has fever": (24, None), "headache, 42": (504, None),
    "my son will be 6 weeks on friday": (1, 42),
    "no blood, 44 year old woman, not pregnant": (528, None),
    "I'm a 35 year old man, watery stools about three times": (420, None),
}  # fmt: skip


@pytest.mark.parametrize(("text", "age"), AGES.items(), ids=AGES.keys())
def test_ages_are_read(text: str, age: tuple[int, int | None]) -> None:
    found = told(text)
    assert (found.get("age_months"), found.get("age_days")) == age


@pytest.mark.parametrize(
    "text",
    [
        "cough for 3 weeks",
        "fever 2/7",
        "I am 20 weeks pregnant",
        "2 years ago",
        "temp 38",
        "3 stools",
    ],
)
def test_what_is_no_age_is_not_read_as_one(text: str) -> None:
    assert "age_months" not in told(text)


NUMBERS = {
    "cough for three weeks": ("cough_days", 21),
    "an ulcer in the mouth for five weeks": ("complaint_days", 35),
    "his breath is forty six in one minute": ("breaths_per_minute", 46),
    "breathing 51 a minute": ("breaths_per_minute", 51),
    "coughing since yesterday": ("cough_days", 1),
    "diarrhoea 2/7": ("diarrhoea_days", 2),
    "fever every day for a fortnight": ("fever_days", 14),
    "fever for 2-3 days": ("fever_days", 3),
    "headache for a couple of weeks": ("complaint_days", 14),
    "temp 103": ("temperature_c", 39.44),
    "temperature 39,8": ("temperature_c", 39.8),
    "he is 38.4 under the arm": ("temperature_c", 38.4),
    "100.4 F this morning": ("temperature_c", 38),
    "BP 170/110": ("systolic_mmhg", 170),
    "blood pressure 170 over 112": ("diastolic_mmhg", 112),
    "sats 88": ("oxygen_percent", 88),
    "spo2 is 91%": ("oxygen_percent", 91),
    "breathing 62 times a minute": ("breaths_per_minute", 62),
    "RR 48, pulse 130": ("heart_rate", 130),
    "sugar 2.8": ("blood_sugar_mmol", 2.8),
    "glucose 270": ("blood_sugar_mmol", 15),
}


@pytest.mark.parametrize(("text", "wanted"), NUMBERS.items(), ids=NUMBERS.keys())
def test_durations_and_measures_are_read_with_their_units(
    text: str, wanted: tuple[str, float]
) -> None:
    assert told(text).get(wanted[0]) == pytest.approx(wanted[1])


@pytest.mark.parametrize(
    ("language", "text", "fact", "value"),
    [
        ("fr", "mon bébé de 3 semaines", "age_days", 21),
        ("fr", "j'ai 45 ans", "age_months", 540),
        ("fr", "un enfant de dix-huit mois", "age_months", 18),
        ("fr", "toux depuis deux semaines", "cough_days", 14),
        ("fr", "température 38,7", "temperature_c", 38.7),
        ("es", "mi bebé de 3 semanas", "age_days", 21),
        ("es", "tengo 45 años", "age_months", 540),
        ("es", "una niña de ocho meses", "age_months", 8),
        ("es", "tos desde hace dos semanas", "cough_days", 14),
        ("es", "temperatura de 38,7", "temperature_c", 38.7),
    ],
)
def test_numbers_in_french_and_spanish(language: str, text: str, fact: str, value: float) -> None:
    assert told(text, language).get(fact) == value

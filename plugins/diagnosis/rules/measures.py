"""Numbers as people write them: units, ages, and what cannot be true."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hinterland.errors import InputError
from hinterland.plugins.diagnosis.rules.facts import Number

DAYS_A_MONTH = 30.4375
_OLDEST_YEARS = 120
_LARGEST = 1e300
_AGE = re.compile(
    r"(?P<number>\d+(?:[.,]\d+)?)\s*(?P<unit>years?|yrs?|y|months?|mos?|m|weeks?|wks?|w|days?|d)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"^\s*(?P<number>-?\d+(?:[.,]\d+)?)\s*(?P<unit>[^\d\s].*?)?\s*$")
_UNITS: dict[str, frozenset[str]] = {
    "°C": frozenset({"c", "°c", "celsius", "degrees", "°", "degrees c", "degrees celsius"}),
    "°F": frozenset({"f", "°f", "fahrenheit", "degrees f", "degrees fahrenheit"}),
    "%": frozenset({"%", "percent", "per cent"}),
    "/min": frozenset({"/min", "/minute", "per minute", "a minute", "bpm", "breaths", "beats"}),
    "cm": frozenset({"cm", "centimetres", "centimeters"}),
    "mm": frozenset({"mm", "millimetres", "millimeters"}),
    "kg": frozenset({"kg", "kilos", "kilograms"}),
    "g/dL": frozenset({"g/dl"}),
    "mmHg": frozenset({"mmhg"}),
    "mg/dL": frozenset({"mg/dl", "mg"}),
    "mmol/L": frozenset({"mmol/l", "mmol"}),
    "days": frozenset({"days", "day", "d"}),
    "hours": frozenset({"hours", "hour", "hrs", "hr", "h"}),
    "weeks": frozenset({"weeks", "week", "wks", "wk", "w"}),
    "months": frozenset({"months", "month"}),
    "years": frozenset({"years", "year", "yrs", "yr", "y"}),
}
_MG_A_MMOL = 18.0  # of glucose, per dL and L
_DAYS: dict[str, float] = {"hours": 1 / 24, "weeks": 7, "months": DAYS_A_MONTH, "years": 365.25}


class UnlikelyValueError(InputError):
    """A number that cannot be meant; the hint asks what was."""


@dataclass(frozen=True, slots=True)
class Age:
    """How old somebody is: completed months, and days where they are known."""

    months: int
    days: int | None
    """None when only months are known and they are none: the first days of life matter."""


def age(years: float = 0, months: float = 0, weeks: float = 0, days: float | None = None) -> Age:
    """Return the age that these parts make together; raises UnlikelyValueError for one nobody reaches.

    One month and 30 days is one completed month: days never make up a month by themselves beside
    a number of months.
    """
    if min(years, months, weeks, days or 0) < 0 or years + months / 12 > _OLDEST_YEARS:
        raise UnlikelyValueError(
            "Nobody is that old.", "Say the age again, in years, months or days."
        )
    if (years or months) and (weeks * 7 + (days or 0)) > 31:
        raise UnlikelyValueError(
            "More than a month of days beside months or years cannot be an age.",
            "Say the age again, such as “1 month 30 days”.",
        )
    whole = int(years * 12 + months)
    if whole == 0:
        if days is None and not weeks:
            return Age(0, None)
        in_days = int(weeks * 7 + (days or 0))
        return Age(int(in_days / DAYS_A_MONTH), in_days)
    return Age(whole, int(whole * DAYS_A_MONTH + weeks * 7 + (days or 0)))


def read_age(text: str) -> Age:
    """Return the age in words such as “1 month 30 days”, “18 months”, “3y”.

    A number without a unit is asked again: 2 may be years or months.
    """
    parts = {"y": 0.0, "m": 0.0, "w": 0.0, "d": 0.0}
    given: set[str] = set()
    for found in _AGE.finditer(text):
        unit = found["unit"][0].lower()
        parts[unit] += float(found["number"].replace(",", "."))
        given.add(unit)
    rest = _AGE.sub(" ", text).replace("and", " ").replace("old", " ").strip(" ,.")
    if not given or rest:
        raise UnlikelyValueError(
            f"“{text.strip()[:40]}” is not an age with a unit.",
            "Say years, months, weeks or days: “3 years”, “18 months”, “1 month 30 days”.",
        )
    return age(parts["y"], parts["m"], parts["w"], parts["d"] if "d" in given else None)


def celsius(fahrenheit: float) -> float:
    """Return degrees Celsius, to a hundredth: 99.5 °F is 37.5 °C and not a hair less."""
    return round((fahrenheit - 32) * 5 / 9, 2)


def measured(fact: Number, given: float | str) -> float:
    """Return a number in the unit of its fact; raises UnlikelyValueError for what must be asked again.

    A temperature may be said in °F with its unit, a blood sugar in mg/dL, a time in weeks. A number
    without a unit that only makes sense in another one is not converted silently: the hint asks.
    """
    number, unit = _split(given)
    if unit and unit not in _UNITS.get(fact.unit, frozenset({fact.unit.lower()})):
        converted = _converted(fact.unit, number, unit)
        if converted is None:
            raise UnlikelyValueError(
                f"“{str(given).strip()[:40]}” is not in {fact.unit}.", f"Say it in {fact.unit}."
            )
        number = converted
    if not fact.lowest <= number <= fact.highest:
        raise UnlikelyValueError(
            f"{number:g} {fact.unit} is not possible here "
            f"({fact.lowest:g} to {fact.highest:g} {fact.unit} is).",
            _meant(fact, number),
        )
    if fact.whole and number != int(number):
        raise UnlikelyValueError(
            f"{number:g} is not a whole number.", "Count again for a full minute."
        )
    return number


def _converted(wanted: str, number: float, unit: str) -> float | None:
    if wanted == "°C" and unit in _UNITS["°F"]:
        return celsius(number)
    if wanted == "cm" and unit in _UNITS["mm"]:
        return round(number / 10, 2)
    if wanted == "mmol/L" and unit in _UNITS["mg/dL"]:
        return round(number / _MG_A_MMOL, 2)
    if wanted == "days":
        return next((number * days for name, days in _DAYS.items() if unit in _UNITS[name]), None)
    return None


def _split(given: float | str) -> tuple[float, str]:
    if isinstance(given, bool):
        raise UnlikelyValueError("A number is needed, not yes or no.", "Say the number.")
    if not isinstance(given, str):
        if not abs(given) < _LARGEST:  # nor is NaN
            raise UnlikelyValueError("That is not a number.", "Say the number again.")
        return float(given), ""
    found = _NUMBER.match(given)
    if found is None:
        raise UnlikelyValueError(f"“{given.strip()[:40]}” is not a number.", "Say it in digits.")
    return float(found["number"].replace(",", ".")), (found["unit"] or "").strip().lower()


def _meant(fact: Number, number: float) -> str:
    if fact.unit == "°C" and fact.lowest <= celsius(number) <= fact.highest:
        return f"Is it {number:g} °F? That would be {celsius(number):g} °C: say it with its unit."
    if fact.unit == "mmol/L" and fact.lowest <= number / _MG_A_MMOL <= fact.highest:
        return f"Is it {number:g} mg/dL? Say it with its unit."
    if fact.unit == "cm" and fact.lowest <= number / 10 <= fact.highest:
        return f"Is it {number:g} mm? Say it with its unit."
    if fact.lowest <= number / 10 <= fact.highest:
        return f"Is it {number / 10:g}? Say it again."
    return "Measure and say it again."

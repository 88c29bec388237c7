"""Levels, facts and values in words, for whatever shows or writes a result."""

from __future__ import annotations

import re
from collections.abc import Mapping

from hinterland.language import N_, _, n_
from hinterland.plugins.diagnosis.rules.facts import Choice, Fact, Number, Value
from hinterland.plugins.diagnosis.rules.pack import Level
from hinterland.plugins.diagnosis.site import NO_NUMBER

MEANING: Mapping[Level, str] = {
    Level.RED: N_("an emergency now"),
    Level.YELLOW: N_("see a clinician today"),
    Level.GREEN: N_("care at home, and come back when one of the signs below appears"),
}
UNREVIEWED_GREEN = N_("no warning sign found by unreviewed rules")
_UNIT = re.compile(r"_(c|cm|g_dl|percent|mmhg|mmol_l|per_minute|months)$")
_MONTHS_A_YEAR = 12
_IN_MONTHS_UNTIL = 24


def headline(level: Level, *, provisional: bool) -> str:
    """Return a level with what it means, in capitals first: it needs no colour."""
    green = level is Level.GREEN and provisional
    meaning = _(UNREVIEWED_GREEN) if green else _(MEANING[level])
    return f"{level}: {meaning}."


def number_to_call(emergency_number: str) -> str:
    """Return the site's emergency number, or the words that stand for one."""
    return emergency_number or _(NO_NUMBER)


def disclaimer(emergency_number: str) -> str:
    """Return what every result ends with."""
    return _(
        "This sorts by urgency; it is no diagnosis and no medical device. If you are worried, or it "
        "gets worse, see a clinician whatever it says. In an emergency: {number}."
    ).format(number=number_to_call(emergency_number))


def label(fact: str) -> str:
    """Return the short name of a fact: its id, readable, without the unit that its value has."""
    return _UNIT.sub("", fact).replace("_", " ")


def said(fact: Fact, value: Value | None) -> str:
    """Return a value in words, a number with its unit."""
    if isinstance(fact, Choice):
        return next((each.label for each in fact.options if each.id == value), plain(value))
    if fact.id == "age_months" and value is not None:
        return age(int(float(value)))
    unit = f" {fact.unit}" if isinstance(fact, Number) and value is not None else ""
    return plain(value) + unit


def plain(value: Value | None) -> str:
    """Return a value in words, whatever fact it is of."""
    if value is None:
        return _("unknown")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return value.replace("_", " ") if isinstance(value, str) else f"{value:g}"


def age(months: int) -> str:
    """Return an age in completed months as people say it."""
    years = months // _MONTHS_A_YEAR
    if months < _IN_MONTHS_UNTIL:
        return n_("{count} month", "{count} months", months).format(count=months)
    return n_("{count} year", "{count} years", years).format(count=years)

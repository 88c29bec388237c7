"""Answers as people type them: yes and no in two languages, numbers with units, ages, options."""

from __future__ import annotations

import re

from hinterland.errors import InputError
from hinterland.language import N_, _
from hinterland.plugins.diagnosis.rules.facts import Choice, Fact, Number, Value
from hinterland.plugins.diagnosis.rules.measures import Age, UnlikelyValueError, read_age

AGE = ("age_months", "age_days")
"""Facts that are answered with an age in words: `1 month 30 days`."""
_DAYS = "days"
_UNITS = (N_("years year"), N_("months month"), N_("weeks week"), N_("days day"))
"""Units of an age as they are typed; each language has its own words for them."""
_YES = frozenset({"y", "yes", "true"})
_NO = frozenset({"n", "no", "false"})
_UNKNOWN = frozenset({"?", "u", "unknown", "don't know", "dont know"})


def asked(fact: Fact) -> str:
    """Return the question as it is put to somebody who may answer in words."""
    if fact.id == AGE[0]:
        return _("How old is the patient? (such as “3 years”, “18 months”, “10 days”)")
    return fact.question


def is_unknown(text: str) -> bool:
    """Whether somebody says that they do not know."""
    said = text.strip().lower()
    return said in _UNKNOWN or said in _words(_("u unknown"))


def value_of(fact: Fact, text: str) -> Value | Age:
    """Return what was typed as an answer to a question, a number still in words with its unit.

    Raises InputError (UnlikelyValueError for an age) where it cannot be one; its hint says what can.
    """
    said = text.strip().lower()
    if fact.id in AGE:
        alone = fact.id == AGE[1] and said.isdigit()
        return read_age(f"{said} {_DAYS}" if alone else _in_english(said))
    if isinstance(fact, Choice):
        return _option(fact, said)
    if isinstance(fact, Number):
        return _days(text) if fact.unit == _DAYS else text
    return is_yes(text)


def is_yes(text: str) -> bool:
    """Whether yes was typed, False for no; raises InputError for neither."""
    said = text.strip().lower()
    if said in _YES or said in _words(_("y yes")):
        return True
    if said in _NO or said in _words(_("n no")):
        return False
    raise InputError(
        f"“{text.strip()[:40]}” is neither yes nor no.", "Type y, n, or u for unknown."
    )


def _in_english(text: str) -> str:
    """Return an age or a duration with its units in English, which `read_age` reads."""
    for units in _UNITS:
        english = units.split()
        for word in sorted(_(units).split(), key=len, reverse=True):
            if word not in english:
                text = re.sub(rf"(?<=[\d\s]){re.escape(word)}(?!\w)", f" {english[0]}", text)
    return text


def _words(line: str) -> frozenset[str]:
    return frozenset(line.lower().split())


def _option(fact: Choice, said: str) -> str:
    for number, option in enumerate(fact.options, 1):
        if said in {str(number), option.id, option.label.lower()}:
            return option.id
    raise InputError(
        f"“{said[:40]}” is not one of the answers.",
        f"Type a number from 1 to {len(fact.options)}, or u for unknown.",
    )


def _days(text: str) -> str:
    """Return a duration in days, also where it was said in weeks or months."""
    try:
        days = read_age(_in_english(text)).days
    except UnlikelyValueError:
        return text
    return text if days is None else f"{days} days"

"""Which number takes which form of a message, from a catalogue's header or from our table."""

from __future__ import annotations

import gettext
import re
from functools import cache
from importlib.resources import files

import msgspec

from hinterland.errors import InputError

_HEADER = re.compile(r"nplurals\s*=\s*(\d+)\s*;\s*plural\s*=\s*([^;]+)")
_TRIED = 1001  # the rules of all languages repeat after a hundred, or look at small numbers only
_MOST = 10  # no language has more than six
_UNKNOWN = (2, "(n != 1)")  # what GNU gettext takes where it knows nothing


class Plurals(msgspec.Struct, frozen=True):
    """The forms of one language: the numbers, of those tried, that each is for."""

    header: str
    """The value of `Plural-Forms`."""
    numbers: tuple[tuple[int, ...], ...]
    known: bool = True
    """Whether somebody said so: the catalogue, or the table."""


class _Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    forms: int
    plural: str
    languages: tuple[str, ...]


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rule: tuple[_Rule, ...]
    names: dict[str, str]


@cache
def _table() -> _Table:
    data = files("hinterland.plugins.translation.formats").joinpath("plural_rules.toml")
    return msgspec.toml.decode(data.read_bytes(), type=_Table)


def languages() -> tuple[str, ...]:
    """Return the codes that the table has a rule for."""
    return tuple(code for rule in _table().rule for code in rule.languages)


def catalogue_name(code: str) -> str:
    """Return how a catalogue's header names a language: zh-Hant is zh_TW."""
    return _table().names.get(code, code.replace("-", "_"))


@cache
def plurals_of(code: str) -> Plurals:
    """Return the forms of a language; where the table has none, those of English, not `known`."""
    for wanted in (code, code.split("-", maxsplit=1)[0]):
        for rule in _table().rule:
            if wanted in rule.languages:
                return _plurals(rule.forms, rule.plural)
    return msgspec.structs.replace(_plurals(*_UNKNOWN), known=False)


@cache
def plurals_in(value: str) -> Plurals | None:
    """Return the forms that a header says, None where it says none.

    Raises InputError where it says what cannot be.
    """
    found = _HEADER.search(value)
    if not found:
        if re.search(r"nplurals\s*=\s*\d", value):
            raise _unreadable(value)
        return None
    try:
        return _plurals(int(found[1]), found[2].strip())
    except (ValueError, ZeroDivisionError, RecursionError) as error:
        raise _unreadable(value) from error


def _unreadable(value: str) -> InputError:
    return InputError(
        f"The catalogue's Plural-Forms cannot be read: {value[:80]}",
        "Its header should say something like: nplurals=2; plural=(n != 1);",
    )


def _plurals(forms: int, plural: str) -> Plurals:
    if not 0 < forms <= _MOST:
        raise ValueError(forms)
    form_of = gettext.c2py(plural)
    numbers: list[list[int]] = [[] for _ in range(forms)]
    for number in range(_TRIED):
        form = int(form_of(number))
        if not 0 <= form < forms:
            raise ValueError(form)
        numbers[form].append(number)
    return Plurals(f"nplurals={forms}; plural={plural};", tuple(map(tuple, numbers)))

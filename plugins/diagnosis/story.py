"""Free words on their way into a case: in which language they are read, and what becomes of silence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hinterland import language as interface
from hinterland.errors import InputError
from hinterland.plugins.diagnosis.case import Case
from hinterland.plugins.diagnosis.free_text import case_from
from hinterland.plugins.diagnosis.proposals import Proposal
from hinterland.plugins.diagnosis.typed import AGE

LEXICONS = Path(__file__).with_name("lexicon")
NAMES = {"en": "English", "es": "español", "fr": "français"}
"""What languages call themselves."""
_DEFAULT = "en"


def languages() -> list[str]:
    """Return the codes of the languages in which free words are read."""
    return sorted(each.stem for each in LEXICONS.glob("*.toml"))


def language_for(wanted: str) -> str:
    """Return the language to read in: the one that is wanted, else the interface's, else English.

    Raises InputError where one is wanted by name and there is no lexicon for it.
    """
    there = languages()
    if wanted:
        if wanted not in there:
            raise InputError(
                f"Free words are not read in “{wanted[:20]}”.", f"They are in {', '.join(there)}."
            )
        return wanted
    codes = (code.partition("_")[0] for code in interface.wanted())
    return next((code for code in codes if code in there), _DEFAULT)


def assumed(
    told: Case, text: str, proposals: Sequence[Proposal], language: str, *, silence_is_no: bool
) -> Case:
    """Return a case with what free words seem to say added, confirmed by nobody.

    What `told` has already stays. With `silence_is_no` whatever is left is read as no, which is for
    evaluation alone and marks the result.
    """
    known = told.answers
    new = [each for each in proposals if each.fact not in known and not _other_age(each.fact, told)]
    before = [
        Proposal(fact=name, value=answer.value, words="", start=0, end=0)
        for name, answer in known.items()
        if answer.value is not None
    ]
    vocabulary = told.vocabulary
    unmentioned = False if silence_is_no else None
    read = case_from(text, (*before, *new), vocabulary, unmentioned, language)
    return replace(told, answers={**read.answers, **known})


def _other_age(name: str, told: Case) -> bool:
    """Whether a fact is an age and another one is known, with which it need not agree."""
    return name in AGE and any(each in told.answers for each in AGE)

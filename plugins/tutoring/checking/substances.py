"""What stands behind a quantity: 1.25 L of water, 5 m long."""

from __future__ import annotations

import functools
import re

from hinterland.plugins.tutoring import quantities
from hinterland.plugins.tutoring.arithmetic import plain, read
from hinterland.plugins.tutoring.checking.phrases import any_of, pattern, phrases
from hinterland.plugins.tutoring.lessons import Posed


def without(posed: Posed, text: str) -> str:
    """Return `5 m long` as `5 m`, and `1.25 L of water` as `1.25 L` where water is what the prompt asks
    about; the text as it is where it could be a quantity of something else."""
    extent = pattern(posed.language, "extents", r"(?<=\S)\s+", r"$").search(plain(text))
    if extent is not None:
        text = plain(text)[: extent.start()]
    amount, substance = parted(text, posed.language)
    if not substance or quantities.read(amount, posed.language) is None:
        return text
    return amount if _asked(posed.prompt, posed.language) == {substance} else text


def parted(text: str, language: str) -> tuple[str, str]:
    """Return `1.25 L` and `water` of `1.25 L of water`; the text and `""` where it is of nothing."""
    found = _of(language).fullmatch(plain(text).strip())
    return (found[1], found[2].lower()) if found else (text, "")


@functools.lru_cache(maxsize=64)
def _of(language: str) -> re.Pattern[str]:
    return pattern(language, "of", r"(\S.*)\s", _noun(language))


def _noun(language: str) -> str:
    """Return the pattern of a word with or without an article in front."""
    articles = any_of(phrases(language).articles)
    return rf"\s*(?:(?:{articles})\s*)?([^\W\d_]+)"


@functools.lru_cache(maxsize=256)
def _asked(prompt: str, language: str) -> frozenset[str]:
    """Return the substances that a prompt can ask about: those of its question, or else all of it."""
    question = re.split(r"(?<=[.!?])\s+", prompt.strip())[-1]
    for text in (question, prompt):
        for field in ("how_much", "of"):
            if found := _named(text, field, language):
                return found
    return frozenset()


def _named(text: str, field: str, language: str) -> frozenset[str]:
    """Return the nouns behind a field's words; units, numbers, `it` and French `de moins` are none."""
    found = pattern(language, field, r"(?<!\w)", _noun(language)).findall(plain(text))
    nouns = {each.lower() for each in found} - phrases(language).small
    return frozenset(
        each
        for each in nouns
        if quantities.unit_called(each) is None
        and read(each, language) is None
        and read(f"{each} 1", language) is None
    )

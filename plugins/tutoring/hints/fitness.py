"""What a model's rewording of a hint has to be like to be shown; on the side of refusing.

The program does not understand what is said. It sees to it that nothing is in it that could be an
answer: no number, no sign, no letter of another script, no word of answering that the hint lacks.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from functools import lru_cache

from hinterland.errors import InputError
from hinterland.plugins import languages
from hinterland.plugins.languages.scripts import letters_by_script, scripts_of
from hinterland.plugins.tutoring.hints import foreign, masking, naming, spelled
from hinterland.plugins.tutoring.hints.guard import Guard
from hinterland.plugins.tutoring.hints.masking import Masked
from hinterland.plugins.tutoring.lessons import Posed

_PLAIN = frozenset(" .,;:!?'’()-–—…«»“”\"\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}")
_SHORTEST, _LONGEST = 0.4, 2.5
_KEPT, _NEW = 0.5, 0.6
"""Of a hint's words the share that has to be said, and of those said the share that may be new."""
_STEM = 5
"""Letters by which words are the same."""
_SURE = 0.7
"""How sure it has to be that a text is in another language than it should."""


class Reason(StrEnum):
    """Why a hint is shown in the lesson's own words."""

    NOTHING = "nothing"
    """It has too few words of its own to be said in others."""
    SAME = "same"
    """The model said it as it was."""
    EMPTY = "empty"
    CUT = "cut"
    MARKS = "marks"
    NUMBER = "number"
    SIGNS = "signs"
    SCRIPT = "script"
    LENGTH = "length"
    QUESTION = "question"
    """A question was turned into a statement."""
    ANSWERING = "answering"
    MEANING = "meaning"
    """It has too few words of the hint, or too many others, to say the same."""
    LANGUAGE = "language"
    LEAK = "leak"
    LATE = "late"
    ENGINE = "engine"


def checked(said: str, masked: Masked, posed: Posed) -> Reason | str:
    """Return what a model said with the marks turned back, or the reason why it cannot be shown."""
    if not said.strip():
        return Reason.EMPTY
    restored = masking.restore(masked, said)
    if restored is None or _collapsed(said, masked.text):
        return Reason.MARKS
    own, hint = masking.bare(said), masking.bare(masked.text)
    if found := _strange(own, hint, posed.language):
        return found
    if not _SHORTEST * len(masked.text) <= len(said) <= _LONGEST * len(masked.text):
        return Reason.LENGTH
    if _questions(own) < min(1, _questions(hint)):
        return Reason.QUESTION
    if naming.answering(own, posed.language) - naming.answering(hint, posed.language):
        return Reason.ANSWERING
    if Guard(posed, strict=True).leaks(own) or Guard(posed).leaks(restored):
        return Reason.LEAK
    if spelled.folded(own).split() == spelled.folded(hint).split():
        return Reason.SAME
    if not _is_in(own, posed.language):
        return Reason.LANGUAGE
    return restored if _is_about(own, hint) else Reason.MEANING


def _strange(own: str, hint: str, language: str) -> Reason | None:
    """Return what kind of sign does not belong into a model's words."""
    if any(
        unicodedata.category(each)[0] == "N" or unicodedata.numeric(each, None) is not None
        for each in own
    ):
        return Reason.NUMBER
    said = {*spelled.number_words(own, language), *foreign.foreign_words(own, language)}
    if said - foreign.foreign_words(hint, language):
        return Reason.NUMBER
    if any(not each.isalpha() and each not in _PLAIN and each not in hint for each in own):
        return Reason.SIGNS
    allowed = set(letters_by_script(hint)) | _scripts(language)
    if set(letters_by_script(own)) - allowed:
        return Reason.SCRIPT
    # A word of single letters is a word spelled apart.
    apart = re.compile(r"(?<![^\W_'’])[^\W\d_](?:[\s.,;\-–—]+[^\W\d_]){2,}(?![^\W_])")
    quoted = re.compile(r"(?:(?<![^\W_])[^\W\d_]['’][\s'’]*){3}")
    # Small capitals and other phonetic letters read as those of the alphabet.
    odd = re.compile(r"[\u0250-\u02af\u1d00-\u1dbf\ua720-\ua7ff]")
    return Reason.SIGNS if any(each.search(own) for each in (apart, quoted, odd)) else None


def _collapsed(said: str, asked: str) -> bool:
    """Whether marks stand side by side that did not: together they could be another number."""
    beside = re.compile(r"\]\W{0,3}\[")
    return len(beside.findall(said)) > len(beside.findall(asked))


def _is_about(own: str, hint: str) -> bool:
    """Whether words that carry a meaning are those of the hint: not all of them, but many."""
    said, asked = _stems(own), _stems(hint)
    common = len(said & asked)
    return common >= _KEPT * len(asked) and len(said) - common <= max(1.0, _NEW * len(said))


def _stems(text: str) -> set[str]:
    return {each[:_STEM] for each in re.findall(r"[^\W\d_]{4,}", spelled.folded(text))}


def _questions(text: str) -> int:
    return sum(text.count(each) for each in "?？؟;" if each != ";")


@lru_cache(maxsize=64)
def _scripts(code: str) -> frozenset[str]:
    try:
        return scripts_of(languages.find(code).scripts)
    except InputError:
        return frozenset()


def _is_in(own: str, language: str) -> bool:
    """Whether a text is in a language, as far as that can be told."""
    try:
        wanted = languages.find(language)
    except InputError:
        return False
    found = languages.detect(own)
    if found.language is None:
        return True  # too short to say; its script was looked at
    if found.mixed:
        return False
    alike = found.language.base == wanted.base or languages.are_alike(found.language, wanted)
    return alike or found.sure < _SURE

"""Whether an answer sounds like a translation: its length, its script, its language, its words."""

from __future__ import annotations

import re

from hinterland.plugins.languages import (
    Language,
    are_alike,
    can_detect,
    chinese_writing,
    detect,
)
from hinterland.plugins.languages.scripts import letters_by_script, scripts_of
from hinterland.plugins.translation.segments.unfit import Trouble, Unfit

_WIDE = re.compile(r"[\u2e80-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff00-\uffef]")
_WIDTH = 2.5
"""Letters of an alphabet that a Chinese or Korean one stands for, about."""
_WORD = re.compile(r"[^\W\d_]+(?:['’ʼ‘-][^\W\d_]+)*")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]+")
_SAME_SIGN = re.compile(r"([^\s.\-_=*#~])\1{9,}")
_SAME_PHRASE = re.compile(r"((?=\W*\w).{2,80}?)\1{4,}", re.DOTALL)
_SAME_SENTENCE = re.compile(r"((?=\W*\w).{12,200}?)\1{2,}", re.DOTALL)
_TELLING = 40
"""Letters of an answer that tell which language it is in."""
_SURE, _VERY_SURE = 0.9, 0.97
"""What the detector has to say of itself for the source's language, and for any other."""


def check_length(asked: str, answer: str, *, was_cut: bool) -> None:
    """Raise Unfit for an answer that repeats itself, was cut off, or is far too long or short."""
    if answer == asked and not was_cut:
        return
    if _loops(answer) and not _loops(asked):
        raise Unfit(Trouble.LOOP, "The model repeats itself.")
    if was_cut:
        raise Unfit(Trouble.CUT, "The translation is cut off: it is longer than it may be.")
    ours, theirs = _length(asked), _length(answer)
    if theirs > 4 * ours + 60:
        raise Unfit(Trouble.LENGTH, "The translation is far longer than the source.")
    if 4 * theirs + 20 < ours:
        raise Unfit(Trouble.LENGTH, "The translation is far shorter than the source.")


def check_sound(asked: str, answer: str, source: Language, target: Language) -> None:
    """Raise Unfit for words in another script or language than wanted, or that did not change.

    Both texts are without marks.
    """
    if source.code == target.code:
        return
    _check_script(asked, answer, source, target)
    _check_changed(asked, answer, source, target)
    _check_language(asked, answer, source, target)


def _length(text: str) -> float:
    return len(text) if text.isascii() else len(text) + _WIDTH * len(_WIDE.findall(text))


def _loops(text: str) -> bool:
    if len(text) < 12:
        return False
    if _SAME_SIGN.search(text):
        return True
    words = text.split()
    text = " ".join(words)
    tail = words[-24:]
    suspect = len(set(tail)) * 2 < len(tail) or len(set(words)) * 2 < len(words)
    if not suspect and not text.isascii():
        suspect = len(set(text)) * 4 < len(text) or len(set(text[-60:])) * 3 < len(text[-60:])
    if not suspect and len(text) < 200:
        return False
    return bool(_SAME_PHRASE.search(text) or _SAME_SENTENCE.search(text))


def _check_script(asked: str, answer: str, source: Language, target: Language) -> None:
    wanted = scripts_of(target.scripts)
    if answer.isascii() and "Latn" in wanted:
        return
    letters = letters_by_script(_without_names(asked, answer, scripts_of(source.scripts) - wanted))
    own = sum(many for script, many in letters.items() if script in wanted)
    other = sum(
        many
        for script, many in letters.items()
        if script not in wanted and script != "Latn" and (many > 1 or script == "Hani")
    )
    folded = asked.casefold()
    latin = 0
    if "Latn" not in wanted:
        new = [word for word in _LATIN.findall(answer) if word.casefold() not in folded]
        latin = sum(map(len, new))
    if other or latin > own or (target.base == "ja" and _has_no_kana(answer)):
        raise Unfit(Trouble.SCRIPT, f"The translation is not in the letters of {target.name}.")
    if target.base == "zh" and chinese_writing(answer) not in ("", *target.scripts):
        raise Unfit(Trouble.SCRIPT, f"The translation is not written in {target.name}.")


def _without_names(asked: str, answer: str, own: frozenset[str]) -> str:
    """Return an answer without the words of the source that are not in its own letters: quotations,
    formulas, names."""
    names = {word for word in _WORD.findall(asked) if not letters_by_script(word).keys() & own}
    return " ".join(word for word in _WORD.findall(answer) if word not in names)


def _has_no_kana(text: str) -> bool:
    """Whether a text is Chinese rather than Japanese."""
    letters = letters_by_script(text)
    return letters["Hani"] >= 10 and not letters["Hira"] + letters["Kana"]


def _check_changed(asked: str, answer: str, source: Language, target: Language) -> None:
    words = _WORD.findall(asked)
    if [word.casefold() for word in words] != [word.casefold() for word in _WORD.findall(answer)]:
        return
    same_script = bool(scripts_of(source.scripts) & scripts_of(target.scripts))
    small = sum(1 for word in words if len(word) > 1 and word[0].islower())
    caseless = sum(len(word) for word in words if word.upper() == word.lower())
    if are_alike(source, target):
        changes = small >= 5 or caseless >= 12
    elif same_script:
        changes = (small >= 1 and len({*map(str.casefold, words)}) >= 2) or caseless >= 6
    else:
        changes = small >= 1 or caseless >= 2 or any(word.istitle() for word in words)
    if changes:
        raise Unfit(Trouble.UNCHANGED, "The text came back as it was.")


def _check_language(asked: str, answer: str, source: Language, target: Language) -> None:
    """What was copied says nothing, unless nearly all of it was."""
    known = {word.casefold() for word in _WORD.findall(asked)}
    words = _WORD.findall(answer)
    new = [word for word in words if word.casefold() not in known]
    copied = len(words) >= 6 and len(new) <= 0.3 * len(words)
    text = answer if copied else " ".join(new)
    if _length(text) < _TELLING:
        return
    found = detect(text)
    if found.language is None or are_alike(found.language, target):
        return
    is_source = found.language.base == source.base
    if found.sure < (_SURE if is_source else _VERY_SURE) or not (is_source or can_detect(target)):
        return
    if is_source and copied:
        raise Unfit(Trouble.UNCHANGED, "The text came back nearly as it was.")
    raise Unfit(
        Trouble.LANGUAGE, f"The translation is in {found.language.name}, not {target.name}."
    )

"""Verdicts on choices: by letter, by number, or by the option's own words."""

from __future__ import annotations

import re

from hinterland.plugins.tutoring.arithmetic import plain, read_number
from hinterland.plugins.tutoring.checking.answer_text import bare_answer, without_marks
from hinterland.plugins.tutoring.checking.judgement import RIGHT, WRONG, Judgement, unreadable
from hinterland.plugins.tutoring.checking.nearness import distance
from hinterland.plugins.tutoring.checking.phrases import pattern, phrases
from hinterland.plugins.tutoring.checking.wording import are_same, bare_words, folded
from hinterland.plugins.tutoring.lessons import Form, Posed

_LABEL = re.compile(r"[(\[]?\s*([A-Za-z]|\d{1,2})\s*[)\].:]+(?:\s+|$)")
_BARE_LABEL = re.compile(r"[(\[]?\s*([A-Za-z]|\d{1,2})\s*[)\].:]*")


def judge_choice(posed: Posed, text: str) -> Judgement:
    """Return the verdict on an option."""
    chosen = chosen_option(posed, text)
    if isinstance(chosen, Judgement):
        return chosen
    said = posed.options[chosen]
    is_right = said in posed.answers or any(
        are_same(said, each, posed.language) for each in posed.answers if each not in posed.options
    )
    return RIGHT if is_right else WRONG


def chosen_option(posed: Posed, text: str) -> int | Judgement:
    """Return which option is chosen, from 0, or why that cannot be told."""
    raw = plain(text).strip()
    for each in (text.strip(), without_marks(text)):
        if each in posed.options:
            return posed.options.index(each)
    if posed.form is not Form.EXACT:
        said = {_tight(text), _tight(without_marks(text))}
        same = [i for i, each in enumerate(posed.options) if _tight(each) in said]
        if len(same) == 1:
            return same[0]
    labelled = _LABEL.match(raw)
    if labelled is not None and raw[labelled.end() :].strip():
        return _labelled(posed, labelled.group(1), raw[labelled.end() :])
    found = _by_words(posed, text)
    if found is not None:
        return found
    bare = plain(bare_answer(text, posed.language)).strip()
    if bare != raw and _names_several(posed, text):  # no, maybe
        return unreadable("one-option")
    for candidate in (raw, bare, pattern(posed.language, "option", r"^\s*", r"\s*").sub("", bare)):
        match = _BARE_LABEL.fullmatch(candidate)
        found = None if match is None else _by_label(posed, match.group(1), candidate)
        if found is not None:
            return found
    found = _by_words(posed, bare)
    if found is not None:
        return found
    return unreadable("one-option" if _names_several(posed, text) else "not-an-option")


def _tight(text: str) -> str:
    """Return a text without the spaces around its signs: `2 : 3` is `2:3`."""
    return re.sub(r"\s*([^\w\s])\s*", r"\1", plain(text).strip())


def _by_label(posed: Posed, label: str, written: str = "") -> int | None:
    if label.isdigit():
        are_numbers = any(read_number(each, posed.language) is not None for each in posed.options)
        if are_numbers and written == label:
            return None  # with numbers to choose from, a number is not an option's place
        index = int(label) - 1
    else:
        index = ord(label.upper()) - ord("A")
    return index if 0 <= index < len(posed.options) else None


def _labelled(posed: Posed, label: str, rest: str) -> int | Judgement:
    """Judge `B) the words of B`; where label and words disagree, neither is taken."""
    by_label, by_words = _by_label(posed, label), _by_words(posed, rest)
    if by_words is None or by_label == by_words:
        return unreadable("not-an-option") if by_words is None else by_words
    return unreadable("not-an-option") if by_label is None else unreadable("one-option")


def _by_words(posed: Posed, text: str) -> int | None:
    language, options = posed.language, posed.options
    number = read_number(text, language)
    values = [read_number(each, language) for each in options]
    same = [
        index
        for index, each in enumerate(options)
        if are_same(each, text, language)
        and (number is None or values[index] in (None, number))  # -11 is no 11
    ]
    if posed.form is Form.EXACT or len(same) > 1:
        exact = [index for index, each in enumerate(options) if each.strip() == text.strip()]
        return exact[0] if exact else None
    if same:
        return same[0]
    if number is not None:
        equal = [index for index, each in enumerate(values) if each == number]
        return equal[0] if len(equal) == 1 else None
    said = bare_words(text, language)
    opposites = phrases(language).opposites
    away = [
        (found, index)
        for index, each in enumerate(options)
        if (found := distance(said, bare_words(each, language), opposites)) is not None
    ]
    if away and sum(1 for found, _index in away if found == min(away)[0]) == 1:
        return min(away)[1]
    return _by_beginning(posed, text)


def _by_beginning(posed: Posed, text: str) -> int | None:
    said = folded(text)
    if len(said.split()) < 2 and len(said) < 6:
        return None
    begun = [i for i, each in enumerate(posed.options) if folded(each).startswith(said + " ")]
    return begun[0] if len(begun) == 1 else None


def _names_several(posed: Posed, text: str) -> bool:
    language = posed.language
    parts = re.split(
        rf"[,;/&+]|{pattern(language, 'ors', '(?<![a-z])').pattern}", text, flags=re.IGNORECASE
    )
    parts = [
        piece
        for part in parts
        for piece in re.split(
            pattern(language, "joins", r"(?<!\w)").pattern, part, flags=re.IGNORECASE
        )
    ]
    found = set()
    for part in filter(None, map(str.strip, parts)):
        match = _BARE_LABEL.fullmatch(plain(part))
        found.add(_by_label(posed, match.group(1)) if match else _by_words(posed, part))
    return len(found - {None}) > 1

"""Verdicts on several answers in any order, and how a list of answers is taken apart."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from hinterland.plugins.tutoring import quantities
from hinterland.plugins.tutoring.arithmetic import read
from hinterland.plugins.tutoring.checking.answer_text import bare_answer, without_marks
from hinterland.plugins.tutoring.checking.judgement import (
    RIGHT,
    WRONG,
    Judgement,
    Verdict,
    close,
    unreadable,
    wrong,
)
from hinterland.plugins.tutoring.checking.nearness import distance
from hinterland.plugins.tutoring.checking.numbers import misses_form
from hinterland.plugins.tutoring.checking.phrases import pattern, phrases
from hinterland.plugins.tutoring.checking.wording import (
    are_same,
    bare_words,
    without_accents,
)
from hinterland.plugins.tutoring.lessons import Posed

T = TypeVar("T")
MOST_ITEMS = 60
_HEAD = re.compile(r"^\s*(?:[A-Za-z]\s*(?:∈|=)\s*(?=[{\[(])|∈)\s*")
_BRACES = {"{": "}", "[": "]", "(": ")"}


def listed(text: str, language: str) -> list[list[str]]:
    """Return the ways in which a text can be taken apart into items, the likeliest first.

    A comma may part items or begin decimals; so may a space part them or group thousands.
    """
    text = without_marks(text)
    text = pattern(language, "solutions", r"^\s*", r"[\s:=]*").sub("", text)
    text = _HEAD.sub("", text).strip()
    if len(text) > 1 and _BRACES.get(text[0]) == text[-1]:
        text = text[1:-1]
    joins = "|".join(pattern(language, each, r"(?<!\w)").pattern for each in ("joins", "ors"))
    parted = rf"[;；؛\n|]|,?\s*(?:{joins})\s*"
    ways = []
    for more in ("", r"|[,،、]\s+", r"|[,،、]", r"|[,،、\s]+"):
        parts = re.split(parted + more, text, flags=re.IGNORECASE)
        items = [each.strip() for each in parts if each and each.strip()]
        if items and items not in ways and len(items) <= MOST_ITEMS:
            ways.append(items)
    return ways


def unmatched(
    said: Sequence[T], key: Sequence[T], are_equal: Callable[[T, T], bool]
) -> tuple[list[T], list[T]]:
    """Return what of the key is missing, and what was said that is not in it.

    What is said twice counts once, unless the key itself has something twice.
    """
    missing, extra, found = list(key), list[T](), list[T]()
    for item in said:
        match = next((each for each in missing if are_equal(item, each)), None)
        if match is not None:
            missing.remove(match)
            found.append(match)
        elif has_twice(key, are_equal) or not any(are_equal(item, each) for each in found):
            extra.append(item)
    return missing, extra


def has_twice(items: Sequence[T], are_equal: Callable[[T, T], bool]) -> bool:
    """Whether something is in a list more than once."""
    return any(
        are_equal(one, other) for index, one in enumerate(items) for other in items[index + 1 :]
    )


def told(missing: Iterable[object], extra: Iterable[object]) -> Judgement:
    """Return what is said of a list that is not the key."""
    if list(missing):
        return wrong("" if list(extra) else "some-missing")
    return wrong("some-extra")


def judge_set(posed: Posed, text: str) -> Judgement:
    """Return the verdict on several answers in any order."""
    language = posed.language
    ways = listed(bare_answer(text, language), language)
    ways += [each for each in listed(text, language) if each not in ways]  # maybe, perhaps
    if not ways:
        return unreadable("no-answer")
    found: list[Judgement] = []
    for answer in posed.answers:
        key = [each.strip() for each in answer.split(";") if each.strip()]
        found += [_judge_items(posed, items, key) for items in ways]
    for verdict in (Verdict.RIGHT, Verdict.FORM, Verdict.CLOSE, Verdict.UNREADABLE):
        for each in found:
            if each.verdict is verdict:
                return each
    return next((each for each in found if each.about), WRONG)


def _judge_items(posed: Posed, said: list[str], key: list[str]) -> Judgement:
    language = posed.language

    def equal(one: str, other: str) -> bool:
        return _are_equal(one, other, language)

    missing, extra = unmatched(said, key, equal)
    if not missing and not extra:
        return _forms(posed, said, key) or RIGHT
    if len(missing) == len(extra) > 0:
        slips = _slips(missing, extra, language, [each for each in key if each not in missing])
        if slips:
            return close(slips)
    if not missing and _are_only_words(extra, key, language):
        return close("only-the-answer")
    return told(missing, extra)


def _are_only_words(extra: list[str], key: list[str], language: str) -> bool:
    """Whether what is too much among numbers is neither a number nor turns anything round."""
    said = {each.lower() for each in extra}
    return (
        not said & phrases(language).nots
        and all(read(each, language) is not None for each in key)
        and not any(read(each, language) or any(map(str.isdigit, each)) for each in extra)
    )


def _are_equal(one: str, other: str, language: str) -> bool:
    number, key = read(one, language), read(other, language)
    if number is not None and key is not None:
        return number.value == key.value
    ours, theirs = quantities.read(one, language), quantities.read(other, language)
    if ours is not None and theirs is not None:
        return quantities.same(ours, theirs)
    return are_same(one, other, language)


def _forms(posed: Posed, said: list[str], key: list[str]) -> Judgement | None:
    for item in said:
        written = read(item, posed.language)
        if written is None:
            continue
        for each in key:
            wanted = read(each, posed.language)
            if wanted is not None and wanted.value == written.value:
                missed = misses_form(written, wanted, posed.form)
                if missed is not None:
                    return missed
    return None


def _slips(missing: list[str], extra: list[str], language: str, rest: list[str]) -> str:
    """Return what kind of slips all the items are that were not found; "" if any is none."""
    about = "accents"
    left = list(missing)
    for item in extra:
        said = bare_words(item, language)
        if any(read(each, language) is not None for each in (item, *left)):
            return ""
        for each in left:
            key = bare_words(each, language)
            if without_accents(said) == without_accents(key):
                left.remove(each)
                break
            if distance(said, key, phrases(language).opposites) is not None and all(
                bare_words(other, language) != said for other in rest
            ):
                left.remove(each)
                about = "spelling"
                break
        else:
            return ""
    return about

"""Numbers in words, such as `two and three quarters` or `quatre-vingt-dix-sept virgule cinq`."""

from __future__ import annotations

import functools
import re
import unicodedata
from importlib import resources

import msgspec

_WORDS = re.compile(r"[^\W\d_]+")
DECIMAL_SIGN = "\u066b"
"""Arabic's, which is never taken for anything else."""
_MOST = 24
"""Words in a number."""


class Vocabulary(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What numbers are called in a language: see number_words.toml."""

    small: dict[str, int]
    hundred: frozenset[str]
    scales: dict[str, int]
    parts: dict[str, int]
    alone: dict[str, str]
    joins: frozenset[str]
    ones: frozenset[str]
    points: frozenset[str]
    minus: frozenset[str]
    skips: frozenset[str]


@functools.cache
def _vocabularies() -> dict[str, Vocabulary]:
    data = resources.files(__package__).joinpath("number_words.toml").read_bytes()
    return msgspec.toml.decode(data, type=dict[str, Vocabulary])


def vocabulary(language: str) -> Vocabulary | None:
    """Return what numbers are called in a language, as a BCP 47 code; None where it is not known."""
    return _vocabularies().get(language.partition("-")[0].lower())


def in_digits(text: str, language: str) -> str | None:
    """Return a number in words as one in digits: `-2 3/4`, or `3٫25` with a decimal sign that is the
    same in every language.

    None where the text has anything but such words, or the language is not known here.
    """
    known = vocabulary(language)
    if known is None or len(text) > 200 or not text[:1].isalpha():
        return None
    words = _WORDS.findall(unicodedata.normalize("NFC", text).lower())
    if not words or len(words) > _MOST or re.sub(r"[^\W\d_]+|[\s-]", "", text):
        return None
    negative = words[0] in known.minus
    words = words[negative:]
    while words and words[0] in known.skips:
        words = words[1:]
    found = _read(words, known)
    return None if found is None else "-" * negative + found


def after_minus(text: str, language: str) -> str | None:
    """Return what stands behind the word for a minus sign; None where none stands in front."""
    known = vocabulary(language)
    word, _space, rest = text.partition(" ")
    return rest.strip() if known is not None and word.lower() in known.minus else None


def signed(text: str, language: str) -> str:
    """Return `minus 3 degrees` as `-3 degrees`, and any other text as it is."""
    rest = after_minus(text, language)
    return f"-{rest}" if rest and rest[0] not in "+-" else text


def negative(text: str, language: str) -> str | None:
    """Return `3 degrees` as `-3 degrees` and `three degrees` as `minus three degrees`; None for what
    begins with no number, or with a sign."""
    if text[:1].isdecimal():
        return f"-{text}"
    known, first = vocabulary(language), _WORDS.match(text.lower())
    if known is None or first is None or first[0] not in known.small:
        return None
    return f"{min(known.minus)} {text}"


def scale_called(word: str, language: str) -> int | None:
    """Return what `million` multiplies by in a language; None for any other word."""
    vocabulary = _vocabularies().get(language.partition("-")[0].lower())
    return None if vocabulary is None else vocabulary.scales.get(word.lower())


def _read(words: list[str], vocabulary: Vocabulary) -> str | None:
    whole = _cardinal(words, vocabulary)
    if whole is not None:
        return str(whole)
    for index, word in enumerate(words):
        if word in vocabulary.points:
            return _decimal(words[:index], words[index + 1 :], vocabulary)
    fraction = _fraction(words, vocabulary)
    if fraction is not None:
        return fraction
    for index, word in enumerate(words):
        if word in vocabulary.joins:
            head = _cardinal(words[:index], vocabulary)
            tail = _fraction(words[index + 1 :], vocabulary)
            if head is not None and tail is not None:
                return f"{head} {tail}"
    return None


def _decimal(before: list[str], after: list[str], vocabulary: Vocabulary) -> str | None:
    whole = _cardinal(before, vocabulary)
    digits = [vocabulary.small.get(word, 10) for word in after]
    if all(each < 10 for each in digits):
        text = "".join(map(str, digits))
    else:
        rest = _cardinal(after, vocabulary)
        text = "" if rest is None else str(rest)
    return None if whole is None or not text else f"{whole}{DECIMAL_SIGN}{text}"


def _fraction(words: list[str], vocabulary: Vocabulary) -> str | None:
    if not words:
        return None
    last, before = words[-1], words[:-1]
    if not before and last in vocabulary.alone:
        return vocabulary.alone[last]
    if last not in vocabulary.parts:
        return None
    top = 1 if len(before) == 1 and before[0] in vocabulary.ones else None
    top = _cardinal(before, vocabulary) if top is None else top
    return None if not top else f"{top}/{vocabulary.parts[last]}"


def _cardinal(words: list[str], vocabulary: Vocabulary) -> int | None:
    total = current = 0
    counted = False  # whether anything stands before this word that it can multiply
    for index, word in enumerate(words):
        if word in vocabulary.joins:
            if not counted or index == len(words) - 1:
                return None
        elif word in vocabulary.hundred:
            if not (current < 100 and (current or not counted)):
                return None
            current, counted = (current or 1) * 100, True
        elif word in vocabulary.scales:
            scale = vocabulary.scales[word]
            if total % (scale * 1000) and total < scale:
                return None
            total, current, counted = total + (current or 1) * scale, 0, True
        elif word in vocabulary.small:
            more = _added(current, vocabulary.small[word])
            if more is None or (more == 0 and len(words) > 1):
                return None
            current, counted = more, True
        elif not (word in vocabulary.ones and index == 0 and _is_scale(words[1:2], vocabulary)):
            return None
    return total + current if counted else None


def _is_scale(words: list[str], vocabulary: Vocabulary) -> bool:
    return bool(words) and (words[0] in vocabulary.hundred or words[0] in vocabulary.scales)


def _added(current: int, small: int) -> int | None:
    """Return the sum where the words can stand so: twenty one, soixante dix, quatre vingt."""
    rest = current % 100
    if small == 20 and rest == 4:  # quatre-vingts
        return current + 76
    if rest == 0 or (small < 10 <= rest and rest % 10 == 0 and (rest != 10 or small > 6)):
        return current + small
    if 10 <= small < 17 and rest in (60, 80):  # soixante-dix, quatre-vingt-onze
        return current + small
    return None

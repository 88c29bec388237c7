"""What a model may say when it restates an advice: a deterministic check, on the side of refusing.

Every word of it has to stand in the advice or in the lists of `plain/`, words that turn a sentence
(not, if, before) have to be those of the advice, and what the advice turns on has to be there.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated

import msgspec

from hinterland.errors import InputError
from hinterland.plugins.diagnosis.rules.checked_toml import read
from hinterland.plugins.diagnosis.rules.facts import Id

SHIPPED = Path(__file__).parent.with_name("plain")
_PUNCTUATION = frozenset(" \n.,;:!?'’‘“”\"()-–—…«»¿¡\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}")
_TOKEN = re.compile(r"[^\W\d_]+")
_JOINED = 7
"""Letters from which on a medicine's name is looked for across blanks and hyphens too."""
_STEM = 3
"""Letters that are left of a word at least when its ending is cut off."""

Words = tuple[str, ...]
Phrase = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]


class Reason(StrEnum):
    """Why what a model said is not shown."""

    EMERGENCY = "emergency"
    FIXED = "fixed"
    NOTHING = "nothing"
    LANGUAGE = "language"
    ENGINE = "engine"
    EMPTY = "empty"
    LONG = "long"
    HIDDEN = "hidden"
    MARKUP = "markup"
    SCRIPT = "script"
    NUMBER = "number"
    MEDICINE = "medicine"
    TURNED = "turned"
    ACTION = "action"
    LOST = "lost"


class _Turn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: Id
    words: tuple[Phrase, ...]


class _Same(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: Id
    words: Annotated[tuple[Phrase, ...], msgspec.Meta(min_length=1)]
    kept: bool = False
    """Whether what is said has to have one of these where the advice has one (read from English)."""


class _Plain(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: str
    name: str
    script: str
    endings: tuple[str, ...]
    small: tuple[Phrase, ...]
    numbers: tuple[Phrase, ...]
    medicines: tuple[Phrase, ...]
    turn: tuple[_Turn, ...]
    same: tuple[_Same, ...]
    idioms: tuple[Phrase, ...] = ()
    loose: tuple[Phrase, ...] = ()


class _Medicines(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: str
    generic: tuple[Phrase, ...]
    brands: tuple[Phrase, ...]


@dataclass(frozen=True, slots=True)
class Language:
    """The words of one language that restating knows."""

    code: str
    name: str
    """In English, as a model is told it."""
    script: str
    endings: Words
    small: frozenset[str]
    numbers: frozenset[str]
    loose: frozenset[str]
    idioms: tuple[Words, ...]
    medicines: frozenset[str]
    turns: dict[str, tuple[Words, ...]]
    groups: dict[str, tuple[Words, ...]]
    kept: frozenset[str]

    def stem(self, word: str) -> str:
        """Return a word without its ending."""
        for ending in self.endings:
            if word.endswith(ending) and len(word) - len(ending) >= _STEM:
                return word.removesuffix(ending)
        return word


def known() -> list[str]:
    """Return the codes of the languages in which a restating can be checked."""
    return sorted(path.stem for path in SHIPPED.glob("*.toml") if len(path.stem) == 2)


@cache
def language(code: str) -> Language:
    """Return the words of a language; raises InputError when nothing here can check it."""
    if code not in known():
        raise InputError(
            f"A model's words cannot be checked in the language “{code[:20]}”.",
            f"They can be in: {', '.join(known())}.",
        )
    located = read(SHIPPED / f"{code}.toml", _Plain)
    plain = located.value
    names = read(SHIPPED / "medicines.toml", _Medicines).value
    groups: dict[str, tuple[Words, ...]] = {}
    for at, group in enumerate(plain.same):
        if group.id in groups:
            raise located.error("same", at, f"there is a group “{group.id}” already", "id")
        groups[group.id] = _phrases(group.words)
    turns = {each.id: _phrases(each.words) for each in plain.turn}
    if code != "en":
        english = language("en")
        if strange := groups.keys() - english.groups.keys():
            at = [each.id for each in plain.same].index(min(strange))
            raise located.error("same", at, f"en.toml has no group “{min(strange)}”", "id")
        if turns.keys() != english.turns.keys():
            raise located.error("turn", 0, "the ids of [[turn]] are not those of en.toml", "id")
    return Language(
        code,
        plain.name,
        plain.script,
        plain.endings,
        frozenset(map(folded, plain.small)),
        frozenset(map(folded, plain.numbers)),
        frozenset(map(folded, plain.loose)),
        _phrases(plain.idioms),
        frozenset(map(folded, (*plain.medicines, *names.generic, *names.brands))),
        turns,
        groups,
        frozenset(each.id for each in plain.same if each.kept),
    )


def restatable(advice: str) -> bool:
    """Return whether an advice of a pack (English) may be restated: it has no number and no medicine,
    which nobody else is to say."""
    english = language("en")
    words = _without(tokens(advice), english.idioms)
    return not (
        any(map(_is_numeric, advice))
        or set(words) & (english.numbers - english.loose)
        or _medicine(words, english)
    )


def refusal(said: str, advice: str, code: str, translation: str = "") -> tuple[Reason, str] | None:
    """Return why `said` may not stand for the advice, and the words that are to blame.

    `advice` is the pack's English, `translation` the pack's own words in the language that is spoken,
    where it has them. None: every word was accounted for. Raises InputError as `language` does.
    """
    spoken, english = language(code), language("en")
    if found := _characters(said, spoken):
        return found
    words = tokens(said)
    if not words:
        return Reason.EMPTY, ""
    counted = _without(words, spoken.idioms)
    if numbers := [each for each in counted if _counts(each, spoken)]:
        return Reason.NUMBER, " ".join(numbers)
    if named := _medicine(words, spoken):
        return Reason.MEDICINE, named
    source = tokens(advice)
    hit = {
        name
        for name, phrases in english.groups.items()
        if any(_occurs(each, source, english) for each in phrases)
    }
    own = tokens(translation) if translation else source if code == "en" else []
    if turned := _turned(words, source, own, spoken):
        return Reason.TURNED, turned
    allowed = {spoken.stem(word) for word in own}
    for name in hit:
        allowed.update(spoken.stem(word) for each in spoken.groups.get(name, ()) for word in each)
    turning = {word for phrases in spoken.turns.values() for each in phrases for word in each}
    strange = [
        word
        for word in words
        if spoken.stem(word) not in allowed and word not in spoken.small and word not in turning
    ]
    if strange:
        return Reason.ACTION, " ".join(dict.fromkeys(strange))
    for name in sorted(hit & english.kept):
        if not any(_occurs(each, words, spoken) for each in spoken.groups.get(name, ())):
            return Reason.LOST, " ".join(english.groups[name][0])
    return None


def tokens(text: str) -> list[str]:
    """Return the words of a text, small and without accents; hyphens and apostrophes part them."""
    return [folded(found) for found in _TOKEN.findall(unicodedata.normalize("NFC", text))]


def folded(word: str) -> str:
    """Return a word as it is compared: small and without accents."""
    apart = unicodedata.normalize("NFKD", word.casefold())
    return "".join(each for each in apart if not unicodedata.combining(each))


def _phrases(written: Iterable[str]) -> tuple[Words, ...]:
    return tuple(tuple(tokens(each)) for each in written)


def _is_numeric(character: str) -> bool:
    return (
        unicodedata.category(character)[0] == "N"
        or unicodedata.numeric(character, None) is not None
    )


def _characters(said: str, spoken: Language) -> tuple[Reason, str] | None:
    """Return what is wrong with the characters, if anything is; numbers come first."""
    if found := [each for each in said + unicodedata.normalize("NFKC", said) if _is_numeric(each)]:
        return Reason.NUMBER, "".join(dict.fromkeys(found))
    for each in unicodedata.normalize("NFC", said):
        if each in _PUNCTUATION:
            continue
        kind = unicodedata.category(each)
        if kind[0] in "CZ":
            return Reason.HIDDEN, f"U+{ord(each):04X}"
        if kind[0] not in "LM":
            return Reason.MARKUP, each
        if kind[0] == "M" or not unicodedata.name(each, "").startswith(spoken.script):
            return Reason.SCRIPT, each
    return None


def _counts(word: str, spoken: Language) -> bool:
    """Whether a word is a number, or number words written together."""
    if word in spoken.numbers:
        return True
    starts = (each for each in spoken.numbers if len(each) >= _STEM and word.startswith(each))
    return any(_counts(word[len(each) :], spoken) for each in starts if len(word) > len(each))


def _medicine(words: Sequence[str], spoken: Language) -> str:
    """Return the medicine that is named, also across blanks; "" when there is none."""
    for word in words:
        for each in (word, spoken.stem(word)):
            if each in spoken.medicines:
                return word
    joined = "".join(words)
    long = (each for each in spoken.medicines if len(each) >= _JOINED and each in joined)
    return next(long, "")


def _turned(
    words: Sequence[str], source: Sequence[str], own: Sequence[str], spoken: Language
) -> str:
    """Return the words that turn what is said away from the advice, or that it lacks."""
    english = language("en")
    for name, phrases in english.turns.items():
        said = _found(spoken.turns[name], words)
        advised = _found(spoken.turns[name], own) if own else _found(phrases, source)
        # Languages differ in how many words they turn with (ne … pas), so that only the pack's own
        # sentence in the same one is counted.
        if bool(said) != bool(advised) or (own and len(said) != len(advised)):
            return " ".join(said or advised)
    return ""


def _found(phrases: Iterable[Words], words: Sequence[str]) -> list[str]:
    return [
        " ".join(phrase)
        for at in range(len(words))
        for phrase in phrases
        if tuple(words[at : at + len(phrase)]) == phrase
    ]


def _occurs(phrase: Words, words: Sequence[str], spoken: Language) -> bool:
    stems = [spoken.stem(word) for word in words]
    return _at(tuple(map(spoken.stem, phrase)), stems) is not None


def _at(phrase: Words, words: Sequence[str]) -> int | None:
    size = len(phrase)
    return next(
        (at for at in range(len(words) - size + 1) if tuple(words[at : at + size]) == phrase), None
    )


def _without(words: Sequence[str], phrases: Iterable[Words]) -> list[str]:
    left = list(words)
    for phrase in phrases:
        while (at := _at(phrase, left)) is not None:
            del left[at : at + len(phrase)]
    return left

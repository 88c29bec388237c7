"""Verdicts on words: what is the same text, and what is the same but for a slip in the spelling."""

from __future__ import annotations

import functools
import re
import unicodedata

from hinterland.plugins.tutoring.arithmetic import read, read_number
from hinterland.plugins.tutoring.checking.answer_text import bare_answer, without_marks
from hinterland.plugins.tutoring.checking.judgement import (
    RIGHT,
    WRONG,
    Judgement,
    close,
    form,
)
from hinterland.plugins.tutoring.checking.nearness import distance
from hinterland.plugins.tutoring.checking.phrases import any_of, phrases
from hinterland.plugins.tutoring.lessons import Form, Posed

_QUOTES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "`": "'", "“": '"', "”": '"', "„": '"'})
_QUOTES |= str.maketrans({"«": '"', "»": '"', "–": "-", "—": "-", "‑": "-", "−": "-", "…": "..."})
_MARKS = re.compile(r"[.,;:!?()\[\]\"*_«»/¿¡-]+(?!\d)|(?<!\d)[.,;:!?()\[\]\"*_«»/¿¡-]+")
GAP = re.compile(r"_{2,}|…{2,}|\.{4,}")
_MOST_WORDS_AROUND = 14
WORD_OR_SIGN = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*|[^\w\s]")
"""A word, with what is joined to it, or a sign of punctuation."""


@functools.lru_cache(maxsize=4096)
def folded(text: str) -> str:
    """Return a text without what makes no difference: case, width, spaces, quotes, punctuation."""
    plain = unicodedata.normalize("NFKC", text.translate(_QUOTES)).casefold()
    plain = "".join(each for each in plain if unicodedata.category(each) != "Cf")
    return " ".join(_MARKS.sub(" ", plain).split()).strip("' ")


@functools.lru_cache(maxsize=64)
def _article(language: str) -> re.Pattern[str]:
    words = any_of(phrases(language).articles)
    return re.compile(rf"(?:{words})\s*(?=\w)")


@functools.lru_cache(maxsize=4096)
def bare_words(text: str, language: str) -> str:
    """Return a folded text without the article in front."""
    plain = folded(text)
    if "'" in plain or "cannot" in plain:
        for short, long in phrases(language).short:
            plain = plain.replace(short, long)
    match = _article(language).match(plain)
    return plain[match.end() :] if match else plain


@functools.lru_cache(maxsize=2048)
def without_accents(text: str) -> str:
    """Return a text without its accents; letters with a dot or a stroke of their own stay."""
    apart = unicodedata.normalize("NFD", text.replace("œ", "oe").replace("æ", "ae"))
    return unicodedata.normalize(
        "NFC", "".join(each for each in apart if not 0x300 <= ord(each) <= 0x36F)
    )


def are_same(one: str, other: str, language: str) -> bool:
    """Whether two texts are the same words."""
    if folded(one) == folded(other):
        return True
    return bare_words(one, language) == bare_words(other, language) != ""


def judge_words(posed: Posed, text: str) -> Judgement:
    """Return the verdict on a short text."""
    if posed.form is Form.EXACT:
        return _judge_exactly(posed, text)
    language = posed.language
    ways = dict.fromkeys((text, bare_answer(text, language), in_gap(posed, text)))
    said = [each for each in ways if each and folded(each)]
    if any(are_same(each, key, language) for each in said for key in posed.answers):
        return RIGHT
    numbers = [as_number(posed, each, key) for each in said for key in posed.answers]
    for judgement in numbers:
        if judgement is not None:
            return judgement
    if any(are_same(each, mistake.answer, language) for each in said for mistake in posed.mistakes):
        return WRONG
    for each in said:
        judgement = _near(posed, each)
        if judgement is not None:
            return judgement
    return _inside(posed, text) or WRONG


def _judge_exactly(posed: Posed, text: str) -> Judgement:
    said = _spaced(text)
    keys = [_spaced(each) for each in posed.answers]
    if said in keys:
        return RIGHT
    if _spaced(text.strip().strip("\"'“”„«»‘’`*_ ")) in keys:
        return RIGHT
    if _spaced(without_marks(text)) in keys:
        return form("punctuation")
    if any(each.casefold() == said.casefold() for each in keys):
        return form("capitals")
    if any(folded(each) == folded(text) for each in posed.answers):
        return form("punctuation")
    if _spaced(bare_answer(text, posed.language)) in keys:
        return close("only-the-answer")
    if any(are_same(text, mistake.answer, posed.language) for mistake in posed.mistakes):
        return WRONG
    return _near(posed, text) or WRONG


def _spaced(text: str) -> str:
    """Return a text in which white space is one blank, and none around signs of a program."""
    plain = unicodedata.normalize("NFC", text.translate(_QUOTES))
    plain = " ".join(plain.split())
    return re.sub(r"(?<=[^\w\s'\".,;:!?-])\s+|\s+(?=[^\w\s'\".,;:!?-])", "", plain)


def in_gap(posed: Posed, text: str) -> str:
    """Return what stands in the gap, where the pupil wrote the whole sentence."""
    for line in (posed.sentence, *posed.prompt.splitlines()):
        gap = GAP.search(line)
        if gap is None:
            continue
        before, after = (
            folded(re.split(r"[.:?!]\s", line[: gap.start()])[-1]),
            folded(re.sub(r"\([^)]*\)", " ", line[gap.end() :])),
        )
        said = folded(text)
        after = GAP.split(after)[0].strip()
        if (before or after) and said.startswith(before) and said.endswith(after):
            inner = said[len(before) : len(said) - len(after)].strip()
            if inner and len(said) > len(inner):
                return inner
    return ""


def as_number(posed: Posed, said: str, key: str) -> Judgement | None:
    """Judge `7 days` for `seven days`, unless digits are what was to be put into words."""
    if folded(said) == folded(key):
        return None
    language = posed.language
    ours, theirs = with_digits(folded(key), language), with_digits(folded(said), language)
    if ours != theirs or ours == folded(said) == folded(key):
        return None
    digits = re.findall(r"\d+", folded(said))
    if digits and not re.search(r"\d", key) and any(each in posed.prompt for each in digits):
        return form("in-words")
    return RIGHT if ours != folded(key) or theirs != folded(said) else None


@functools.lru_cache(maxsize=2048)
def with_digits(text: str, language: str) -> str:
    """Return a folded text with its number words as numbers."""
    words, pieces, at = text.split(), list[str](), 0
    if len(words) > 12:
        return text
    while at < len(words):
        for many in range(len(words) - at, 0, -1):
            piece = " ".join(words[at : at + many])
            if piece[0].isdigit() or piece[0].isalpha():
                number = read_number(piece, language)
                written = read(piece, language) if number is not None else None
                if number is not None and written is not None:
                    pieces.append(str(number))
                    at += many
                    break
        else:
            pieces.append(words[at])
            at += 1
    return " ".join(pieces)


def _near(posed: Posed, text: str) -> Judgement | None:
    """Return what there is to say about a text that is an accepted one but for its spelling."""
    language = posed.language
    said = bare_words(text, language)
    keys = [bare_words(each, language) for each in posed.answers]
    if any(without_accents(said) == without_accents(key) for key in keys):
        return close("accents")
    near = [
        each
        for key in keys
        if (each := slips(said, key, language)) is not None
        or said.replace(" ", "") == key.replace(" ", "")
    ]
    if not near:
        return None
    least = min((each for each in near if each is not None), default=1)
    others = [*(each.answer for each in posed.mistakes), *posed.options]
    for other in others:
        bare = bare_words(other, language)
        if bare in keys:
            continue
        away = distance(said, bare, (), at_all=True)
        if away is not None and away < least:
            return None
    return close("spelling")


def slips(said: str, key: str, language: str) -> int | None:
    """Return how many letters are wrong; None where it is another small word: in the morning, on the
    morning."""
    ours, theirs = said.split(), key.split()
    if len(ours) == len(theirs):
        for one, other in zip(ours, theirs, strict=True):
            if one != other and (other in phrases(language).small or len(other) < 4):
                return None
    return distance(said, key, phrases(language).opposites)


def _inside(posed: Posed, text: str) -> Judgement | None:
    """Judge a sentence that holds the answer: right if all else in it is from the question."""
    words, language = phrases(posed.language), posed.language
    said = folded(text).split()
    if not 1 < len(said) <= _MOST_WORDS_AROUND or set(said) & (words.nots | set(words.ors)):
        return None
    for answer in posed.answers:
        key = bare_words(answer, language).split()
        if not key or set(key) & words.nots or len("".join(key)) < 2:
            continue
        for at in range(len(said) - len(key) + 1):
            if said[at : at + len(key)] != key:
                continue
            rest = set(said[:at] + said[at + len(key) :])
            known = words.small | set(folded(posed.prompt).split()) | _stems(posed.prompt)
            is_sentence = len(said) > 3 or not rest & words.verbs
            is_known = rest <= known and "," not in text
            return RIGHT if is_known and is_sentence else close("only-the-answer")
    return None


def _stems(prompt: str) -> set[str]:
    """Return the words of a prompt with the endings they may have in an answer."""
    words = folded(prompt).split()
    return {word + end for word in words for end in ("s", "es", "ed", "d")}

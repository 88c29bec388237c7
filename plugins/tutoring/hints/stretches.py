"""The stretches of a text that could be taken for an answer, by the kind of answer there is."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from itertools import pairwise

from hinterland.plugins.tutoring.arithmetic import signed
from hinterland.plugins.tutoring.checking import bare_times, clock_times
from hinterland.plugins.tutoring.checking.phrases import pattern
from hinterland.plugins.tutoring.checking.wording import WORD_OR_SIGN
from hinterland.plugins.tutoring.hints import spelled
from hinterland.plugins.tutoring.lessons import AnswerKind, Posed

_INTEGER = r"\d+(?:[ '.,]\d{3})*(?!\d)|\d+"
_DECIMAL = r"\d*[.,]\d+|\d+[.,](?=\d)\d+"
_ONE = rf"(?:{_DECIMAL}(?![.,]?\d)|{_INTEGER})"
_FRACTION = r"\d+\s?/\s?\d+"
_NUMBER = re.compile(
    rf"(?<![\d/])(?P<sign>[-+]\s?)?(?P<body>\d+[ -]{_FRACTION}|{_FRACTION}|{_ONE})(?![\d]|/\d)"
    r"(?P<after>\s?%)?"
)
_ORDINAL = re.compile(r"(?:st|nd|rd|th|er|re|ère|e|è?me)\b", re.IGNORECASE)
_SENTENCE = re.compile(r"[^.!?;\n]+")
_TERM_TOKEN = re.compile(r"\d+(?:[.,]\d+)?|[^\W\d_]+|\*\*|[^\s\w]")
_TERM_SIGNS = frozenset("+-*/^()×·÷=√%:")
_UNIT = re.compile(
    r"\s?(?:of an? |of |de |d')?([^\W\d_%°$€£¥]*[°$€£¥%]?[^\W\d_]+(?:[/²³^]\w+)*\.?|[°$€£¥%])"
)
_WORD_BEFORE = re.compile(r"(\S?)\s*(?<![^\W\d_])([^\W\d_]+)\s+$")
_AROUND = 40
"""Characters beside a number in which a word can make it negative."""
_MOST_TERM = 24
"""Tokens of a term: nobody writes a longer answer."""
_BEGINNING = 3
"""Letters by which a word may be one of an answer's; to compare every word would take too long."""


def of(text: str, posed: Posed, *, strict: bool) -> Iterator[str]:
    """Yield the stretches of a text, without mark-up, that could be an answer to what is posed."""
    kind = posed.kind
    if kind in {AnswerKind.WORDS, AnswerKind.CHOICE}:
        yield from _phrases(text, posed)
        return
    if kind is AnswerKind.TIME:
        yield from _times(text, posed.language)
        return
    if kind is AnswerKind.EXPRESSION:
        yield from _terms(text, posed.letters or ("x",))
    yield from _numbers(text, posed, strict=strict)
    if kind is AnswerKind.SET or any(";" in each for each in posed.answers):
        yield from _sets(text, max(each.count(";") + 1 for each in posed.answers))


def _phrases(text: str, posed: Posed) -> Iterator[str]:
    """Yield stretches of about as many words as the answers have, with a word that begins as theirs."""
    widths, beginnings = _looks((*posed.answers, *bare_times(posed)), posed.language)
    found = list(WORD_OR_SIGN.finditer(text))
    spans = [each.span() for each in found]
    alike = [spelled.folded(each.group())[:_BEGINNING] in beginnings for each in found]
    for at in range(len(spans)):
        for many in widths:
            if at + many <= len(spans) and any(alike[at : at + many]):
                yield text[spans[at][0] : spans[at + many - 1][1]]


@functools.lru_cache(maxsize=512)
def _looks(answers: tuple[str, ...], language: str) -> tuple[frozenset[int], frozenset[str]]:
    """Return how many words the answers have, one more and one less, and what they begin with."""
    words = [WORD_OR_SIGN.findall(each) for each in answers]
    counts = {len(each) + more for each in words for more in (-1, 0, 1)}
    in_digits = (spelled.in_digits(each, language) for each in answers)
    all_words = [*(word for each in words for word in each), *" ".join(in_digits).split()]
    return (
        frozenset(each for each in counts if each > 0),
        frozenset(spelled.folded(each)[:_BEGINNING] for each in all_words),
    )


def _times(text: str, language: str) -> Iterator[str]:
    """Yield all that could be a time, and whole sentences: `It is 8` can be one, `add 8` cannot."""
    for start, end, _ in clock_times.runs(text, language):
        yield text[start:end]
    yield from _SENTENCE.findall(text)


def _numbers(text: str, posed: Posed, *, strict: bool) -> Iterator[str]:
    """Yield every number, as a whole: neither 3 nor 4 of 3/4, and not 3 of 3x."""
    letters = set(posed.letters)
    languages = ("en", "fr") if strict else (posed.language,)
    has_unit = posed.kind in {AnswerKind.QUANTITY, AnswerKind.RANGE}
    for found in _NUMBER.finditer(text):
        start, end = found.span("body")
        before, after = text[start - 1 : start], text[end : end + 1]
        if not strict and (before.isalpha() or before == "^"):
            continue
        body = found["body"]
        bodies = [body]
        if mixed := re.fullmatch(r"(\d+)[ -](\d+\s?/\s?\d+)", body):
            bodies += mixed.groups()
        bodies += re.findall(r"\d+", body) if strict or re.search(r"\d,\d", body) else []
        if not strict and after.isalpha() and _belongs_to_letters(text, end, letters):
            continue
        is_negative = any(_is_below_zero(text, found, code) for code in languages)
        for each in bodies:
            yield each
            yield from _signed(text, found, each)
            if is_negative:
                yield "-" + each
            if body.endswith(each):
                if found["after"]:
                    yield each + "%"
                if has_unit:
                    yield from _with_unit(text, end, each)
            if has_unit and body.startswith(each):
                yield from _unit_before(text, start, each)


def _belongs_to_letters(text: str, end: int, letters: set[str]) -> bool:
    """Whether the letters after a number make it another thing: 3x, 3rd."""
    word = re.match(r"[^\W\d_]+", text[end:])
    return _ORDINAL.match(text, end) is not None or (
        word is not None and (word[0] in {"x", "y", "n"} or set(word[0]) <= letters)
    )


def _signed(text: str, found: re.Match[str], body: str) -> Iterator[str]:
    """Yield a number with the sign before it, unless it takes something away: `7 - 4`."""
    sign = found["sign"]
    before = text[: found.start()].rstrip()[-1:]
    if sign:
        stands_alone = not (before.isalnum() or before in {")", "%"})
        if stands_alone or (not sign.endswith(" ") and text[found.start() - 1].isspace()):
            yield sign.strip() + body
    elif before == "±":
        yield "±" + body


def _is_below_zero(text: str, found: re.Match[str], language: str) -> bool:
    """Whether words make a number negative: `minus 3`, but not in `8 minus 3`; `3 degrees below zero`."""
    start, end = found.span("body")
    before = _WORD_BEFORE.search(text[max(start - _AROUND, 0) : start])
    if before and not (before[1].isdigit() or before[1] in {")", "%"}):
        said = f"{before[2]} {found['body']}"
        if signed(said, language) != said:
            return True
    return (
        pattern(language, "below", r"[^.,;:!?\d]*\s").match(text[end : end + _AROUND]) is not None
    )


def _with_unit(text: str, end: int, body: str) -> Iterator[str]:
    at = end
    said = body
    for _ in range(3):
        unit = _UNIT.match(text, at)
        if unit is None:
            return
        said += " " + unit[1]
        yield said
        yield said.rstrip(".")
        at = unit.end()


def _unit_before(text: str, start: int, body: str) -> Iterator[str]:
    if sign := re.search(r"([$€£¥₹]|\b[A-Z]{2,3})\s?$", text[:start]):
        yield sign[1] + body


def _sets(text: str, many: int) -> Iterator[str]:
    """Yield stretches with as many numbers or words as the set has, parted by semicolons."""
    members = [each.span() for each in re.finditer(r"-?\d+(?:[./]\d+)?|[^\W\d_]{3,}", text)]
    for at in range(len(members) - many + 1):
        chosen = members[at : at + many]
        gaps = [text[one[1] : other[0]] for one, other in pairwise(chosen)]
        if all(re.fullmatch(r"[\s,;&]*(?:and|et|or|ou)?[\s,;]*", gap) and gap for gap in gaps):
            yield "; ".join(text[start:end] for start, end in chosen)
    numbers = [each for each in members if text[each[0] : each[1]][-1].isdigit()]
    for at in range(len(numbers) - many + 1):
        chosen = numbers[at : at + many]
        if all(other[0] - one[1] <= 20 for one, other in pairwise(chosen)):
            yield "; ".join(text[start:end] for start, end in chosen)


def _terms(text: str, letters: tuple[str, ...]) -> Iterator[str]:
    """Yield every stretch of mathematics that begins and ends where a term can."""
    run: list[tuple[int, int]] = []
    for found in _TERM_TOKEN.finditer(text):
        said = found.group()
        if said[0].isdigit() or said in _TERM_SIGNS or said == "**" or set(said) <= set(letters):
            run.append(found.span())
        else:
            yield from _within(text, run)
            run = []
    yield from _within(text, run)


def _within(text: str, run: list[tuple[int, int]]) -> Iterator[str]:
    for at, (start, _) in enumerate(run):
        if text[start] in "*/^×·÷=)%:" or _is_bound(text[start - 1 : start], text[start]):
            continue
        for _, end in run[at : at + _MOST_TERM]:
            if text[end - 1] in "+-*/^×·÷=(√:" or _is_bound(text[end - 1], text[end : end + 1]):
                continue
            yield text[start:end]


def _is_bound(one: str, other: str) -> bool:
    """Whether two signs side by side belong to one product or power, such as 3 and x of 3x."""
    return (
        (one.isalnum() or one in ")^/")
        and (other.isalnum() or other in "(^/")
        and one + other != ""
    )

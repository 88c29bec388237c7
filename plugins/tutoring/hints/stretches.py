"""The stretches of a text that could be taken for an answer, by the kind of answer there is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

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
_WORD = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*|[^\w\s]")
_TERM_TOKEN = re.compile(r"\d+(?:[.,]\d+)?|[^\W\d_]+|\*\*|[^\s\w]")
_TERM_SIGNS = frozenset("+-*/^()×·÷=√%:")
_UNIT = re.compile(
    r"\s?(?:of an? |of |de |d')?([^\W\d_%°$€£¥]*[°$€£¥%]?[^\W\d_]+(?:[/²³^]\w+)*\.?|[°$€£¥%])"
)
_MOST_TERM = 24
"""Tokens of a term: nobody writes a longer answer."""
_LONGEST_TEXT = 20_000


def of(text: str, posed: Posed, *, strict: bool) -> Iterator[str]:
    """Yield the stretches of a text, without mark-up, that could be an answer to what is posed."""
    text = text[:_LONGEST_TEXT]
    kind = posed.kind
    if kind in {AnswerKind.WORDS, AnswerKind.CHOICE}:
        yield from _phrases(text, _widths(posed))
        return
    if kind in {AnswerKind.EXPRESSION, AnswerKind.EQUATION}:
        yield from _terms(text, posed.letters or ("x",))
    yield from _numbers(text, posed, strict=strict)
    if kind is AnswerKind.SET or any(";" in each for each in posed.answers):
        yield from _sets(text, max(each.count(";") + 1 for each in posed.answers))
        yield from _phrases(text, _widths(posed))


def _widths(posed: Posed) -> set[int]:
    """Return how many words the answers have; one more or less is looked at, too."""
    counts = {len(_WORD.findall(each)) for each in posed.answers}
    return {each for many in counts for each in (many - 1, many, many + 1) if each > 0}


def _phrases(text: str, widths: set[int]) -> Iterator[str]:
    spans = [each.span() for each in _WORD.finditer(text)]
    for at in range(len(spans)):
        for many in widths:
            if at + many <= len(spans):
                yield text[spans[at][0] : spans[at + many - 1][1]]


def _numbers(text: str, posed: Posed, *, strict: bool) -> Iterator[str]:
    """Yield every number, as a whole: neither 3 nor 4 of 3/4, and not 3 of 3x."""
    letters = set(posed.letters)
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
        glued = after.isalpha()
        ordinal = glued and _ORDINAL.match(text, end) is not None
        for each in bodies:
            if strict or not (ordinal or (glued and (after in letters or len(letters) > 0))):
                yield each
                yield from _signed(text, found, each)
            if each is body or body.endswith(each):
                if found["after"]:
                    yield each + "%"
                yield from _with_unit(text, end, each)
            if each is body or body.startswith(each):
                yield from _unit_before(text, start, each)


def _signed(text: str, found: re.Match[str], body: str) -> Iterator[str]:
    if found["sign"]:
        before = text[: found.start()].rstrip()[-1:]
        if (
            not (before.isalnum() or before == ")")
            or text[found.start() - 1 : found.start()] == " "
        ):
            yield found["sign"].strip() + body


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

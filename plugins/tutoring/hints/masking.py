"""A hint with marks for all that a model must not touch, and the marks turned back.

Numbers in digits and words, terms, quoted words and code are marked; so a model's words need none of
them, and any that it writes is one too many.
"""

from __future__ import annotations

import functools
import re

import msgspec

from hinterland.plugins.tutoring.hints import spelled
from hinterland.plugins.tutoring.lessons import Posed

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MARK = re.compile(r"\[[A-Z]\]")
_QUOTED = re.compile(
    r"```.*?```|`[^`]+`|\$[^$]+\$|\\\(.*?\\\)|“[^”]*”|«[^»]*»|\"[^\"]*\"|‘[^’]*’|(?<!\w)'[^']+'(?!\w)"
    r"|\*\*[^*\n]+\*\*|(?<![\w*])\*[^*\n]+\*(?![\w*])|(?<!\w)_[^_\n]+_(?!\w)|_{2,}|\.{3}",
    re.DOTALL,
)
_WORD = re.compile(r"[^\W\d_]+")
_SIGN = r"[-+−–*/^×÷·∙=≠≈<>≤≥±√(){}\[\]%‰°²³:'.,_|#$€£¥]"
_NOUN = re.compile(r"\s[^\W\d_]{4,}")
"""The word after a number, which is marked with it: a model keeps “two fractions” better than “two”."""


class Masked(msgspec.Struct, frozen=True):
    """A hint as a model is given it."""

    text: str
    kept: tuple[str, ...]
    """What the marks [A], [B], … stand for."""

    @property
    def marks(self) -> list[str]:
        """The marks in their order."""
        return [f"[{letter}]" for letter in _LETTERS[: len(self.kept)]]


def mask(text: str, posed: Posed) -> Masked | None:
    """Return a hint of an exercise with its marks; None where there is too much to mark, or something
    that looks like a mark already."""
    if _MARK.search(text):
        return None
    spans = _merged(text, [*_spans(text, posed)])
    if len(spans) > len(_LETTERS):
        return None
    said: list[str] = []
    kept: list[str] = []
    at = 0
    for start, end in spans:
        said += [text[at:start], f"[{_LETTERS[len(kept)]}]"]
        kept.append(text[start:end])
        at = end
    said.append(text[at:])
    return Masked("".join(said), tuple(kept))


def restore(masked: Masked, said: str) -> str | None:
    """Return what a model said with the marks turned back; None where one is lost, doubled, new or out
    of its place."""
    if _MARK.findall(said) != masked.marks:
        return None
    pieces = _MARK.split(said)
    if any("[" in piece or "]" in piece for piece in pieces):
        return None
    text = pieces[0]
    for kept, piece, begins in zip(
        masked.kept, pieces[1:], _beginnings(_MARK.split(masked.text)), strict=True
    ):
        begins_now = _begins(text)
        if begins != begins_now and kept[:1].isalpha() and kept[1:2].islower():
            kept = (kept[0].upper() if begins_now else kept[0].lower()) + kept[1:]
        text += kept + piece
    return text


def _beginnings(pieces: list[str]) -> list[bool]:
    """Return whether each mark between the pieces of a text is at the beginning of a sentence."""
    return [_begins("".join(pieces[: at + 1])) for at in range(len(pieces) - 1)]


def _begins(before: str) -> bool:
    return not before.strip() or before.rstrip()[-1] in ".?!"


def bare(said: str) -> str:
    """Return a model's own words, with a gap where a mark stands."""
    return _MARK.sub(" … ", said)


def _spans(text: str, posed: Posed) -> list[tuple[int, int]]:
    spans = [each.span() for each in _QUOTED.finditer(text)]
    number_words = set(spelled.number_words(text, posed.language))
    known = spelled.spelling(posed.language)
    whole = known.words if known else {}
    answers = {word for each in posed.answers for word in _WORD.findall(spelled.folded(each))}
    for each in _WORD.finditer(text):
        word = spelled.folded(each.group())
        if word in number_words:
            noun = _NOUN.match(text, each.end()) if word in whole else None
            spans.append((each.start(), noun.end() if noun else each.end()))
        elif (len(word) > 3 and word in answers) or each.group() in posed.letters:
            spans.append(each.span())
    outside = _QUOTED.sub(lambda found: "\0" * len(found.group()), text)
    for found in _terms(posed.letters).finditer(outside):
        spans += _term(text, *found.span())
    return spans


@functools.lru_cache(maxsize=64)
def _terms(letters: tuple[str, ...]) -> re.Pattern[str]:
    """Return a pattern of stretches of digits, signs and these letters."""
    alone = rf"(?<!\w)[{re.escape(''.join({'x', *letters}))}](?!\w)"
    one = rf"(?:\w*\d\w*|{_SIGN}|{alone})"
    return re.compile(rf"{one}(?:\s?{one})*")


def _term(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Return the part of a stretch of signs that is mathematics: it has a digit, an operator or a
    bracket in it, and does not end with a full stop or a comma."""
    while start < end and text[start] in " .,:'()[]-–":
        if text[start] in "([" and _closes(text[start:end]):
            break
        if text[start] in "-–" and text[start + 1 : start + 2].isdigit():
            break
        start += 1
    while start < end and text[end - 1] in " .,:'()[]-–":
        if text[end - 1] in ")]" and _closes(text[start:end]):
            break
        end -= 1
    stretch = text[start:end]
    is_one = any(each.isdigit() for each in stretch) or bool(
        re.search(r"[-+*/^×÷=<>%°$€£¥√]", stretch)
    )
    return [(start, end)] if is_one else []


def _closes(text: str) -> bool:
    return text.count("(") == text.count(")") and text.count("[") == text.count("]")


def _merged(text: str, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return spans in order, those that meet or have only a blank between them as one."""
    result: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if start == end:
            continue
        if result and (start <= result[-1][1] or not text[result[-1][1] : start].strip()):
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result

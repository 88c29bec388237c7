"""What a model must not touch, written so that it keeps it.

Small models keep a `%s` or a `<b>` that they know better than a mark that they have never seen, but
turn `5 mg` into words; marks of our own say nothing about what they stand for. Hence the styles.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum

import msgspec

from hinterland.plugins.translation.segments.cutting import Segment
from hinterland.plugins.translation.segments.protected import stretches
from hinterland.plugins.translation.units import Code, Kind, Parts


class Style(StrEnum):
    """How marks look to a model."""

    KNOWN = "known"
    """Placeholders as they stand, and mark-up as tags that every model knows, such as `<b>`."""
    TAGS = "tags"
    """`<x1/>`, and `<g1>` with `</g1>`, as in XLIFF."""
    BRACKETS = "brackets"
    """`[[1]]`"""


_NAMES = ("b", "i", "u", "em", "strong", "s", "sub", "sup")
"""Tags for pairs of codes in the style KNOWN, as long as there are enough."""
_LOOKS_LIKE_MARK = re.compile(r"</?[xg]\d+/?>|\[\[\d+\]\]")


class Mark(msgspec.Struct, frozen=True):
    """Something that must come back as it was."""

    token: str
    """How the model sees it; in the style KNOWN two marks may look the same."""
    kept: str | Code
    in_order: bool = False
    """Whether it must not change places with others of its kind: a `%s` without a number."""


class Masked(msgspec.Struct, frozen=True):
    """A segment as a model is given it."""

    text: str
    marks: tuple[Mark, ...]
    """In the order of the text."""
    style: Style
    segment: Segment


def mask(segment: Segment, style: Style) -> Masked:
    """Return a segment's text with a mark for everything that must come back as it was."""
    text: list[str] = []
    marks: list[Mark] = []
    names = _Names(segment.parts, style)
    for kept in _apart(segment.parts):
        if isinstance(kept, str):
            text.append(kept)
            continue
        mark = names.mark(kept, len(marks) + 1)
        marks.append(mark)
        text.append(mark.token)
    return Masked("".join(text), tuple(marks), style, segment)


def _apart(parts: Parts) -> Iterator[str | Code | re.Match[str]]:
    """Yield the texts between what is protected, and that."""
    for part in parts:
        if isinstance(part, Code):
            yield part
            continue
        at = 0
        for found in _found(part):
            yield part[at : found.start()]
            yield found
            at = found.end()
        yield part[at:]


def _found(text: str) -> list[re.Match[str]]:
    found = stretches(text)
    if "[[" not in text:
        return found
    taken = [range(*each.span()) for each in found]
    others = _LOOKS_LIKE_MARK.finditer(text)  # a text that looks like our marks is one, too
    found += [each for each in others if not any(each.start() in span for span in taken)]
    return sorted(found, key=re.Match.start)


class _Names:
    """Gives the marks of one segment their looks."""

    def __init__(self, parts: Parts, style: Style) -> None:
        self._style = style
        self._numbers: dict[int, str] = {}
        if style is Style.KNOWN and any(isinstance(part, Code) for part in parts):
            text = "".join(part for part in parts if isinstance(part, str))
            self._free = [name for name in _NAMES if f"<{name}" not in text]
            self._free.reverse()

    def mark(self, kept: Code | re.Match[str], number: int) -> Mark:
        """Return the mark of what is the nth to be kept."""
        if isinstance(kept, re.Match):
            text = kept.group()
            if self._style is Style.KNOWN:
                return Mark(text, text, is_in_order(text))
            return Mark(self._alone(number), text, is_in_order(text))
        if kept.kind is Kind.ALONE or self._style is Style.BRACKETS:
            return Mark(self._alone(number), kept)
        name = self._numbers.get(kept.pair)
        if name is None:
            name = f"g{number}"
            if self._style is Style.KNOWN and self._free:
                name = self._free.pop()
            self._numbers[kept.pair] = name
        return Mark(f"<{name}>" if kept.kind is Kind.OPEN else f"</{name}>", kept)

    def _alone(self, number: int) -> str:
        return f"[[{number}]]" if self._style is Style.BRACKETS else f"<x{number}/>"


_IN_ORDER = re.compile(
    r"%[-+#0']*(?:\d+|\*)?(?:\.(?:\d+|\*))?[hlqjztL]*[diouxXeEfFgGaAcsp@](?![^%]*\$)|\{\}|\{[:!][^}]*\}"
)


def is_in_order(text: str) -> bool:
    """Whether a program fills this in by its place, as the first `%s` or the second."""
    return _IN_ORDER.search(text) is not None

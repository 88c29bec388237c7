"""What a model must not touch, as marks that it keeps."""

from __future__ import annotations

import re
from enum import StrEnum

import msgspec

from hinterland.plugins.translation.segments.cutting import Segment
from hinterland.plugins.translation.segments.protected import PROTECTED
from hinterland.plugins.translation.units import Code, Parts


class Style(StrEnum):
    """How marks look to a model."""

    TAGS = "tags"
    """`<x1/>`"""
    BRACKETS = "brackets"
    """`[[1]]`"""


_FORMS = {Style.TAGS: "<x{}/>", Style.BRACKETS: "[[{}]]"}
MARKS = {
    Style.TAGS: re.compile(r"<x(\d+)/>"),
    Style.BRACKETS: re.compile(r"\[\[(\d+)\]\]"),
}
_LOOKS = re.compile(r"<x\d+/>|\[\[\d+\]\]")


class Masked(msgspec.Struct, frozen=True):
    """A segment as a model is given it."""

    text: str
    marks: tuple[str | Code, ...]
    """What stands behind the marks: the first is mark 1."""
    style: Style
    parts: Parts
    """The segment's own."""


def mask(segment: Segment, style: Style) -> Masked:
    """Return a segment's text with a mark for everything that must come back as it was."""
    marks: list[str | Code] = []
    form = _FORMS[style]

    def marked(kept: str | Code) -> str:
        marks.append(kept)
        return form.format(len(marks))

    text = []
    for part in segment.parts:
        if isinstance(part, Code):
            text.append(marked(part))
            continue
        at = 0
        for found in PROTECTED.finditer(part):
            text.append(part[at : found.start()])
            text.append(marked(found.group()))
            at = found.end()
        text.append(part[at:])
    return Masked("".join(text), tuple(marks), style, segment.parts)

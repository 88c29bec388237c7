"""The lines of a lesson's file, and which of them are code, where nothing has a meaning."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec


class Line(msgspec.Struct, frozen=True):
    """One line of a file."""

    number: int
    text: str
    is_code: bool = False
    """Whether it belongs to a fenced block, where nothing has a meaning."""


def lines_of(text: str) -> Iterator[Line]:
    """Yield the lines of a text, numbered from 1."""
    fence = ""
    for number, each in enumerate(text.splitlines(), 1):
        stripped = each.strip()
        if fence:
            yield Line(number, each, is_code=True)
            if set(stripped) == {fence[0]} and len(stripped) >= len(fence):
                fence = ""
            continue
        if opened := re.match(r"(`{3,}|~{3,})", stripped):
            fence = opened[1]
        yield Line(number, each, is_code=bool(fence))

"""Lines no wider than they should be, in scripts with spaces between words and in those without."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

_WIDE = re.compile("[\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uffef]")
_WRAPPED_FROM = 40  # characters: shorter lines than this were not wrapped, they are a list
_NEAR = 50  # lines
_BULLETS = "-*•·"
_OPENING = "([{「『《〈（【“‘"
_CLOSING = ")]}」』》〉）】”’、。，．！？：；…"


def cells(text: str) -> int:
    """Return how many cells of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(
        2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
        if not unicodedata.combining(char)
    )


def runs_on(lines: Sequence[str], number: int) -> bool:
    """Whether a line continues the sentence of the line before it.

    It does where its first word had no room there: in lines as wide as the widest around.
    """
    before, line = lines[number - 1].rstrip(), lines[number]
    if not before or not line.strip() or line[0].isspace() or line[0] in _BULLETS:
        return False
    first = line.split(maxsplit=1)[0]
    width = len(before) + 1 + len(first)
    return width > _WRAPPED_FROM and all(
        len(near.rstrip()) < width for near in _around(lines, number)
    )


def _around(lines: Sequence[str], number: int) -> Iterator[str]:
    """Yield the lines up to the next empty ones, and no more than would matter."""
    for step, start in ((-1, number - 1), (1, number)):
        at = start
        while 0 <= at < len(lines) and lines[at].strip() and abs(at - start) < _NEAR:
            yield lines[at]
            at += step


def wrapped(text: str, width: int) -> list[str]:
    """Return a text as lines of at most `width` cells; a longer word has a line of its own."""
    lines = [""]
    for word in _words(text):
        if lines[-1] and cells(lines[-1]) + cells(word.rstrip(" ")) > width:
            lines[-1] = lines[-1].rstrip(" ")
            lines.append("")
        lines[-1] += word
    return lines


def _words(text: str) -> Iterator[str]:
    """Yield the pieces that a line may end after, with their spaces."""
    for word in re.findall(r"[^ ]+ *|^ +", text):
        if not _WIDE.search(word):
            yield word
            continue
        held = ""
        for char in word:
            if held and not (
                char in _CLOSING
                or char == " "
                or unicodedata.combining(char)
                or held[-1] in _OPENING
                or not (_WIDE.match(char) or _WIDE.match(held[-1]))
            ):
                yield held
                held = ""
            held += char
        yield held

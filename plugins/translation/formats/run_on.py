"""Whether a line within a string goes on in the next one: strings are too short to tell from all
their lines whether a person wrapped them, so it is told from the lines around."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

_WRAPPED_FROM = 40  # characters: shorter lines than this were not wrapped, they are a list
_NEAR = 50  # lines
_ENDS = ".!?:。！？：।؟"
_BULLETS = {"-", "*", "•", "·", "–"}


def runs_on(lines: Sequence[str], number: int) -> bool:
    """Whether a line continues the sentence of the line before it.

    It does where its first word had no room there: in lines as wide as the widest around. Where a
    sentence ends with the line, nothing is lost by taking it for another text.
    """
    before, line = lines[number - 1].rstrip(), lines[number]
    if not before or not line.strip() or line[0].isspace() or before[-1] in _ENDS:
        return False
    first = line.split(maxsplit=1)[0]
    if not may_begin(first):
        return False
    width = len(before) + 1 + len(first)
    return width > _WRAPPED_FROM and all(
        len(near.rstrip()) < width for near in _around(lines, number)
    )


def may_begin(word: str) -> bool:
    """Whether a wrapped line can begin with a word: one that begins an item of a list cannot."""
    return word.strip() not in _BULLETS


def _around(lines: Sequence[str], number: int) -> Iterator[str]:
    """Yield the lines up to the next empty ones, and no more than would matter."""
    for step, start in ((-1, number - 1), (1, number)):
        at = start
        while 0 <= at < len(lines) and lines[at].strip() and abs(at - start) < _NEAR:
            yield lines[at]
            at += step

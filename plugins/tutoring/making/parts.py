"""A text cut into parts that a model can read at once, and the order in which it is given them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from hinterland.plugins.tutoring.making.source import Block

LONGEST_PART = 2400
"""Characters: some 600 tokens of English, and still within a small window in other scripts."""
_SMALLEST = 240
"""Characters of a part that is not halved any more."""


class Part(msgspec.Struct, frozen=True):
    """Some of a text."""

    text: str
    start: int
    """Where it begins in the whole text, and where it ends."""
    end: int

    def halves(self) -> tuple[Part, ...]:
        """Return its two halves, cut where a sentence ends; () for one that is too short to cut."""
        if len(self.text) < 2 * _SMALLEST:
            return ()
        middle = len(self.text) // 2
        ends = [
            at
            for sign in ("\n", ". ", "? ", "! ", "。", "।", "။", " ")
            if (at := self.text.find(sign, middle)) >= 0
        ]
        cut = min(ends, default=middle) + 1
        whole = self.end - self.start
        place = self.start + whole * cut // len(self.text)
        return (
            Part(self.text[:cut].strip(), self.start, place),
            Part(self.text[cut:].strip(), place, self.end),
        )


def parts_of(blocks: Sequence[Block], longest: int = LONGEST_PART) -> tuple[Part, ...]:
    """Return a text in parts of whole blocks, none longer than `longest` but a single long one,
    which is halved until it is short enough."""
    found: list[Part] = []
    texts: list[str] = []
    start = end = 0
    for block in blocks:
        if texts and sum(map(len, texts)) + len(block.text) > longest:
            found.append(Part("\n\n".join(texts), start, end))
            texts = []
        start = start if texts else block.start
        texts.append(block.text)
        end = block.end
    if texts:
        found.append(Part("\n\n".join(texts), start, end))
    return tuple(short for part in found for short in _short(part, longest))


def _short(part: Part, longest: int) -> Iterator[Part]:
    halves = part.halves() if len(part.text) > longest else ()
    if not halves:
        yield part
    for half in halves:
        yield from _short(half, longest)


def spread(parts: Sequence[Part]) -> tuple[Part, ...]:
    """Return parts in an order in which every beginning is spread over the whole text: whoever stops
    early has asked about all of it."""
    order: list[Part] = []
    step = 1
    while step < len(parts):
        step *= 2
    taken: set[int] = set()
    while step >= 1:
        for at in range(0, len(parts), step):
            if at not in taken:
                taken.add(at)
                order.append(parts[at])
        step //= 2
    return tuple(order)

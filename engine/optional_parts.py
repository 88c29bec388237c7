"""How many parts of a regular expression may be left out, one after the other: a grammar that is made of
it follows every way through them, token after token."""

from __future__ import annotations

import re
from dataclasses import dataclass

# A class that is not closed goes on to the end: else each bracket in it would be looked for again.
_PIECE = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*(?:\]|\\?\Z)|\((?:\?[:=!])?|[*+?]\??|\{(\d{0,9})(,?)(\d{0,9})\}|.",
    re.DOTALL,
)


@dataclass
class _Part:
    """One part, or what stands in a group so far."""

    optional: int = 0
    empty: bool = False
    """Whether it may be nothing at all."""
    before: bool = False
    """Whether an alternative before this one may be."""

    def add(self, part: _Part | None) -> None:
        """Go on with `part`."""
        if part is not None:
            self.optional += part.optional
            self.empty = self.empty and part.empty

    def repeat(self, least: int, most: int) -> None:
        """Come `least` times at least, and be written out `most` times."""
        if self.empty:
            self.optional = max(self.optional, 1) * most
        elif not least:
            self.optional = max(self.optional, 1)
        self.empty = self.empty or not least


def optional_parts(pattern: str) -> int:
    """Return how many parts may be left out; one that is to come ten times and may be nothing each time
    is ten."""
    groups, last = [_Part(empty=True)], None
    for piece in _PIECE.finditer(pattern):
        text = piece[0]
        if text[0] in "*+?" or piece[1] is not None:
            if last is not None:
                last.repeat(*_times(piece))
            continue
        groups[-1].add(last)
        last = None
        if text[0] == "(":
            groups.append(_Part(empty=True))
        elif text == ")" and len(groups) > 1:
            last = groups.pop()
            last.empty = last.empty or last.before
        elif text == "|":
            groups[-1].before = groups[-1].before or groups[-1].empty
            groups[-1].empty = True
        else:
            last = _Part(empty=text in "^$")
    for group in reversed(groups):
        group.add(last)
        last = group
    return groups[0].optional


def _times(piece: re.Match[str]) -> tuple[int, int]:
    """Return how often a part comes at least, and how often a grammar has it written out."""
    if piece[1] is None:
        return int(piece[0][0] == "+"), 1
    least = int(piece[1] or 0)
    return least, int(piece[3]) if piece[3] else least + bool(piece[2])

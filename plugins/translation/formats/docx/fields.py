"""Fields: stretches of a document that Word computes, from a mark to a mark.

Their results are not for a translator, but for those that are made of the document's own words.
"""

from __future__ import annotations

import re

_WORDS = frozenset({"HYPERLINK", "TOC"})
"""Fields whose result is text of the author; ECMA-376-1, 17.16.5, has all of them."""


class Field:
    """One field; it counts only if it has an end."""

    __slots__ = ("ended", "instruction", "separated")

    def __init__(self) -> None:
        self.instruction = ""
        self.separated = False
        self.ended = False

    @property
    def is_text(self) -> bool:
        return is_text(self.instruction)


def is_text(instruction: str) -> bool:
    """Return whether the result of a field is text to translate."""
    word = re.match(r"\s*\\?(\w+)", instruction)
    return word is not None and word[1].upper() in _WORDS


Within = tuple[tuple[Field, bool], ...]
"""The fields that something stands in, and of each whether it is in its result."""


class Fields:
    """The fields that are open at a place in one story of the document."""

    def __init__(self) -> None:
        self._open: list[Field] = []
        self.within: Within = ()

    def mark(self, kind: str) -> Field | None:
        """Note a mark ("begin", "separate", "end") and return its field; None for a stray one."""
        if kind == "begin":
            self._open.append(Field())
        if not self._open:
            return None
        field = self._open[-1]
        if kind == "separate":
            field.separated = True
        elif kind == "end":
            field.ended = True
            self._open.pop()
        self.within = tuple((each, each.separated) for each in self._open)
        return field

    def instruct(self, text: str) -> None:
        """Note a piece of the innermost field's instruction."""
        if self._open and not self._open[-1].separated:
            self._open[-1].instruction += text


def computed(within: Within) -> bool:
    """Return whether something is an instruction, or a result that is no text of the author's."""
    return any(field.ended and not (result and field.is_text) for field, result in within)

"""What the tutor says by key: a text, several to take turns, or one for one and one for many."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import msgspec

FIELD = re.compile(r"\{([a-z_]+)\}")
"""A place in a text that a value is put into."""


class Counted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text that depends on the field `count`."""

    one: str
    other: str


Text = str | list[str] | Counted
"""One text; several that take turns; or one for each number."""


def texts_of(text: Text) -> tuple[str, ...]:
    """Return every text that could be said."""
    match text:
        case str():
            return (text,)
        case Counted(one, other):
            return (one, other)
        case _:
            return tuple(text)


def fields_of(text: Text) -> frozenset[str]:
    """Return the names of the values that a text has places for."""
    return frozenset(name for each in texts_of(text) for name in FIELD.findall(each))


class Words:
    """The words of one language; says nothing by chance, so that a lesson can be said again."""

    def __init__(self, language: str, texts: Mapping[str, Text], one: frozenset[int]) -> None:
        self.language = language
        """Its code, such as `en`."""
        self._texts = texts
        self._one = one
        self.turns: dict[str, int] = {}
        """How often each key with several texts was said; may be set, to go on where one was."""

    def __contains__(self, key: str) -> bool:
        return key in self._texts

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def say(self, key: str, **fields: object) -> str:
        """Return the text of a key, values in their places; several texts take turns.

        Raises KeyError for a key or a value that is not there.
        """
        text = self._texts[key]
        match text:
            case str():
                chosen = text
            case Counted(one, other):
                chosen = one if fields["count"] in self._one else other
            case _:
                turn = self.turns.get(key, 0)
                self.turns[key] = (turn + 1) % len(text)
                chosen = text[turn % len(text)]
        return FIELD.sub(lambda found: str(fields[found[1]]), chosen)

    def all(self, key: str) -> tuple[str, ...]:
        """Return every text of a key, as it is written."""
        return texts_of(self._texts[key])

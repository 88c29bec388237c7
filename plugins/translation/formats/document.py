"""What a format is: a document is read as units, and written with translations in their places."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol

from hinterland.plugins.translation.units import Parts, Unit


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a user says about documents; each format looks at what concerns it."""

    target: str = ""
    """The code of the language that is translated into, such as fr or zh-Hant."""
    columns: tuple[str, ...] = ()
    """The columns of a table that are translated, by name or by number from 1."""
    keys: tuple[str, ...] = ()
    """Patterns such as `menu.*.label`: of JSON and TOML only strings at these are translated."""
    redo: bool = False
    """Translate again what the document has a translation of."""
    options: dict[str, str] = field(default_factory=dict)


class Unwritable(Exception):  # noqa: N818 - it speaks of a text, and never reaches a user as an error
    """A translation that its format has no way to write, such as a link inside a link."""


class Writer(Protocol):
    """Writes one document anew, unit by unit in the order of `Document.units`."""

    def put(self, unit: Unit, parts: Parts | None, *, doubtful: bool = False) -> None:
        """Give a unit its translation; None leaves it as it stands. `doubtful` says that somebody
        should look at it, in formats that can note that.

        Raises OSError, and Unwritable where this text cannot stand there: None can be given then."""

    def close(self) -> None:
        """Write what is left; a writer that was not closed has written no document."""


class Document(Protocol):
    """One document that can be translated."""

    def units(self) -> Iterator[Unit]:
        """Yield its units in order, each time from the beginning.

        Raises InputError, with the line, where the document is broken; formats that can, do so
        before the first unit.
        """

    def writer(self, out: BinaryIO) -> Writer:
        """Return what writes it into `out`, which need not be seekable."""

"""The files of a pupil's folder: who it is and where the lesson stands, and the cards."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from hinterland.errors import StorageError
from hinterland.plugins.tutoring.pupils.done import NEVER, Card
from hinterland.plugins.tutoring.pupils.pins import Pin
from hinterland.store import DocumentFile, Schema

SCHEMA_VERSION = 1

PERSON, CARDS, LOG, LESSON = "pupil.json", "cards.json", "log.jsonl", "lesson"


class Settings(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a pupil has chosen."""

    language: str = ""
    """Of the tutor's words, as a BCP 47 code; "" is the interface's."""
    a_day: int = 20
    """Exercises that come back on one day at most."""


class Person(msgspec.Struct, frozen=True, omit_defaults=True):
    name: str
    created: datetime
    settings: Settings = Settings()
    pin: Pin | None = None
    seen: datetime = NEVER
    """When an exercise was recorded last, or the clock was believed."""
    doubted: datetime | None = None
    """What the clock said when it was first found to be wrong; None while it is right."""


class Kept(msgspec.Struct, frozen=True):
    """Where the lesson stands; a step that finishes an exercise holds for as soon as its line is in
    the log, and `before` until then."""

    place: Any = None
    since: int = 0
    """Bytes of the log with which `place` holds."""
    before: Any = None


class PersonContent(msgspec.Struct):
    """The tables of `pupil.json`."""

    schema: dict[str, Schema]
    pupil: dict[str, Person]
    place: dict[str, Kept] = {}


class Counted(msgspec.Struct, frozen=True):
    bytes: int
    """Bytes of the log that the cards are made of."""


class CardsContent(msgspec.Struct):
    """The tables of `cards.json`, which can be made from the log at any time."""

    schema: dict[str, Schema]
    counted: dict[str, Counted]
    card: dict[str, Card] = {}


class Files:
    """The files in one pupil's folder. Everything raises StorageError."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._person = DocumentFile(folder / PERSON, PersonContent, SCHEMA_VERSION)
        self._cards = DocumentFile(folder / CARDS, CardsContent, SCHEMA_VERSION)

    def person(self) -> tuple[Person, Kept] | None:
        """Return who the pupil is and the place; None where the folder is no pupil's."""
        content = self._person.read()
        if content is None or not content.pupil:
            return None
        person = next(iter(content.pupil.values()))
        return person, next(iter(content.place.values()), Kept())

    def keep_person(self, person: Person, kept: Kept) -> None:
        """Put both on the disk."""
        with self._person.edit() as edit:
            edit.rewrite("pupil", [person])
            edit.rewrite("place", [kept])

    def cards(self) -> tuple[int, list[Card]]:
        """Return the bytes of the log that are counted, and the cards that come of them; none where
        they are damaged, since the log has them."""
        try:
            content = self._cards.read()
        except StorageError as error:
            if error.__cause__ is None or isinstance(error.__cause__, OSError):
                raise  # a newer Hinterland's, or not to be read at all
            content = None
        if content is None:
            return 0, []
        counted = next(iter(content.counted.values()), Counted(0))
        return counted.bytes, list(content.card.values())

    def keep_cards(self, counted: int, cards: Iterable[Card]) -> None:
        with self._cards.edit(anew=True) as edit:
            edit.rewrite("counted", [Counted(counted)])
            edit.rewrite("card", cards)

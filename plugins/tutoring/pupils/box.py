"""All pupils of one account: a folder each, found by name without reading the others."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, tzinfo
from pathlib import Path

import msgspec

from hinterland import durable
from hinterland.errors import InputError, StorageError
from hinterland.paths import private_folder
from hinterland.plugins.tutoring.pupils import names, pins
from hinterland.plugins.tutoring.pupils.clock import Time
from hinterland.plugins.tutoring.pupils.done import NEVER
from hinterland.plugins.tutoring.pupils.files import LESSON, Files, Kept, Person, Settings
from hinterland.plugins.tutoring.pupils.pupil import Pupil

DEFAULTS = Settings()
_REMOVED = ".removed-"
"""How the folder of a pupil begins that is being removed."""


class Listed(msgspec.Struct, frozen=True):
    """A pupil in the list of all."""

    name: str
    created: datetime
    seen: datetime
    """When the pupil learnt last, or was added."""
    has_pin: bool


class PupilBox:
    """The folder of all pupils; nothing is made before the first is added. Raises StorageError.

    `zone` says where a day ends; without it the machine does.
    """

    def __init__(
        self, folder: Path, clock: Callable[[], datetime], zone: tzinfo | None = None
    ) -> None:
        self.folder = folder
        self._clock = clock
        self._zone = zone
        self.problems: tuple[str, ...] = ()
        """What is wrong with the files of pupils that the last list left out."""

    def list(self) -> list[Listed]:
        """Return all pupils by name, but for those in `problems`."""
        found = [
            Listed(person.name, person.created, person.seen, person.pin is not None)
            for _, person, _ in self._all()
        ]
        return sorted(found, key=lambda listed: (names.key(listed.name), listed.name))

    def add(self, name: str, pin: str = "", settings: Settings = DEFAULTS) -> Pupil:
        """Make a new pupil and return it; raises InputError where there is one of that name."""
        name = names.checked(name)
        kept = pins.made(pin) if pin else None
        folder = self._folder(name)
        if self._find(name) is not None or Files(folder).person() is not None:
            raise InputError(
                f"There is a pupil {name} already.",
                "Add a letter of the other name to tell them apart.",
            )
        private_folder(folder)
        now = Time(self._clock, NEVER).now()
        Files(folder).keep_person(Person(name, now, settings, kept, now), Kept())
        return self.look(name)

    def open(self, name: str, pin: str = "") -> Pupil:
        """Return the pupil, to be held for a lesson. Raises InputError for a name that there is not
        and for a wrong PIN."""
        files, person, _ = self._found(name)
        if person.pin is not None and not pins.fits(pin, person.pin):
            raise InputError(
                f"That is not {person.name}'s PIN." if pin else f"{person.name} has a PIN.",
                f"The teacher can clear it: hint tutor pupils pin {names.quoted(person.name)} --clear",
            )
        return Pupil(files, person, self._clock, self._zone)

    def look(self, name: str) -> Pupil:
        """Return the pupil to look at, whatever the PIN: for teachers."""
        files, person, _ = self._found(name)
        return Pupil(files, person, self._clock, self._zone)

    def set_pin(self, name: str, pin: str) -> None:
        """Give the pupil another PIN, or none for "". It is a courtesy, not security: see pins.py."""
        kept = pins.made(pin) if pin else None
        with self._held(name) as (files, person, place):
            files.keep_person(msgspec.structs.replace(person, pin=kept), place)

    def rename(self, name: str, new: str) -> None:
        """Give the pupil another name; raises InputError where somebody has it."""
        new = names.checked(new)
        with self._held(name) as (files, person, place):
            other = self._find(new)
            if other is not None and other[0].folder != files.folder:
                raise InputError(f"There is a pupil {new} already.", "Choose another name.")
            # Once the name is kept, whoever meets the old folder moves it: see `_find`.
            files.keep_person(msgspec.structs.replace(person, name=new), place)
            self._move(files.folder, self._folder(new))

    def remove(self, name: str) -> None:
        """Remove the pupil with everything that was kept of it."""
        import secrets
        import shutil

        with self._held(name) as (files, _, _):
            try:
                # It is nobody's at once; what an end in the middle leaves is swept up next time.
                gone = self.folder / (_REMOVED + secrets.token_hex(8))
                os.rename(files.folder, gone)
                durable.sync_folder(self.folder)
                for folder in self.folder.glob(f"{_REMOVED}*"):
                    shutil.rmtree(folder)
            except OSError as error:
                raise durable.not_written(files.folder, error) from error

    @contextmanager
    def _held(self, name: str) -> Iterator[tuple[Files, Person, Kept]]:
        files, person, _ = self._found(name)
        try:
            with durable.held(files.folder / LESSON):
                yield self._found(name)
        except BlockingIOError as error:
            raise InputError(
                f"{person.name} has a lesson open in another window.", "End it there first."
            ) from error

    def _found(self, name: str) -> tuple[Files, Person, Kept]:
        found = self._find(name)
        if found is not None:
            return found
        import difflib

        known = {names.key(listed.name): listed.name for listed in self.list()}
        near = difflib.get_close_matches(names.key(name), known, 1)
        shown = " ".join(name.split())[: names.LONGEST]
        raise InputError(
            f"There is no pupil {shown}.",
            f"Did you mean {known[near[0]]}?"
            if near
            else f"Add one: hint tutor pupils add {names.quoted(shown)}",
        )

    def _find(self, name: str) -> tuple[Files, Person, Kept] | None:
        known, files = names.key(name), Files(self._folder(name))
        found = files.person()
        if found is not None and names.key(found[0].name) == known:
            return files, *found
        for files, person, kept in self._all():
            if names.key(person.name) == known:  # its renaming was interrupted
                self._move(files.folder, self._folder(person.name))
                return Files(self._folder(person.name)), person, kept
        return None

    def _all(self) -> Iterator[tuple[Files, Person, Kept]]:
        try:
            with os.scandir(self.folder) as entries:
                folders = [each.path for each in entries if not each.name.startswith(".")]
        except FileNotFoundError:
            return
        except OSError as error:
            raise durable.not_written(self.folder, error) from error
        problems = []
        for folder in folders:
            files = Files(Path(folder))
            try:
                found = files.person()
            except StorageError as error:
                problems.append(error.message)
                continue
            if found is not None:
                yield files, *found
        self.problems = tuple(problems)

    def _folder(self, name: str) -> Path:
        return self.folder / names.folder(name)

    def _move(self, old: Path, new: Path) -> None:
        if old == new:
            return
        try:
            os.rename(old, new)
            durable.sync_folder(self.folder)
        except OSError as error:
            raise durable.not_written(new, error) from error

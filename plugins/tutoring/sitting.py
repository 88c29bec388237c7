"""A pupil at this box, with all that a lesson needs around it: for the screen and for lines alike."""

from __future__ import annotations

import asyncio
import getpass
import time
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Self

import msgspec

from hinterland import config, paths
from hinterland import language as interface
from hinterland.language import N_
from hinterland.text import clean_line

if TYPE_CHECKING:
    from hinterland.config import Config
    from hinterland.paths import Paths
    from hinterland.plugins.tutoring.hints import Guide
    from hinterland.plugins.tutoring.lessons.shelf import Shelf
    from hinterland.plugins.tutoring.pupils.box import PupilBox
    from hinterland.plugins.tutoring.pupils.pupil import Pupil
    from hinterland.plugins.tutoring.session import Session
    from hinterland.plugins.tutoring.words import Words

LEAVES = N_("What you write may leave this machine for hints, to {url}.")
"""What is said where a remote engine words the hints."""
_ENGLISH = "en"


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody asked for who wants to learn."""

    topic: str = ""
    """"" goes on where the pupil was."""
    pupil: str = ""
    language: str = ""
    """Of the lessons and of the tutor's words; "" is the pupil's."""
    model: str | None = None
    """The model that words hints; None is that of the settings."""
    with_model: bool = True
    """Whether a model may be asked at all."""


class Sitting:
    """Opened with `async with`; closing it keeps the place where the pupil is.

    Everything raises InputError and StorageError.
    """

    def __init__(self, wish: Wish) -> None:
        self.wish = wish
        self.paths: Paths = paths.find()
        self.settings: Config = config.load(self.paths.config_file)
        self.pupil: Pupil | None = None
        self.session: Session | None = None
        self.words: Words | None = None
        """The tutor's own words, once somebody sits here."""
        self._shelf: Shelf | None = None
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Let the pupil's file go, and end what was started for the lesson."""
        await self._stack.aclose()

    @property
    def box(self) -> PupilBox:
        """Everybody who learns here."""
        return box(self.paths)

    @property
    def shelf(self) -> Shelf:
        """The lessons of this account, read when they are first needed."""
        if self._shelf is None:
            from hinterland.plugins.tutoring.lessons import shelf

            self._shelf = shelf.of(self.paths)
        return self._shelf

    def languages(self) -> list[str]:
        """Return the codes of the languages that lessons are in, the interface's first."""
        found = {each.language.partition("-")[0] for each in self.shelf.lessons()}
        usual = spoken()
        return sorted(found, key=lambda code: (code != usual, code != _ENGLISH, code))

    def language(self) -> str:
        """Return the language of the lessons and the tutor's words: the one that was asked for, else
        the pupil's, the settings', or the interface's."""
        chosen = self.pupil.settings.language if self.pupil is not None else ""
        return self.wish.language or chosen or self.settings.tutoring.language or spoken()

    def add(self, name: str, language: str = "") -> None:
        """Have a new pupil on this box."""
        from hinterland.plugins.tutoring.pupils.files import Settings

        self.box.add(name, settings=Settings(language=language))

    def needs_pin(self, name: str) -> bool:
        """Whether a pupil has a PIN."""
        return self.box.look(name).has_pin

    async def enter(self, name: str, pin: str = "") -> Session:
        """Have a pupil sit down, nobody else at the same time, and return the session."""
        from hinterland.plugins.tutoring import checking, words
        from hinterland.plugins.tutoring.session import Session

        pupil = self.box.open(name, pin)
        self._stack.enter_context(pupil)
        self.pupil = pupil
        checker = await self._stack.enter_async_context(checking.Checker())
        self.words = words.load(self.language(), self.paths.config)
        guide = self._guide()
        seed = time.time_ns() & 0x7FFFFFFF
        self.session = Session(pupil, self.shelf, checker, guide, self.words, seed)
        return self.session

    def find(self, topic: str) -> None:
        """Return where there are lessons on a topic; raises InputError with names that are near."""
        self.shelf.find(topic, self.wish.language)

    def progress(self, width: int) -> list[str]:
        """Return what the pupil has learnt, as lines of at most so many cells."""
        from hinterland.plugins.tutoring.pupils import drawing

        assert self.pupil is not None, "somebody sits here"
        known = drawing.subjects(self.shelf.lessons())
        return drawing.progress(self.pupil, known, width)

    def _guide(self) -> Guide:
        from hinterland.plugins.tutoring import hints

        if not self.wish.with_model:
            return hints.LessonGuide()
        from hinterland.engine.client import EngineClient

        guide = hints.ModelGuide(EngineClient(self.paths), self.model())
        warming = asyncio.create_task(guide.warm())  # before the first hint is waited for
        self._stack.push_async_callback(_ended, warming)
        return guide

    def goes_to(self) -> str:
        """Return the address that a pupil's work is sent to, where the model is another machine's;
        "" where nothing leaves this one."""
        remote = self.settings.remote(self.model()) if self.wish.with_model else None
        return clean_line(remote.url) if remote is not None else ""

    def model(self) -> str | None:
        """Return the model that was asked for, or the settings'."""
        return self.wish.model or self.settings.tutoring.model or self.settings.model or None


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def box(found: Paths) -> PupilBox:
    """Return everybody who learns with an account."""
    from hinterland.plugins.tutoring.pupils.box import PupilBox

    return PupilBox(found.pupils, now)


def now() -> datetime:
    """Return the time on this machine."""
    return datetime.now(UTC)


def spoken() -> str:
    """Return the language of the interface, as two letters."""
    return next(iter(interface.wanted()), _ENGLISH).partition("_")[0].lower()


def account_name() -> str:
    """Return what this account is called, as a name to begin with; "" where it has none."""
    with suppress(OSError, KeyError, ImportError):
        return clean_line(getpass.getuser(), 60).capitalize()
    return ""

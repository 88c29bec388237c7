"""One pupil: what is due, what was done, where the lesson stands; nothing that was recorded is lost.

The log is the truth and is written first; cards are made of it, kept now and then so that opening
reads little, and brought up to the log whenever they are read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Container
from contextlib import ExitStack, suppress
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, Self, TypeVar

import msgspec

from hinterland import durable
from hinterland.errors import InputError, StorageError
from hinterland.language import _
from hinterland.plugins.tutoring.pupils import days, due, mastery, schedule
from hinterland.plugins.tutoring.pupils.clock import FAR, Clock, Doubt, Time, confirmed
from hinterland.plugins.tutoring.pupils.days import Streak
from hinterland.plugins.tutoring.pupils.done import NEVER, Card, Done
from hinterland.plugins.tutoring.pupils.files import LESSON, LOG, Files, Kept, Person, Settings
from hinterland.plugins.tutoring.pupils.log import Finished, Log, Turned
from hinterland.plugins.tutoring.pupils.mastery import Mastery

Place = TypeVar("Place", bound=msgspec.Struct)

_SAVED_EVERY = 64
"""Lines of the log after which the cards are kept anew."""


class Pupil:
    """A pupil as it was when it was opened. A lesson holds it, `with box.open(name) as pupil:`, and
    no second window can; looking at it needs no hold. Everything raises StorageError."""

    def __init__(self, files: Files, person: Person, clock: Clock, zone: tzinfo | None) -> None:
        self._files = files
        self._person = person
        self._kept = Kept()
        self._clock = clock
        self.zone = zone
        self._log = Log(files.folder / LOG)
        self._cards: dict[str, Card] = {}
        self._uncounted = 0
        self._held: ExitStack | None = None
        self._history: list[Finished] | None = None
        self._time = Time(clock, NEVER)
        self._load()

    # Looking

    @property
    def name(self) -> str:
        return self._person.name

    @property
    def settings(self) -> Settings:
        return self._person.settings

    @property
    def has_pin(self) -> bool:
        return self._person.pin is not None

    @property
    def cards(self) -> Collection[Card]:
        """The card of every exercise that was finished at least once."""
        return self._cards.values()

    def now(self) -> datetime:
        """Return the time for this pupil, in UTC: the clock's, unless that is wrong."""
        return self._time.now()

    @property
    def clock_note(self) -> str:
        """What is wrong with the box's clock and what that means, in a sentence; "" when it is right."""
        self._time.now()
        said = f"{self._time.read.astimezone(self.zone):%Y-%m-%d}"
        seen = f"{self._time.seen.astimezone(self.zone):%Y-%m-%d}"
        match self._time.doubt:
            case Doubt.BEHIND:
                return _(
                    "This computer's clock says {date}, but the last lesson was on {last}: until "
                    "the clock is right, lessons count as if no day had passed."
                ).format(date=said, last=seen)
            case Doubt.AHEAD:
                return _(
                    "This computer's clock says {date}, long after the last lesson on {last}: if "
                    "that is right, what is due will show from tomorrow; if not, set the clock."
                ).format(date=said, last=seen)
        return ""

    def due(self, now: datetime, exercises: Collection[str]) -> list[Card]:
        """Return what is to be done again, in its order, of the exercises that there still are.

        `now` is what the clock says; where that is doubted, the pupil's own time counts.
        """
        own = self._time.now()
        now = own if self._time.doubt is not Doubt.NONE else max(now, own)
        cards = [self._cards[each] for each in exercises if each in self._cards]
        return due.today(cards, now, self.settings.a_day, self.zone)

    def place(self, kind: type[Place]) -> Place | None:
        """Return where the lesson stands; None when none is open, or it was kept by another release
        in another form."""
        place = self._kept.place if self._log.size >= self._kept.since else self._kept.before
        try:
            return None if place is None else msgspec.convert(place, kind)
        except msgspec.ValidationError:
            return None

    def history(self) -> list[Finished]:
        """Return every exercise that was finished, the first one first."""
        if self._history is None:
            self._history = _timed(Log(self._log.path).read() or [])
        return self._history

    def coming(self, objectives: Container[tuple[str, str]]) -> dict[date, int]:
        """Return how many exercises come back on which day, those of objectives, as lesson and
        name, that there still are."""
        cards = [card for card in self.cards if (card.lesson, card.objective) in objectives]
        return dict(Counter(card.due.astimezone(self.zone).date() for card in cards))

    def mastery(self, objective: str, lesson: str) -> Mastery:
        """Return how well the pupil holds an objective now; one that was not met is new."""
        return self.masteries().get((lesson, objective)) or Mastery(
            lesson=lesson, objective=objective
        )

    def masteries(self) -> dict[tuple[str, str], Mastery]:
        """Return that of every objective that was met, by lesson and objective."""
        found = mastery.of_all(self.history(), self.cards, self.now(), self.zone)
        return {(each.lesson, each.objective): each for each in found}

    def today(self) -> date:
        """Return the day it is where the pupil is."""
        return self.now().astimezone(self.zone).date()

    def days(self) -> dict[date, int]:
        """Return how many exercises were finished on each day on which there were any."""
        return days.by_day(self.history(), self.zone)

    def streak(self) -> Streak:
        """Return the days learnt, those in a row and the longest row."""
        return days.streak(self.days(), self.today())

    # Learning

    def __enter__(self) -> Self:
        return self.hold()

    def __exit__(self, *_: object) -> None:
        self.close()

    def hold(self) -> Self:
        """Keep other windows from writing this pupil's file until `close`, and read it anew. Raises
        InputError where another window has it."""
        with ExitStack() as stack:
            try:
                stack.enter_context(durable.held(self._files.folder / LESSON))
            except BlockingIOError as error:
                raise InputError(
                    f"{self.name} has a lesson open in another window.",
                    "Go on there, or end it there first.",
                ) from error
            except OSError as error:
                raise durable.not_written(self._files.folder / LESSON, error) from error
            found = self._files.person()
            if found is None:
                raise StorageError(f"{self.name} was removed meanwhile.", "Choose another pupil.")
            self._load()
            if self._kept.since > self._log.size:  # the step that was cut short never came
                self._keep(Kept(self._kept.before))
            self._meet_clock()
            self._held = stack.pop_all()
        return self

    def close(self) -> None:
        """Keep the cards and let go; whatever was recorded is on the disk already."""
        if self._held is None:
            return
        with self._held:
            self._held = None
            if self._uncounted:
                self._keep_cards()
            if self._recorded > self._person.seen:
                with suppress(StorageError):  # it is for lists; the log has it
                    self._change(seen=self._recorded)

    def record(self, done: Done, place: msgspec.Struct | None = None) -> Card:
        """Put a finished exercise on the disk and return its card, which says when it comes back.

        With `place` the lesson stands there as soon as the exercise is recorded and not before,
        whatever happens in between. `done.when` is set here.
        """
        assert self._held is not None, "a pupil is held while a lesson runs"
        done = msgspec.structs.replace(done, when=self._time.now())
        line = Finished(done, schedule.reviewed(self._cards.get(done.exercise), done))
        written = self._log.encoded(line)
        if place is not None or self._kept.since > self._log.size:
            now = self._kept.place if self._log.size >= self._kept.since else self._kept.before
            after = now if place is None else msgspec.to_builtins(place)
            self._keep(Kept(after, self._log.size + len(written), now))
        self._log.add(written)
        self._take(line)
        self._uncounted += 1
        if self._uncounted >= _SAVED_EVERY:
            self._keep_cards()
        return line.card

    def keep(self, place: msgspec.Struct | None) -> None:
        """Put on the disk where the lesson stands; None when none is open."""
        assert self._held is not None, "a pupil is held while a lesson runs"
        self._keep(Kept(None if place is None else msgspec.to_builtins(place)))

    def set(self, settings: Settings) -> None:
        """Put what the pupil chose on the disk."""
        assert self._held is not None, "a pupil is held while a lesson runs"
        self._change(settings=settings)

    # Files

    def _load(self) -> None:
        found = self._files.person()
        if found is not None:
            self._person, self._kept = found
        counted, cards = self._files.cards()
        lines = self._log.read(counted)
        if lines is None:  # the log is another than the one that the cards were made of
            cards, lines = [], self._log.read() or []
        self._cards = {card.exercise: card for card in cards}
        self._history = None
        self._uncounted = len(lines)
        for line in lines:
            self._take(line)
        self._time = Time(self._clock, max(self._recorded, self._person.seen))
        self._time.now()

    @property
    def _recorded(self) -> datetime:
        return max((card.last for card in self._cards.values()), default=NEVER)

    def _take(self, line: Finished | Turned) -> None:
        if isinstance(line, Finished):
            self._cards[line.card.exercise] = line.card
            if self._history is not None:
                self._history.append(line)
        else:
            late = timedelta(seconds=line.late)
            moved = {
                each: schedule.moved(card, line.to, late) for each, card in self._cards.items()
            }
            self._cards = moved
            self._history = None

    def _meet_clock(self) -> None:
        """Note that the clock is doubted; believe it once it says the same on another day."""
        if self._time.doubt is Doubt.NONE:
            if self._person.doubted is not None:
                self._change(doubted=None)
            return
        read, doubted = self._time.read, self._person.doubted
        if not confirmed(read, doubted):
            if doubted is None or not timedelta(0) <= read - doubted <= FAR:
                self._change(doubted=read)
            return
        late = self._time.seen - read
        self._time.believe()
        if late > timedelta(0):
            line = Turned(self._time.seen, late.total_seconds())
            self._log.add(self._log.encoded(line))
            self._take(line)
            self._uncounted += 1
        self._change(doubted=None, seen=self._time.seen)

    def _keep(self, kept: Kept) -> None:
        self._files.keep_person(self._person, kept)
        self._kept = kept

    def _change(self, **changes: Any) -> None:
        person = msgspec.structs.replace(self._person, **changes)
        self._files.keep_person(person, self._kept)
        self._person = person

    def _keep_cards(self) -> None:
        # Where the disk is full, the next to open the pupil reads a longer piece of the log: no more.
        with suppress(StorageError):
            self._files.keep_cards(self._log.size, self._cards.values())
            self._uncounted = 0


def _timed(lines: list[Finished | Turned]) -> list[Finished]:
    """Return the exercises with the times that were meant, where a wrong clock was put right later."""
    found: list[Finished] = []
    for line in lines:
        if isinstance(line, Finished):
            found.append(line)
            continue
        late = timedelta(seconds=line.late)
        for number, each in enumerate(found):
            if each.done.when > line.to:
                done = msgspec.structs.replace(each.done, when=each.done.when - late)
                card = schedule.moved(each.card, line.to, late)
                found[number] = Finished(done, card)
    return found

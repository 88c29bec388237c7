"""What is around a lesson: who the pupil is, what the tutor says, what was asked of the machine."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import ClassVar

import msgspec

from hinterland.conversation import Conversation
from hinterland.language import _
from hinterland.plugins.languages import known
from hinterland.plugins.tutoring import sitting
from hinterland.plugins.tutoring.screen import wording
from hinterland.plugins.tutoring.screen.machine import Machine
from hinterland.plugins.tutoring.screen.messages import (
    Broke,
    Drawn,
    PinWanted,
    Ready,
    Spoke,
    Stood,
    Told,
)
from hinterland.plugins.tutoring.screen.sayings import Look
from hinterland.plugins.tutoring.screen.view import CHOOSES, Page, TutorLayout
from hinterland.plugins.tutoring.session import Act, Said, SaidKind, Status, Wants
from hinterland.plugins.tutoring.sitting import Wish
from hinterland.text import clean_line


class SittingScreen(TutorLayout):
    """A screen at which a pupil sits, or is about to."""

    TAKES_WORDS: ClassVar[bool] = True
    """`/tutor fractions`: what is typed after the name is the topic."""

    def __init__(self, words: str = "", wish: Wish | None = None) -> None:
        super().__init__()
        self.wish = wish or Wish(topic=words)
        self.pupil = ""
        """Who sits here; "" before that is known."""
        self.entering = ""
        """Who is about to sit down."""
        self.wants = Wants.NOTHING
        self.status = Status()
        self.busy = False
        """Whether an act is under way."""
        self.takes_mark = False
        """Whether the answer could begin with `?`, so that it is no key."""
        self.is_computed = False
        """Whether the answer is no text, so that `…?` is a question to the tutor."""
        self.has_passage = False
        self.reading_text = False
        self.over = Page.LESSON
        """The page that help and progress are shown over."""
        self._pupils: Sequence[str] = ()
        self._languages: Sequence[str] = ()
        self._offered: Sequence[str] = ()
        self._telling = False

    def on_mount(self) -> None:
        talk = getattr(self.app, "talk", None)
        if isinstance(talk, Conversation) and self.wish.model is None:
            self.wish = msgspec.structs.replace(self.wish, model=talk.model)
        self.machine = Machine(self.wish, self.post_message)
        self.machine.start()

    async def on_unmount(self) -> None:
        await asyncio.to_thread(self.machine.close)

    # Who it is

    def on_ready(self, message: Ready) -> None:
        self._pupils, self._languages = message.pupils, message.languages
        self.said.add([(Look.NOTE, _literal(each)) for each in message.notes])
        if message.named:
            self.enter(message.named)
        elif len(message.pupils) == 1:
            self.enter(message.pupils[0])
        else:
            self.back_to_pupils()

    def back_to_pupils(self) -> None:
        """Ask who it is."""
        if self._pupils:
            self.choices.offer([*self._pupils, _("Somebody new")])
            self.turn(Page.PUPIL, "")
        elif self.page is Page.NAME:
            self.dismiss("")
        else:
            self._ask_name(sitting.account_name())

    def _ask_name(self, name: str) -> None:
        self.turn(Page.NAME, name)
        self.box.select_all()  # what is typed takes its place

    def take_about_pupil(self, written: str) -> None:
        """Take what is written, or gone to, on a page that asks who it is."""
        chosen = self.choices.chosen
        match self.page:
            case Page.PUPIL if chosen is not None and chosen < len(self._pupils):
                self.enter(self._pupils[chosen])
            case Page.PUPIL:
                if written:
                    self.turn(Page.NAME, written)
                else:
                    self._ask_name(sitting.account_name())
            case Page.PIN if written:
                self.enter(self.entering, written)
            case Page.NAME if written:
                self.entering = written
                if len(self._languages) > 1 and not self.wish.language:
                    self.choices.offer([_native(each) for each in self._languages])
                    self.turn(Page.LANGUAGE, "")
                else:
                    self._add(next(iter(self._languages), ""))
            case Page.LANGUAGE if chosen is not None:
                self._add(self._languages[chosen])

    def enter(self, name: str, pin: str = "") -> None:
        """Have a pupil sit down."""
        self.entering = name
        self.busy = True
        self.machine.enter(name, pin)

    def _add(self, language: str) -> None:
        self.busy = True
        self.machine.enter(self.entering, language=language)

    def on_pin_wanted(self, message: PinWanted) -> None:
        self.busy = False
        self.entering = message.pupil
        self.turn(Page.PIN, "")
        self.tell(message.told)

    # The lesson

    def act(self, act: Act, written: str, *, keeps: bool = False) -> None:
        """Do something in the lesson; what was `written` is shown, and goes from the box unless it
        `keeps`."""
        if self.busy:
            return
        self.busy, self.reading_text, self._telling = True, False, False
        self.said.mark_new()
        if written:
            self.said.add([(Look.PUPIL, written)])
        if not keeps:
            self.write(Page.LESSON, "")
        self._told = ""
        self.machine.act(act)
        self.show()

    def begin_again(self) -> None:
        """Choose something else to learn, after the end of a lesson."""
        self.busy = True
        self.machine.begin_again()
        self.show()

    def on_spoke(self, message: Spoke) -> None:
        for each in message.said:
            self._say(each)
        if self.page not in {Page.LESSON, Page.WORKING}:
            self.turn(Page.LESSON)

    def _say(self, said: Said) -> None:
        goes_on = said.kind is SaidKind.TELLING and self._telling
        self._telling = said.kind is SaidKind.TELLING
        if goes_on:
            self.said.extend(said.text)
        else:
            self.said.add([(wording.LOOKS.get(said.kind, Look.PLAIN), said.text)])
        if said.kind is SaidKind.TITLE:
            self.has_passage = False
        elif said.kind is SaidKind.PASSAGE:
            self.has_passage = True

    def on_stood(self, message: Stood) -> None:
        """Show what is wanted now."""
        self.busy = False
        self.pupil, self.wants, self.status = message.pupil, message.wants, message.status
        told = self._told
        self.takes_mark, self.is_computed = message.takes_mark, message.is_computed
        if message.wants is Wants.CHOICE:
            if self.page is not Page.CHOICE or message.choices != self._offered:
                self._offered = message.choices
                self.choices.offer(message.choices, numbered=True)
                self.turn(Page.CHOICE, "")
        elif self.page in CHOOSES | {Page.OPENING, Page.PIN, Page.NAME}:
            self.turn(Page.LESSON, "")
        self._told = told
        self.show()

    def on_drawn(self, message: Drawn) -> None:
        self.read(Page.PROGRESS, [(Look.TABLE, message.text)])

    def read(self, page: Page, shown: Sequence[tuple[Look, str]]) -> None:
        """Show something to read over the lesson."""
        self.paper.clear()
        self.turn(page, "")
        self.paper.add(shown)

    def on_text_area_changed(self) -> None:
        """Leave what is typed of the names; say which keys are keys."""
        if self.page in CHOOSES:
            self.choices.seek(self.box.text)
        self.hint()

    def on_told(self, message: Told) -> None:
        """Say what could not be done; without a pupil, ask again who it is."""
        self.busy = False
        if not self.pupil and self.page in {Page.OPENING, Page.LANGUAGE, Page.PIN}:
            if not self._languages:  # nothing could be read at all
                self.put("asked", "")
            else:
                self.back_to_pupils()
        self.show()
        self.tell(message.text)

    def on_broke(self, message: Broke) -> None:
        raise message.error


def _native(code: str) -> str:
    return known()[code].native if code in known() else code


def _literal(text: str) -> str:
    return clean_line(text, 600).replace("*", "\\*").replace("_", "\\_")

"""The tutor as a screen: `/tutor` in the chat, and `hint tutor` on a terminal.

The session decides what is said and what an answer does, `machine` runs it, and this takes the keys.
"""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from hinterland.language import N_, _
from hinterland.plugins.tutoring.screen import wording
from hinterland.plugins.tutoring.screen.sayings import Look
from hinterland.plugins.tutoring.screen.sitting_down import SittingScreen
from hinterland.plugins.tutoring.screen.view import CHOOSES, READS, Page
from hinterland.plugins.tutoring.session import (
    Answer,
    AskHint,
    Go,
    Question,
    ShowAnswer,
    Skip,
    Wants,
)

_LESSON = frozenset({Page.LESSON})
_WHERE = {
    "hint": _LESSON,
    "reveal": _LESSON,
    "skip": _LESSON,
    "begin": _LESSON,
    "text": _LESSON,
    "working": _LESSON | {Page.WORKING},
    "progress": _LESSON | {Page.CHOICE},
    "take": frozenset(Page) - {Page.OPENING, Page.WORKING},
    "help": frozenset(Page) - {Page.OPENING, Page.HELP},
    "move": frozenset(Page) - {Page.WORKING},
}
"""On which pages an action does something; one that is not here does on all."""


class LessonScreen(SittingScreen):
    """One pupil's lesson."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", N_("Go on"), id="tutor.take"),
        Binding("question_mark,f2", "hint", N_("Hint"), id="tutor.hint"),
        Binding("f4,ctrl+o", "working", N_("Working"), id="tutor.working"),
        Binding("f1", "help", N_("Help"), id="tutor.help"),
        Binding("escape", "leave", N_("Leave"), id="tutor.leave"),
        # Here for the same key's sake: they are never on the same page.
        Binding("escape", "back", N_("Back"), id="tutor.back"),
        Binding("escape", "stop", N_("Stop waiting"), id="tutor.stop"),
        Binding("exclamation_mark,f3", "reveal", N_("Show me"), id="tutor.reveal"),
        Binding("f8,ctrl+n", "skip", N_("Skip"), id="tutor.skip"),
        Binding("f10,ctrl+g", "begin", N_("Begin now"), id="tutor.begin"),
        Binding("pageup", "page(-1)", N_("Above"), id="tutor.page_up"),
        Binding("pagedown", "page(1)", N_("Below"), id="tutor.page_down"),
        Binding("f9,ctrl+t", "text", N_("The text"), id="tutor.text"),
        Binding("f5,ctrl+r", "progress", N_("Progress"), id="tutor.progress"),
        Binding("up", "move(-1)", N_("Up"), show=False, id="tutor.up"),
        Binding("down", "move(1)", N_("Down"), show=False, id="tutor.down"),
    ]

    # What is shown

    def whereabouts(self) -> str:
        return wording.whereabouts(self.pupil, self.status, self.size.width)

    def notice(self) -> str:
        return super().notice() if self.wish.with_model else ""

    def asked(self) -> str:
        if self.page is Page.PIN:
            return _("The PIN of {name}:").format(name=self.entering)
        if self.page is not Page.LESSON:
            return _(wording.ASKED[self.page]) if self.page in wording.ASKED else ""
        if self.busy:
            return _("One moment …")
        match self.wants:
            case Wants.ANSWER:
                count = len(self.working)
                return _(wording.WORKED).format(count=count) if count else _(wording.ANSWER)
            case Wants.GO:
                return _(wording.MORE if self.said.more_below else wording.GO)
        return _(wording.OVER)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Let keys do what the page takes."""
        if action in _WHERE and self.page not in _WHERE[action]:
            return False
        exercise = self.page in {Page.LESSON, Page.WORKING} and self.wants is Wants.ANSWER
        if action in {"leave", "back", "stop"}:
            return action == self._way_out()
        if action in {"hint", "reveal", "working"}:
            return exercise and not self.busy
        if action == "skip":
            return self.wants is not Wants.NOTHING and not self.busy
        if action == "begin":
            return self.status.stage == "placing" and not self.busy
        if action == "text":
            return self.has_passage
        if action == "page" and self.page in CHOOSES:
            return 0 < self.choices.size.height < self.choices.count
        if action == "page":
            view = self.paper if self.page in READS else self.said
            return view.more_above if parameters[0] == -1 else view.more_below
        return super().check_action(action, parameters)

    def _way_out(self) -> str:
        if self.page in READS | {Page.WORKING, Page.PIN, Page.NAME, Page.LANGUAGE}:
            return "back"
        return "stop" if self.busy and self.page is Page.LESSON else "leave"

    def is_key(self, key: str) -> bool:
        """Whether a character is a key now, and no text: `?` where an answer could begin."""
        return (
            key in {"question_mark", "exclamation_mark"}
            and self.page is Page.LESSON
            and self.wants is Wants.ANSWER
            and not self.takes_mark
            and not self.box.text
        )

    # What the keys do

    def action_take(self) -> None:
        """Take what is written, or what was gone to."""
        written = self.box.text.strip()
        if self.page in CHOOSES:
            self.choices.seek(self.box.text)  # a burst's Enter comes before what it typed is told
        match self.page:
            case Page.LESSON:
                self._take_in_lesson(written)
            case Page.CHOICE:
                if (chosen := self.choices.chosen) is not None and not self.busy:
                    self.act(Answer(str(chosen + 1)), "")
            case Page.HELP | Page.PROGRESS:
                self.action_back()
            case _:
                self.take_about_pupil(written)

    def _take_in_lesson(self, written: str) -> None:
        if self.busy:
            self.tell(
                _("One moment: the tutor is thinking. What you wrote stays; Esc stops waiting.")
            )
        elif self.wants is Wants.ANSWER and self.is_computed and written.endswith("?"):
            self.act(Question(written), written)
        elif self.wants is Wants.ANSWER:
            if written or self.working:
                self.act(Answer(written, self.working), "\n".join([*self.working, written]).strip())
                self.write(Page.WORKING, "")
            else:
                self.tell(_("Write your answer first; ? gives you a hint."))
        elif self.wants is Wants.GO and not written and self.said.more_below:
            self.said.page(1)
        elif self.wants is Wants.GO:
            self.act(Question(written) if written else Go(), written)
        else:
            self.begin_again()

    @property
    def working(self) -> tuple[str, ...]:
        """The lines of the pupil's working."""
        lines = (each.strip() for each in self.draft(Page.WORKING).split("\n"))
        return tuple(each for each in lines if each)

    def action_hint(self) -> None:
        self.act(AskHint(), "", keeps=True)

    def action_reveal(self) -> None:
        self.act(ShowAnswer(), "", keeps=True)

    def action_skip(self) -> None:
        self.act(Skip(), "")

    def action_begin(self) -> None:
        """Have enough of the questions that find out where to begin."""
        self.act(Go(), "")

    def action_working(self) -> None:
        """Go between the answer and the working."""
        self.turn(Page.LESSON if self.page is Page.WORKING else Page.WORKING)

    def action_text(self) -> None:
        """Show the text that the question is about; again shows the question."""
        self.reading_text = not self.reading_text
        if self.reading_text:
            self.said.see_last(Look.PASSAGE)
        else:
            self.said.see_new()

    def action_page(self, down: int) -> None:
        if self.page in CHOOSES:
            self.choices.page(down)
        else:
            (self.paper if self.page in READS else self.said).page(down)

    def action_move(self, down: int) -> None:
        if self.page in CHOOSES:
            self.choices.move(down)
        else:
            view = self.paper if self.page in READS else self.said
            view.scroll_relative(y=down, animate=False)

    def action_progress(self) -> None:
        """Show what was learnt."""
        self.over = self.page
        self.machine.draw(max(10, self.size.width - 2))

    def action_help(self) -> None:
        """Say how the tutor works, and which keys there are."""
        self.over = self.page
        known = [each for each in self.BINDINGS if isinstance(each, Binding)]
        shown = [(Look.PLAIN, _(wording.HELP)), (Look.TABLE, wording.keys(known))]
        self.read(Page.HELP, shown)

    def action_back(self) -> None:
        """Close what is over the lesson, or go back to the question before."""
        if self.page in READS:
            self.turn(self.over)
        elif self.page is Page.WORKING:
            self.turn(Page.LESSON)
        else:
            self.back_to_pupils()

    def action_stop(self) -> None:
        """Wait no longer for what the tutor thinks of."""
        self.machine.stop()

    def action_leave(self) -> None:
        """Leave; the lesson goes on at the same place another time."""
        self.dismiss("")

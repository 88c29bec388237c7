"""Triage in the chat: free words first, then one question at a time, and the result.

The interview decides what is asked and what an answer does, `pages` says what is shown, and this takes
the keys. Nothing here can set a level.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding, BindingType

from hinterland.errors import InputError
from hinterland.language import N_, _
from hinterland.plugins.diagnosis.asking.interview import Asking, Confirming, Ended, Interview
from hinterland.plugins.diagnosis.screen import pages
from hinterland.plugins.diagnosis.screen.counting import CountingScreen
from hinterland.plugins.diagnosis.screen.pages import Kind, Page
from hinterland.plugins.diagnosis.screen.telling import TellingScreen
from hinterland.plugins.diagnosis.telling.scripted import Script
from hinterland.sentences import sentence

_QUESTION = frozenset({Kind.YES_NO, Kind.TYPED, Kind.CHOICE})
_HISTORY = _QUESTION | {Kind.PROPOSAL}
_RESULT = frozenset({Kind.RESULT})
_YES_NO = frozenset({Kind.YES_NO, Kind.PROPOSAL, Kind.LEAVING})
_WHERE = {
    "yes": _YES_NO,
    "no": _YES_NO,
    "unknown": _HISTORY,
    "how": _QUESTION,
    "why": _QUESTION,
    "timer": frozenset({Kind.TYPED}),
    "breath": frozenset({Kind.BREATHS}),
    "enter": frozenset(Kind) - _RESULT,
    "pick": frozenset({Kind.CHOICE}),
    "model": _QUESTION,
    "back": _HISTORY,
    "correct": _HISTORY | _RESULT,
    "stop": _HISTORY,
    "save": _RESULT,
    "plain": _RESULT,
    "copy": _RESULT,
    "summary": _RESULT | {Kind.LEAVING},
}
"""On which pages an action does something; one that is not here does on all."""


class TriageScreen(TellingScreen, CountingScreen):
    """One patient."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "yes", N_("Yes"), id="diagnose.yes"),
        Binding("n", "no", N_("No"), id="diagnose.no"),
        Binding("space", "breath", N_("A breath in"), id="diagnose.breath"),
        Binding("t", "timer", N_("Count a minute"), id="diagnose.timer"),
        Binding("pagedown", "page(1)", N_("More"), id="diagnose.page_down"),
        Binding("u,question_mark", "unknown", N_("Not known"), id="diagnose.unknown"),
        Binding("h", "how", N_("How"), id="diagnose.how"),
        Binding("w", "why", N_("Why"), id="diagnose.why"),
        Binding("s", "save", N_("Note"), id="diagnose.save"),
        Binding("m", "plain", N_("Plainer"), id="diagnose.plain"),
        # Here for the same key's sake: they are never on the same page.
        Binding("m", "model", N_("A model reads too"), id="diagnose.model"),
        Binding("p", "summary", N_("To the chat"), id="diagnose.summary"),
        Binding("enter", "enter", N_("Go on"), id="diagnose.enter"),
        Binding("escape", "leave", N_("Leave"), id="diagnose.leave"),
        Binding("b", "back", N_("Back"), id="diagnose.back"),
        Binding("c", "correct", N_("Put right"), id="diagnose.correct"),
        Binding("q", "stop", N_("Stop asking"), id="diagnose.stop"),
        Binding("f4", "copy", N_("Copy"), id="diagnose.copy"),
        Binding("up", "move(-1)", N_("Up"), show=False, id="diagnose.up"),
        Binding("down", "move(1)", N_("Down"), show=False, id="diagnose.down"),
        Binding("pageup", "page(-1)", N_("A page up"), show=False, id="diagnose.page_up"),
        *(Binding(str(digit), f"pick({digit})", show=False) for digit in range(1, 10)),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._over: Kind | None = None
        """A page that is shown over the history."""
        self._brought: tuple[Script, ...] = ()
        self._why = self._how = False

    # What is shown

    def whereabouts(self) -> str:
        told = self.interview is not None and self.told
        return pages.whereabouts(self.interview.progress if told and self.interview else None)

    def made(self) -> Page:
        interview = self.interview
        if self._over is Kind.LEAVING:
            return pages.leaving(ended=self.result is not None)
        if interview is None or self.rules is None or not self.told:
            return pages.words(nothing_found=self.nothing_found)
        if self._over is Kind.SCRIPT:
            number = self.rules.site.emergency_number
            return pages.script(self._brought, number, self.size.width)
        if self._over is Kind.ANSWERS:
            return pages.answers(interview.case)
        if self._over is Kind.BREATHS:
            return pages.breaths()
        if self._over is Kind.FILE:
            return pages.file(self.note_name())
        state = interview.state
        if isinstance(state, Asking):
            return pages.question(state, why=self._why, how=self._how)
        if isinstance(state, Confirming):
            return pages.proposal(state)
        assert self.result is not None, "an interview that has ended has a result"
        return pages.result(self.result, self.size.width, self.rules.spoken, self.plainer)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Let keys do what the page takes."""
        if action in _WHERE and self.page.kind not in _WHERE[action]:
            return False
        if action == "enter" and self.page.kind is Kind.BREATHS:
            return self.counted is not None
        if action == "enter" and self.page.rows:
            return self.at is not None or self._correcting
        if action == "timer":
            return self.page.counted
        if action == "page":
            return parameters[0] == -1 or self.has_more
        if action == "plain":
            return self.may_restate
        if action == "model":
            return self.may_read
        if action == "summary":
            return self.result is not None
        return super().check_action(action, parameters)

    # What the keys do

    def action_yes(self) -> None:
        self._choose("yes")

    def action_no(self) -> None:
        self._choose("no")

    def action_unknown(self) -> None:
        self._choose("")

    def action_pick(self, number: int) -> None:
        if number <= len(self.page.rows):
            self._choose(self.page.rows[number - 1].value)

    def action_why(self) -> None:
        self._why = not self._why
        self.show()

    def action_how(self) -> None:
        self._how = not self._how
        self.show()

    def action_timer(self) -> None:
        self._open(Kind.BREATHS)
        self.begin_count()

    def action_enter(self) -> None:
        """Take what is written, or the row that was gone to."""
        kind, written = self.page.kind, self.entry.value.strip()
        if kind is Kind.WORDS:
            self.tell(written)
        elif kind is Kind.SCRIPT:
            self._over = None
            self.go_on()
        elif kind is Kind.BREATHS:
            if self.counted is not None:
                count = str(self.counted)
                self.close_page()
                self._do(lambda interview: interview.answer(count))
        elif kind is Kind.FILE:
            self.save_note(written)
        elif kind is Kind.TYPED and written:
            self._do(lambda interview: interview.answer(written))
        elif self.at is not None and self.page.rows:
            self._choose(self.page.rows[self.at].value)
        elif self._correcting:
            self._do(Interview.forward)

    def action_back(self) -> None:
        if self.interview is not None and self.interview.back():
            self.go_on()
        else:
            self.say(_("This is the first question."))

    def action_correct(self) -> None:
        if self.interview is not None and self.interview.case.answers:
            self._open(Kind.ANSWERS)
        else:
            self.say(_("Nothing was answered yet."))

    def action_stop(self) -> None:
        self._do(Interview.stop)

    def action_save(self) -> None:
        self._open(Kind.FILE)

    def action_leave(self) -> None:
        """Close what is over the history; leave where nothing can be lost, else ask."""
        answers = self.interview.case.answers if self.interview is not None else {}
        if self._over is not None:
            self.close_page()
        elif self._correcting:
            self._do(Interview.forward)
        elif (answers or self.entry.value.strip()) and not self.saved:
            self._open(Kind.LEAVING)
        else:
            self.dismiss("")

    def _open(self, kind: Kind) -> None:
        self._over = kind
        self.turn()

    def close_page(self) -> None:
        """Go back to the history or the result."""
        self.end_count()
        self._over = None
        self.turn()

    # Answers

    @property
    def _correcting(self) -> bool:
        state = self.interview.state if self.interview is not None else None
        return isinstance(state, Asking) and state.correcting

    def _choose(self, value: str) -> None:
        kind = self.page.kind
        if kind is Kind.LEAVING:
            if value == "yes":
                self.dismiss("")
            elif value == "summary":
                self.action_summary()
            else:
                self.close_page()
        elif kind is Kind.ANSWERS:
            self._over = None
            self._do(lambda interview: interview.ask_again(value))
        elif kind is Kind.PROPOSAL:
            self._do(Interview.confirm if value == "yes" else Interview.decline)
        elif not value:
            self._do(Interview.unknown)
        elif kind is Kind.CHOICE:
            self._do(lambda interview: interview.give(value))
        else:
            self._do(lambda interview: interview.give(value == "yes"))

    def _do(self, step: Callable[[Interview], object]) -> None:
        """Take a step of the interview; what cannot be an answer is said in place, and asked again."""
        if self.interview is None:
            return
        try:
            step(self.interview)
        except InputError as error:
            if self.page.kind is Kind.PROPOSAL:  # it is no longer proposed
                self.go_on()
            self.say(sentence(error))
        else:
            self.go_on()

    def go_on(self) -> None:
        """Show what comes next: RED before all else, then fixed scripts, then the next question."""
        self._why = self._how = False
        if self.interview is not None and self.told:
            self.propose_more()
            state = self.interview.state
            brought = self.interview.new_scripts()
            if isinstance(state, Ended):
                self._over = None
                self.judge(self.interview.case, state.triage)
            else:
                self.forget()
                if brought:
                    self._brought, self._over = brought, Kind.SCRIPT
        self.turn()

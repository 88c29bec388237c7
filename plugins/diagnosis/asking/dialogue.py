"""The history in lines: one question at a time, on a terminal of any kind or through a pipe.

It only shows and reads: what is asked and what an answer does is the interview's.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TextIO

from hinterland.errors import HinterlandError, InputError
from hinterland.language import N_, _
from hinterland.plugins.diagnosis.asking import timers
from hinterland.plugins.diagnosis.asking.interview import (
    Asking,
    Confirming,
    Ended,
    Interview,
    Proposed,
)
from hinterland.plugins.diagnosis.asking.typed import AGE, is_unknown, is_yes
from hinterland.plugins.diagnosis.rules.facts import Choice, Number
from hinterland.plugins.diagnosis.telling.report import script_lines
from hinterland.plugins.diagnosis.telling.wording import label, said
from hinterland.plugins.forms.columns import width_of, wrapped
from hinterland.plugins.forms.typed_lines import TypedLines
from hinterland.sentences import sentence
from hinterland.text import clean_line

_KEYS = N_(
    "y yes, n no, u unknown; h how to check, w why it is asked, b back, "
    "c put an answer right, q stop with what is known"
)
_OFTEN = 5
"""Questions after which it is said how many there are left."""
_MANY = 60
"""Questions left that nobody is told of: the complaint is not known yet, and most will not be asked."""

Read = Callable[[str], Sequence[Proposed]]
"""Reads free words."""


class Dialogue:
    """Asks until the interview ends; everything it says goes to `out`."""

    def __init__(
        self, interview: Interview, typed: TypedLines, out: TextIO, emergency_number: str
    ) -> None:
        self._interview = interview
        self._typed = typed
        self._out = out
        self._emergency_number = emergency_number
        self._words = ""
        self._read_more: Read | None = None
        """What reads the words once more when all that was proposed is confirmed."""
        self._asked = 0
        self._showing: Asking | Confirming | None = None
        """What was shown last, and waits for an answer."""
        self._echoed = sys.stdin.isatty()
        """Whether a terminal shows what is typed; what a pipe brings is shown here."""

    def run(self, read: Read, language: str, words: str = "", more: Read | None = None) -> None:
        """Ask until the level is RED, nothing is left that could change it, or somebody stops.

        `read` makes proposals of free words in `language`; without `words` they are asked for first.
        `more` reads them again once these are confirmed and the first danger signs asked for, and
        only if that was not RED. The end of the input stops it as `q` does. Raises
        KeyboardInterrupt.
        """
        self._read_more = more
        self.say(_(_KEYS))
        try:
            if words:
                self._propose(read, words)
            else:
                self._tell(read, language)
        except EOFError:
            self._interview.stop()
        self.go_on()

    def go_on(self) -> None:
        """Ask on, also after an answer was put right; like `run`."""
        try:
            while not isinstance(self._interview.state, Ended):
                self._step()
        except EOFError:
            self._interview.stop()

    def _tell(self, read: Read, language: str) -> None:
        asked = _("Tell in your own words, in {language}, what is wrong; or press Enter:")
        self.say(asked.format(language=language))
        while words := self._line("> ").strip():
            try:
                self._propose(read, words)
                return
            except InputError as error:
                self.complain(error)

    def _propose(self, read: Read, words: str) -> None:
        self._interview.propose(read(words))
        self._words = words

    def _read_once_more(self) -> None:
        more, self._read_more = self._read_more, None
        if more is None or not self._words:
            return
        self.say(_("A model reads it too, which may take a minute; Ctrl-C goes on without …"))
        try:
            self._interview.propose(more(self._words))
        except KeyboardInterrupt:
            self.say(_("(stopped)"))
        except HinterlandError as error:
            self.complain(error)
            self.say(_("Only the word list has read it."))

    def _step(self) -> None:
        state = self._interview.state
        assert not isinstance(state, Ended)
        if self._read_more is not None and isinstance(state, Asking) and _may_wait(state):
            self._read_once_more()
            return
        if state != self._showing:  # not once more after a help or a mistake: lines may be slow
            self._show(state)
            self._showing = state
        typed = self._line(self._prompt(state))
        try:
            if not self._command(state, typed.strip()):
                self._answer(state, typed)
        except InputError as error:
            self.complain(error)
        if not isinstance(self._interview.state, Ended):
            for script in self._interview.new_scripts():
                self._write(*script_lines(script, self._emergency_number, self._width), "")

    def _show(self, state: Asking | Confirming) -> None:
        fact = state.fact
        if isinstance(state, Confirming):
            words = clean_line(state.words, 80)
            self.say(_("You wrote “{words}”.").format(words=words))
            self.say(f"{state.question} {said(fact, state.value)}.")
            self.say(_("Is that right?"))
            return
        if state.correcting:
            self.say(_("Enter keeps: {value}").format(value=said(fact, state.before)))
        elif self._asked % _OFTEN == 0:
            left = self._interview.progress.most_left
            if left <= _MANY:
                self.say(_("({left} more questions at most)").format(left=left))
        if state.again:
            self.say(_("Once more, because it is a danger sign:"))
        self._asked += not state.correcting
        self.say(state.question)
        if fact.id == timers.BREATHS:
            self.say(_("t starts a timer of one minute."))
        elif fact.id == timers.PINCH:
            self.say(_("t measures the time."))
        if isinstance(fact, Choice):
            for number, option in enumerate(fact.options, 1):
                self.say(f"{number} {option.label}", indent=2)

    def _prompt(self, state: Asking | Confirming) -> str:
        fact, unknown = state.fact, _("u")
        if isinstance(state, Confirming):
            return f"[{_('y/n')}] "
        if isinstance(fact, Choice):
            return f"[1-{len(fact.options)}/{unknown}] "
        if isinstance(fact, Number):
            return f"[{_('age') if fact.id == 'age_months' else fact.unit}/{unknown}] "
        return f"[{_('y/n')}/{unknown}] "

    def _answer(self, state: Asking | Confirming, typed: str) -> None:
        if isinstance(state, Confirming):
            yes = not is_unknown(typed) and is_yes(typed)
            (self._interview.confirm if yes else self._interview.decline)()
        elif state.correcting and not typed.strip():
            self._interview.forward()
        elif not typed.strip():
            self.say(_(_KEYS))
        else:
            self._interview.answer(typed)

    def _command(self, state: Asking | Confirming, typed: str) -> bool:
        """Do what a single letter asks for; return False for what is an answer."""
        key, _space, rest = typed.partition(" ")
        key = key.lower()
        if key == "c":
            self.correct(rest.strip())
        elif rest:
            return False
        elif key == "h":
            self.say(state.fact.how or _("There is nothing to measure: ask, and look."))
        elif key == "w":
            self.say(state.fact.why or _("It changes how urgent it is."))
        elif key == "q":
            self._interview.stop()
        elif key == "b":
            if not self._interview.back():
                self.say(_("This is the first question."))
        elif key == "t" and isinstance(state, Asking):
            return self._time(state)
        else:
            return False
        return True

    def correct(self, name: str) -> None:
        """Ask an answer once more: a fact, its number in the list, or nothing for the list.

        Raises InputError for what was not answered.
        """
        case = self._interview.case
        answered = [each for each in case.answers if each != "age_days"]
        if not name:
            for number, each in enumerate(answered, 1):
                value = said(case.vocabulary.facts[each], case.value(each))
                self.say(f"{number} {label(each)}: {value}")
            self.say(_("c and a number puts that answer right."))
        elif name.isdigit() and 1 <= int(name) <= len(answered):
            self._interview.ask_again(answered[int(name) - 1])
        else:
            self._interview.ask_again(name.replace(" ", "_"))

    def _time(self, state: Asking) -> bool:
        if state.fact.id not in {timers.BREATHS, timers.PINCH}:
            return False
        try:
            if state.fact.id == timers.PINCH:
                seconds = timers.pinch(self._typed, self.say)
                self.say(_("{seconds:.1f} seconds.").format(seconds=seconds))
                return True
            count = timers.breaths(self._typed, self.say)
        except KeyboardInterrupt:
            self.say(_("(stopped)"))
            return True
        if count is None:
            self.say(_("How many breaths have you counted?"))
            return True
        self.say(
            _("{count} breaths. Enter takes that; or type your own count.").format(count=count)
        )
        own = self._line("> ").strip()
        self._interview.answer(own or str(count))
        return True

    # Lines

    def say(self, text: str, indent: int = 0) -> None:
        """Write a sentence, wrapped."""
        margin = " " * indent
        self._write(*wrapped(text, self._width, margin, margin + "  "))

    def ask(self, prompt: str) -> str:
        """Return a line that was typed; "" at the end of the input."""
        try:
            return self._line(prompt).strip()
        except EOFError:
            return ""

    def _line(self, prompt: str) -> str:
        while True:
            self._out.write(prompt)
            self._out.flush()
            try:
                typed = self._typed.line()
                if not self._echoed:
                    self._write(clean_line(typed))
                return typed
            except InputError as error:
                self.complain(error)

    def _write(self, *lines: str) -> None:
        for line in lines:
            self._out.write(f"{line}\n")
        self._out.flush()

    def complain(self, error: HinterlandError) -> None:
        """Say what is wrong with what was typed."""
        self.say(clean_line(sentence(error), 400))

    @property
    def _width(self) -> int:
        return width_of(self._out)


def _may_wait(state: Asking) -> bool:
    """Whether a model may be asked first: not while danger signs are asked for, which may be RED."""
    return not (state.fact.danger or state.correcting or state.fact.id in AGE)

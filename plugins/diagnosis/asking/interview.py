"""Taking a history, one question at a time, without a word about how it is shown.

The command and the screen share this: what is asked next, what an answer does, how one is put right,
and when it ends. RED ends it at once, whatever else there was to ask or to confirm.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from hinterland.errors import InputError
from hinterland.language import _
from hinterland.plugins.diagnosis.asking.typed import AGE, asked, is_unknown, value_of
from hinterland.plugins.diagnosis.rules.case import Case, Origin
from hinterland.plugins.diagnosis.rules.expression import names
from hinterland.plugins.diagnosis.rules.facts import Fact, Value
from hinterland.plugins.diagnosis.rules.measures import Age
from hinterland.plugins.diagnosis.rules.pack import Level, Pack
from hinterland.plugins.diagnosis.rules.questions import Question, next_question
from hinterland.plugins.diagnosis.rules.triage import Triage, assess, lookup_of
from hinterland.plugins.diagnosis.telling.scripted import Script, Scripts


class Proposed(Protocol):
    """A fact that free words seem to say: `proposals.Proposal` is one."""

    @property
    def fact(self) -> str: ...
    @property
    def value(self) -> Value: ...
    @property
    def words(self) -> str: ...
    @property
    def start(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Asking:
    """A question that waits for an answer. `fact.why` and `fact.how` go with it."""

    fact: Fact
    again: bool = False
    """A danger sign that was asked before, and nobody knew."""
    before: Value | None = None
    """What was answered before, while it is being put right."""
    correcting: bool = False

    @property
    def question(self) -> str:
        """What is asked, in plain words."""
        return asked(self.fact)


@dataclass(frozen=True, slots=True)
class Confirming:
    """Something that free words seem to say, and that counts for nothing until it is confirmed."""

    fact: Fact
    value: Value
    words: str
    """The words it came from."""
    left: int
    """How many there are to confirm, this one included."""

    @property
    def question(self) -> str:
        """What `value` answers."""
        return self.fact.question if self.fact.id not in AGE else _("How old is the patient?")


@dataclass(frozen=True, slots=True)
class Ended:
    """There is nothing left to ask; `triage.emergency` says whether RED ended it."""

    triage: Triage


State = Asking | Confirming | Ended


@dataclass(frozen=True, slots=True)
class Progress:
    answered: int
    most_left: int
    """How many questions there can be at most from here, but for those that an answer opens."""
    level: Level
    """What the level would be if it ended here: what is not known counts as unknown."""
    may_become: Level
    """The most serious level that the answers that are missing can still lead to."""


class Interview:
    """One patient's history: `state` says what to show, the rest is what somebody does about it."""

    def __init__(
        self,
        case: Case,
        packs: Sequence[Pack],
        site: Mapping[str, bool] | None = None,
        scripts: Scripts | None = None,
    ) -> None:
        self.case = case
        self._scripts = scripts
        self._shown: set[str] = set()
        self._packs = packs
        self._site = site
        self._to_confirm: tuple[Proposed, ...] = ()
        self._days: Proposed | None = None
        """The days of an age that is to confirm in months: confirmed with it."""
        self._correcting = ""
        """The fact that is asked once more to be put right."""
        self._stopped = False
        self._assessed: tuple[Case, Triage] | None = None
        self._next: tuple[Case, Question | None] | None = None

    @property
    def triage(self) -> Triage:
        """The result as it stands."""
        if self._assessed is None or self._assessed[0] is not self.case:
            self._assessed = self.case, assess(self.case, self._packs, self._site)
        return self._assessed[1]

    @property
    def state(self) -> State:
        """What to show now."""
        facts = self.case.vocabulary.facts
        if self._correcting:
            fact = facts[self._correcting]
            return Asking(fact, before=self.case.value(fact.id), correcting=True)
        if self.triage.emergency or self._stopped:
            return Ended(self.triage)
        if self._to_confirm:
            first = self._to_confirm[0]
            return Confirming(facts[first.fact], first.value, first.words, len(self._to_confirm))
        question = self._question
        if question is None:
            return Ended(self.triage)
        return Asking(question.fact, question.again)

    @property
    def _question(self) -> Question | None:
        # Whoever shows a state asks for it more than once, and it is dear.
        if self._next is None or self._next[0] is not self.case:
            self._next = self.case, next_question(self.case, self._packs, self._site)
        return self._next[1]

    @property
    def progress(self) -> Progress:
        """How far it is, and what may still change."""
        case, triage = self.case, self.triage
        open_facts = {name for each in triage.open for name in each.facts} | set(triage.unknown)
        for name in list(open_facts):
            if name in case.vocabulary.needs:
                open_facts.update(names(case.vocabulary.needs[name]))
        facts = case.vocabulary.facts
        fresh = {name for name in open_facts if name in facts and name not in case.answers}
        again = {
            name
            for name in triage.unknown_danger
            if name in case.answers and case.answers[name].asked == 1
        }
        ended = isinstance(self.state, Ended)
        levels = [triage.level, *(each.level for each in triage.open)]
        return Progress(
            answered=len(case.answers),
            most_left=0 if ended else len(fresh) + len(again) + len(self._to_confirm),
            level=triage.level,
            may_become=max(levels, key=lambda level: level.rank),
        )

    def new_scripts(self) -> tuple[Script, ...]:
        """Return the fixed scripts that the answers have brought since this was last asked: they are
        shown before the next question."""
        if self._scripts is None:
            return ()
        brought = self._scripts.brought_by(self.case)
        new = tuple(each for each in brought if each.id not in self._shown)
        self._shown.update(each.id for each in new)
        return new

    # Free words

    def propose(self, proposals: Iterable[Proposed]) -> None:
        """Have these confirmed before the next question: the age, on which all else depends, then
        those that could be an emergency.

        What is known already is not proposed again.
        """
        proposals = tuple(proposals)
        known = self.case.answers
        told = {each.fact for each in proposals}
        new = [
            each
            for each in proposals
            if each.fact not in known and not (each.fact == AGE[1] and AGE[0] in told)
        ]
        self._days = next((each for each in proposals if each.fact == AGE[1]), None)
        new.sort(key=self._urgency)
        self._to_confirm = (*self._to_confirm, *new)

    def confirm(self) -> None:
        """Take what is proposed as true. Raises InputError where it contradicts what is known; it is
        then no longer proposed, and so unknown."""
        first, *rest = self._to_confirm
        self._to_confirm = tuple(rest)
        self.case = self._with(first)
        if first.fact == AGE[0] and self._days is not None:
            self.case = self._with(self._days)
        self._leave_idle()

    def decline(self) -> None:
        """Leave what is proposed unknown; it is asked like any other fact."""
        self._to_confirm = self._to_confirm[1:]
        self._leave_idle()

    def _leave_idle(self) -> None:
        """Propose no more who somebody is where no rule can ask for it, as for the sex of a child."""
        vocabulary = self.case.vocabulary
        lookup = lookup_of(self.case, self._site)

        def idle(name: str) -> bool:
            needs = vocabulary.needs.get(name)
            return vocabulary.facts[name].neutral and (
                needs is not None and needs.truth(lookup, ()) is False
            )

        self._to_confirm = tuple(each for each in self._to_confirm if not idle(each.fact))

    def _with(self, proposed: Proposed) -> Case:
        return self.case.answered(proposed.fact, proposed.value, Origin.WORDS, proposed.words)

    def _level_with(self, proposed: Proposed) -> Level:
        try:
            return assess(self._with(proposed), self._packs, self._site).level
        except InputError:
            return Level.GREEN

    def _urgency(self, proposed: Proposed) -> tuple[bool, int, int, int]:
        fact = self.case.vocabulary.facts[proposed.fact]
        rank = self._level_with(proposed).rank
        later = (not fact.danger) + fact.neutral
        return proposed.fact not in AGE, -rank, later, proposed.start

    # Answers

    def answer(self, text: str) -> None:
        """Take what was typed as the answer to what is asked.

        Raises InputError (UnlikelyValueError for a number) where it cannot be one: it is asked again.
        """
        fact = self._asked()
        if is_unknown(text):
            self.unknown()
            return
        self.give(value_of(fact, text), text)

    def give(self, value: Value | Age, words: str = "") -> None:
        """Answer what is asked with a value; raises InputError like `answer`."""
        fact = self._asked()
        if self._correcting:
            self._put_right(fact.id, value)
            self._correcting = ""
        elif isinstance(value, Age):
            self.case = self._aged(fact.id, value, words)
        else:
            self.case = self.case.answered(fact.id, value, Origin.ASKED, words)

    def unknown(self) -> None:
        """Answer what is asked with: not known. A danger sign is asked once more."""
        fact = self._asked()
        if self._correcting:
            self._put_right(fact.id, None)
            self._correcting = ""
        else:
            self.case = self.case.answered(fact.id, None)

    def back(self) -> bool:
        """Ask once more what was answered before this question; False where nothing was.

        Going back again goes further back. What was answered since is kept, and a different answer
        is logged as a correction.
        """
        order = [
            name for name in self.case.answers if name != AGE[1] or AGE[0] not in self.case.answers
        ]
        if self._correcting:
            order = order[: order.index(self._correcting)] if self._correcting in order else []
        if not order:
            return False
        self._correcting = order[-1]
        return True

    def forward(self) -> None:
        """Leave the answer that is being put right as it was."""
        self._correcting = ""

    def ask_again(self, name: str) -> None:
        """Ask a fact once more, to put its answer right; raises InputError for one that is not
        answered."""
        fact = AGE[0] if name == "age" else name
        if fact not in self.case.answers:
            raise InputError(f"{name[:60]} was not answered yet.", "Correct one that was.")
        self._correcting = fact

    def correct(self, name: str, text: str) -> None:
        """Put an answer right: `age` or a fact, and what was meant. The correction is logged.

        Raises InputError for a fact that is not answered, and for what cannot be its answer; then
        nothing has changed.
        """
        self.ask_again(name)
        try:
            self.answer(text)
        finally:
            self._correcting = ""

    def stop(self) -> None:
        """End with what is known; whatever else rules ask for counts as unknown. An answer can still
        be put right."""
        self._correcting = ""
        self._to_confirm = ()
        self._stopped = True

    def _asked(self) -> Fact:
        state = self.state
        if isinstance(state, Ended):
            raise InputError("Nothing is being asked.", "Correct an answer, or begin anew.")
        return state.fact

    def _aged(self, name: str, age: Age, words: str) -> Case:
        if name == AGE[0]:
            return self.case.aged(age, words=words)
        days = None if age.days is None else float(age.days)
        return self.case.answered(name, days, Origin.ASKED, words)

    def _put_right(self, name: str, value: Value | Age | None) -> None:
        level = self.triage.level
        if not isinstance(value, Age):
            self.case = self.case.corrected(name, value, level)
            return
        case = self.case.corrected(AGE[0], float(value.months), level)
        if value.days is not None:
            # Where the months have changed, the days that went with them are gone already.
            if AGE[1] in case.answers:
                case = case.corrected(AGE[1], float(value.days), level)
            else:
                case = case.answered(AGE[1], float(value.days))
        self.case = case

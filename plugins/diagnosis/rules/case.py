"""One case: what was answered, how each answer was obtained, and what was corrected.

More answers never make a case look better than it was. A mistyped answer is not one more answer:
`corrected` opens a re-assessment, which is in the log.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

import msgspec

from hinterland.errors import InputError
from hinterland.plugins.diagnosis.rules.facts import Choice, Number, Value
from hinterland.plugins.diagnosis.rules.measures import (
    DAYS_A_MONTH,
    Age,
    UnlikelyValueError,
    measured,
    read_age,
)
from hinterland.plugins.diagnosis.rules.vocabulary import Vocabulary

_WORDS: Mapping[str, Value | None] = {"yes": True, "no": False, "unknown": None}


class Origin(StrEnum):
    """How an answer was obtained."""

    ASKED = "asked"
    FILE = "file"
    WORDS = "words"
    """Proposed from free words and confirmed."""
    ASSUMED = "assumed"
    """Proposed from free words, and confirmed by nobody."""
    SILENCE = "silence"
    """Not mentioned, and read as no: not for care."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    value: Value | None
    """None: asked, and not known."""
    origin: Origin
    words: str = ""
    """The words it came from."""
    asked: int = 1
    """How often it was asked."""


class Correction(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that was replaced: what follows is a re-assessment."""

    fact: str
    before: Value | None
    after: Value | None
    level_before: str
    """What the level was before: a lower one after it comes from the correction alone."""


@dataclass(frozen=True, slots=True)
class Case:
    vocabulary: Vocabulary
    answers: Mapping[str, Answer] = field(default_factory=dict)
    corrections: tuple[Correction, ...] = ()

    def value(self, name: str) -> Value | None:
        """Return the value of a fact, None when it is unknown."""
        answer = self.answers.get(name)
        return answer.value if answer else None

    def answered(
        self,
        name: str,
        given: Value | None,
        origin: Origin = Origin.ASKED,
        words: str = "",
    ) -> Case:
        """Return the case with one more answer.

        Raises InputError (UnlikelyValueError for a number) when the answer cannot be, or contradicts one
        that was given: `corrected` is for that.
        """
        value = checked(self.vocabulary, name, given)
        old = self.answers.get(name)
        if old is not None and old.value is not None and value is not None and old.value != value:
            raise InputError(
                f"Contradictory answers for {name}: {_say(old.value)}, and now {_say(value)}.",
                "Which one is true? Correct the answer that is wrong.",
            )
        if old is not None and old.value is not None and value is None:
            return self
        self._agree_on_age(name, value)
        asked = old.asked + 1 if old else 1
        return self._with(name, Answer(value=value, origin=origin, words=words, asked=asked))

    def aged(self, age: Age, origin: Origin = Origin.ASKED, words: str = "") -> Case:
        """Return the case with the age of the patient: completed months, and days when known."""
        case = self.answered("age_months", float(age.months), origin, words)
        if age.days is None:
            return case
        return case.answered("age_days", float(age.days), origin, words)

    def corrected(
        self, name: str, given: Value | None, level_before: str, origin: Origin = Origin.ASKED
    ) -> Case:
        """Return the case with an answer replaced, and that it was in the log."""
        value = checked(self.vocabulary, name, given)
        before = self.value(name)
        if before == value:
            return self
        log = Correction(fact=name, before=before, after=value, level_before=level_before)
        case = self._with(name, Answer(value=value, origin=origin))
        if name == "age_months":
            case = replace(
                case, answers={key: kept for key, kept in case.answers.items() if key != "age_days"}
            )
        return replace(case, corrections=(*self.corrections, log))

    def _agree_on_age(self, name: str, value: Value | None) -> None:
        ages = {each: self.value(each) for each in ("age_months", "age_days")} | {name: value}
        months, days = ages["age_months"], ages["age_days"]
        if name not in {"age_months", "age_days"} or months is None or days is None:
            return
        if abs(float(days) / DAYS_A_MONTH - float(months) - 0.5) > 1:
            raise InputError(
                f"Contradictory ages: {float(months):g} months and {float(days):g} days.",
                "Both count from birth. Which one is true?",
            )

    def _with(self, name: str, answer: Answer) -> Case:
        return replace(self, answers={**self.answers, name: answer})


def told(vocabulary: Vocabulary, answers: Mapping[str, object], origin: Origin) -> Case:
    """Return the case that a file or a script tells: facts by name, `age` in words with units.

    "yes", "no" and "unknown" stand for true, false and null. Raises InputError for what cannot be.
    """
    case = Case(vocabulary)
    for name, given in answers.items():
        if name == "age" and given is None:
            continue
        if name == "age":
            case = case.aged(read_age(str(given)), origin, str(given))
            continue
        value = _WORDS.get(given, given) if isinstance(given, str) else given
        if value is not None and not isinstance(value, bool | int | float | str):
            raise InputError(f"{name[:60]} cannot be a list or a table.", "It is one answer.")
        try:
            case = case.answered(name, value, origin)
        except UnlikelyValueError as error:
            raise InputError(f"{name}: {error.message}", error.hint) from error
    return case


def checked(vocabulary: Vocabulary, name: str, given: Value | None) -> Value | None:
    """Return an answer as the vocabulary wants it; raises InputError when it cannot be."""
    fact = vocabulary.facts.get(name)
    if fact is None:
        raise InputError(
            f"There is no fact “{name[:60]}” in the vocabulary.", "Is the name spelt right?"
        )
    if given is None:
        return None
    if isinstance(fact, Number):
        return measured(fact, given)
    if isinstance(fact, Choice):
        options = [each.id for each in fact.options]
        if given not in options:
            raise InputError(
                f"{name} cannot be {_say(given)}.", f"It is one of {', '.join(options)}."
            )
        return given
    if not isinstance(given, bool):
        raise InputError(f"{name} cannot be {_say(given)}.", "It is yes, no or unknown.")
    return given


def _say(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float | int) else f"“{value[:60]}”"

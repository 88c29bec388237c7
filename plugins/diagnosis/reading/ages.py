"""How old the patient is, out of free words: 4 weeks, my 3 yr old, man of 61, F 28, grandmother."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hinterland.plugins.diagnosis.reading.amounts import Amount, number_at
from hinterland.plugins.diagnosis.reading.lexicon_file import Lexicon
from hinterland.plugins.diagnosis.reading.patterns import Span
from hinterland.plugins.diagnosis.reading.words import COMMA, NONE, Token
from hinterland.plugins.diagnosis.rules.measures import DAYS_A_MONTH

Classes = Mapping[str, Sequence[Span]]

_OLDEST = 120
_WEEKS = 16
_SURE, _LIKELY, _VAGUE = 3, 2, 1


@dataclass(frozen=True, slots=True)
class AgeRead:
    sure: int
    months: int
    days: int | None
    span: Span
    own: bool = False
    """Whether the speaker tells the own age."""


def best(found: Sequence[AgeRead]) -> AgeRead | None:
    """Return the age of the patient: the surest, a child's before that of the one who speaks."""
    if not found:
        return None
    surest = max(each.sure for each in found)
    first = [each for each in found if each.sure == surest]
    others = [each for each in first if not each.own]
    likely = [each for each in found if each.sure >= _LIKELY and not each.own]
    return min(others or likely or first, key=lambda each: each.span.start)


class AgeReader:
    """Finds every age in one text."""

    def __init__(
        self,
        text: str,
        tokens: Sequence[Token],
        clause: Sequence[int],
        classes: Classes,
        amounts: Sequence[Amount],
        lexicon: Lexicon,
    ) -> None:
        self.text = text
        self.tokens = tokens
        self.clause = clause
        self.classes = classes
        self.amounts = amounts
        self.lexicon = lexicon
        self.in_amount = {at for each in amounts for at in range(each.span.start, each.span.end)}

    def read(self) -> list[AgeRead]:
        """Return all ages, of whomever they are."""
        return [*self._amounts(), *self._numbers(), *self._decades(), *self._vague()]

    def _at(self, name: str, at: int) -> bool:
        return any(span.start <= at < span.end for span in self.classes.get(name, ()))

    def _near_end(self, name: str, at: int, most: int) -> Span | None:
        """Return a class that ends at most `most` words before `at`, in the same clause."""
        for span in self.classes.get(name, ()):
            if 0 <= at - span.end <= most and self.clause[span.start] == self.clause[at]:
                return span
        return None

    def _near_start(self, name: str, end: int, most: int) -> Span | None:
        for span in self.classes.get(name, ()):
            if 0 <= span.start - end <= most and self.clause[span.start] == self.clause[end - 1]:
                return span
        return None

    def _aged(self, sure: int, amount: Amount, span: Span, own: bool = False) -> AgeRead | None:
        months = int(amount.months + 1e-6)
        if months > _OLDEST * 12:
            return None
        small = amount.unit in {"day", "week", "hour", "minute"} or months < 2
        days = int(amount.days) if small else None
        if small and days is not None:
            months = int(days / DAYS_A_MONTH + 0.03)
        if amount.unit == "month":
            days = None
            months = int(amount.number)
        return AgeRead(sure, months, days, span, own)

    def _amounts(self) -> Iterator[AgeRead]:
        for amount in self.amounts:
            start, end = amount.span.start, amount.span.end
            if amount.unit != "year" and (
                self._near_start("time.pregnant", end, 3)
                or self._near_end("time.pregnant", start, 2)
            ):
                continue
            old = self._near_start("time.old", end, 1) or self._within("time.old", amount.span)
            aged = self._near_end("time.aged", start, 1)
            if not old and not aged and self._often(amount):
                continue
            own = bool(self._near_end("time.first_person", start, 3))
            if old or aged:
                span = Span(aged.start if aged else start, old.end if old else end)
                found = self._aged(_SURE, amount, span, own)
            elif self._lasts(amount.span):
                continue
            elif is_ := self._near_end("time.is", start, 1):
                found = self._aged(_LIKELY, amount, Span(is_.start, end), own)
            elif self._by_person(amount) or (
                amount.unit in {"year", "month"} and self._by_itself(start, end)
            ):
                found = self._aged(_LIKELY, amount, amount.span, own)
            elif amount.unit in {"year", "month"} and not (amount.months < 24 and self._of_me()):
                found = self._aged(_VAGUE, amount, amount.span, own)
            else:
                continue
            if found:
                yield found

    def _of_me(self) -> bool:
        """Return whether somebody speaks of oneself and of no child."""
        return bool(self.classes.get("time.first_person")) and not self.classes.get("time.baby")

    def _often(self, amount: Amount) -> bool:
        """Return whether it says how often: two nights a week, a hell of a day."""
        first = self.tokens[amount.span.start]
        return (
            amount.unit in {"week", "day", "hour", "minute"}
            and first.number == 1
            and not first.word[0].isdigit()
            and amount.span.end - amount.span.start == 2
            and not self._near_end("time.baby", amount.span.start, 3)
        )

    def _lasts(self, span: Span) -> bool:
        """Return whether it is said to be how long something lasts: for two years, a month ago."""
        before = self.tokens[span.start].border == NONE and self._near_end(
            "time.lasting", span.start, 1
        )
        after = span.end < len(self.tokens) and self.tokens[span.end].border == NONE
        return bool(
            before
            or (
                after
                and (
                    self._near_start("time.ago", span.end, 1)
                    or self._near_start("time.so_far", span.end, 0)
                )
            )
        )

    def _by_person(self, amount: Amount) -> bool:
        start, end = amount.span.start, amount.span.end
        name = "time.person" if amount.unit in {"year", "month"} else "time.baby"
        if self._near_start(name, end, 1):
            return True
        if amount.unit in {"year", "month"} and self._near_end("time.person", start, 0):
            return True
        if not self._near_end("time.person", start, 1) and start != 0:
            return False
        if amount.unit == "week" and amount.number > _WEEKS:
            # So many weeks are those of a pregnancy.
            return False
        if amount.unit in {"hour", "minute"}:
            return False
        if amount.unit in {"day", "week"} and not self._near_end("time.baby", start, 1):
            return False
        if amount.unit == "week" and self._near_end("time.baby", start, 0):
            return True
        return self._ends(end)

    def _within(self, name: str, whole: Span) -> Span | None:
        for span in self.classes.get(name, ()):
            if whole.start <= span.start and span.end <= whole.end:
                return span
        return None

    def _by_itself(self, start: int, end: int) -> bool:
        """Return whether nothing else stands between two commas or full stops."""
        return (start == 0 or self.tokens[start].border >= COMMA) and (
            end >= len(self.tokens) or self.tokens[end].border >= COMMA
        )

    def _ends(self, end: int) -> bool:
        """Return whether the phrase ends here: a comma, a sentence, or a small word."""
        if end >= len(self.tokens):
            return True
        token = self.tokens[end]
        return token.border >= COMMA or token.stem in self.lexicon.small

    def _numbers(self) -> Iterator[AgeRead]:
        """Yield ages without a unit, which are years: I'm 35, man of 61, F 28."""
        for at, token in enumerate(self.tokens):
            if not token.word[0].isdigit() and (token.number or 0) < 2:
                continue
            beside = at and self.tokens[at - 1].number and token.border == NONE
            if at in self.in_amount or beside:
                continue
            read = number_at(self.tokens, at)
            if read is None or read[0] != int(read[0]) or not 0 < read[0] <= _OLDEST:
                continue
            value, end = read
            span = Span(at, end)
            years = Amount(value, "year", span)
            letter = self._letter(at, end)
            if self._near_start("time.old", end, 0) or self._near_end("time.aged", at, 1):
                found = self._aged(_SURE, years, span)
            elif letter:
                found = self._aged(_LIKELY, years, letter)
            elif token.word[0].isdigit() and self._by_itself(at, end):
                found = self._aged(_LIKELY, years, span)
            elif not self._stands_alone(end):
                continue
            elif is_ := self._near_end("time.is", at, 0):
                own = bool(self._near_end("time.first_person", is_.end, 1))
                found = self._aged(_LIKELY, years, Span(is_.start, end), own)
            elif value >= 1 and (
                (person := self._near_end("time.person", at, 1))
                or self._near_start("time.person", end, 0)
            ):
                own = bool(person and self._at("time.first_person", person.start))
                found = self._aged(_LIKELY, years, span, own)
            else:
                continue
            if found:
                yield found

    def _stands_alone(self, end: int) -> bool:
        """Return whether a number is not counted with what follows: not 3 stools, not 38.5 °C."""
        if self.text[self.tokens[end - 1].end :].lstrip()[:1] in {"%", "°", "/"}:
            return False
        if end >= len(self.tokens):
            return True
        token = self.tokens[end]
        if self._a_minute(end) or self._at("time.times", end):
            return False
        return (
            token.border >= COMMA
            or token.stem in self.lexicon.small
            or self._at("time.person", end)
            or self._at("time.is", end)
        )

    def _a_minute(self, at: int) -> bool:
        """Return whether a unit of several words begins here: in one minute."""
        return any(
            span.start == at and span.end - at > 1
            for number in range(len(self.lexicon.raw.measure))
            for span in self.classes.get(f"measure.{number}.after", ())
        )

    def _letter(self, at: int, end: int) -> Span | None:
        """Return 28F, F 28, 61 M: a letter for the sex beside a number of years."""
        if self._sex(end) and self.tokens[end].border <= COMMA:
            small = self.text[self.tokens[end].start] in "fm"
            if not small or self._by_itself(at, end + 1):
                return Span(at, end + 1)
        if at and self._sex(at - 1) and self.tokens[at].border <= COMMA:
            small = self.text[self.tokens[at - 1].start] in "fm"
            if not small or self._by_itself(at - 1, end):
                return Span(at - 1, end)
        return None

    def _sex(self, at: int) -> bool:
        return 0 <= at < len(self.tokens) and self.tokens[at].word in {"f", "m"}

    def _decades(self) -> Iterator[AgeRead]:
        """Yield in her 60s, seventies: in the middle of ten years."""
        for span in self.classes.get("time.decades", ()):
            before = self.tokens[span.start].number
            value = before or self.lexicon.speech.numbers.get(self.tokens[span.start].word)
            if value is None and span.end < len(self.tokens):
                continue
            if value is not None and 10 <= value <= 110:
                yield AgeRead(_LIKELY, int(value + 5) * 12, None, span)
        for at in range(1, len(self.tokens)):
            token, before_it = self.tokens[at], self.tokens[at - 1]
            decade = before_it.number or 0
            if token.word == "s" and token.border == NONE and decade in range(20, 101, 10):
                yield AgeRead(_LIKELY, int(decade + 5) * 12, None, Span(at - 1, at + 1))

    def _vague(self) -> Iterator[AgeRead]:
        for at, age in enumerate(self.lexicon.raw.age):
            if age.guess:
                continue
            for span in self.classes.get(f"age.{at}.words", ()):
                yield AgeRead(_VAGUE, age.months, None, span)

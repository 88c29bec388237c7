"""From free words to proposed facts, by a lexicon and without a model: the same words, the same facts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hinterland.errors import InputError
from hinterland.plugins.diagnosis.reading import ages, amounts, scope
from hinterland.plugins.diagnosis.reading.lexicon_file import (
    CONTRAST,
    Lexicon,
    Sign,
    Way,
    listed,
    shipped,
)
from hinterland.plugins.diagnosis.reading.numbers_read import measured_in
from hinterland.plugins.diagnosis.reading.patterns import Found, Match, Pattern, Span, occurrences
from hinterland.plugins.diagnosis.reading.proposals import LEXICON, Proposal, merged, possible
from hinterland.plugins.diagnosis.reading.words import Token, tokens
from hinterland.plugins.diagnosis.rules.facts import Value
from hinterland.plugins.diagnosis.rules.vocabulary import Vocabulary

LONGEST = 6000
"""Characters of one story. What is longer is not a story of one patient."""
UNPLACED = "other_problem"
ANY = "any"
"""Of every complaint, in [[lasting]]."""
_MOTHER = frozenset({"pregnant", "gave_birth"})
_SEX = "female"
_CHILD = 120
"""Months."""
_PREGNANT_WEEKS = (18, 42)
_LONG_AGO = 60
"""Days after which something is history and not this illness."""


@dataclass(frozen=True, slots=True)
class _Told:
    """One sign in the text."""

    sign: Sign
    match: Match
    no: bool


def read(text: str, vocabulary: Vocabulary, language: str = "en") -> tuple[Proposal, ...]:
    """Return what a text seems to tell, each fact once, with the words that tell it.

    A complaint that belongs to no fact is proposed as `other_problem`. Raises InputError for a
    text longer than LONGEST and for a language without a lexicon.
    """
    return read_with(shipped(language), text, vocabulary)


def read_with(lexicon: Lexicon, text: str, vocabulary: Vocabulary) -> tuple[Proposal, ...]:
    """Return what a text seems to tell by this lexicon."""
    if len(text) > LONGEST:
        raise InputError(
            f"The text has {len(text)} characters, and more than {LONGEST} are not read.",
            "Tell what is wrong with one patient, in fewer words.",
        )
    reading = _Reading(lexicon, text)
    proposals = [each for each in reading.proposals() if possible(each, vocabulary)]
    return merged(proposals, vocabulary=vocabulary)


class _Reading:
    """One text as one lexicon sees it."""

    def __init__(self, lexicon: Lexicon, text: str) -> None:
        self.lexicon = lexicon
        self.text = text
        self.tokens: list[Token] = tokens(text, lexicon.speech, lexicon.spelling.mend)
        whole = [0] * len(self.tokens)
        first = occurrences(self.tokens, whole, lexicon.contrasts)
        self.clause = scope.clauses(self.tokens, first.get(CONTRAST, ()))
        self.parts = scope.parts(self.tokens, self.clause)
        self.classes = occurrences(self.tokens, self.clause, lexicon.index)
        self.amounts = amounts.amounts(self.tokens, self.classes)
        self._add_long_ago()
        self.scopes = scope.Reader(self.tokens, self.clause, self.classes, lexicon.small).read()
        self.found = Found(
            self.tokens, self.clause, self.classes, self.scopes.denied_by, self.scopes.denials
        )
        self.ors = {span.end - 1 for span in self.classes.get("scope.or", ())}
        self.found.weigh(lambda token: token.stem in lexicon.small)

    def proposals(self) -> Iterator[Proposal]:
        told = self._told()
        for each in told:
            yes = each.sign.value
            value: Value = (not yes if isinstance(yes, bool) else yes) if each.no else yes
            if each.no and (not isinstance(yes, bool) or each.sign.fact == _SEX):
                # “Not pregnant” does not tell a man.
                continue
            yield self._proposal(each.sign.fact, value, self._words_of(each))
        age = ages.best(
            ages.AgeReader(
                self.text, self.tokens, self.clause, self.classes, self.amounts, self.lexicon
            ).read()
        )
        mother = any(each.sign.fact in _MOTHER and not each.no for each in told)
        if age and mother and age.months < _CHILD:
            # The age of her baby.
            age = None
        taken = {at for each in self.amounts for at in range(each.span.start, each.span.end)}
        if age:
            yield self._proposal("age_months", float(age.months), age.span)
            if age.days is not None and age.months < 2:
                yield self._proposal("age_days", float(age.days), age.span)
            taken |= set(range(age.span.start, age.span.end))
        for number in measured_in(
            self.tokens, self.clause, self.classes, self.lexicon, frozenset(taken)
        ):
            yield self._proposal(number.fact, number.value, number.span)
        yield from self._weeks_gone(age.span if age else None)
        yield from self._durations(told, age.span if age else None)
        yield from self._unplaced(told)

    def _words_of(self, told: _Told) -> Span:
        """Return where a sign is told, with the word that denies it."""
        start, end = told.match.start, told.match.end
        if told.no:
            denials = [self.scopes.denials[number] for number in self.scopes.denied_by[start]]
            start = min([start, *(each.start for each in denials)])
            end = max([end, *(each.end for each in denials)])
        return Span(start, end)

    def _proposal(self, fact: str, value: Value, span: Span) -> Proposal:
        start, end = self.tokens[span.start].start, self.tokens[span.end - 1].end
        return Proposal(
            fact=fact, value=value, words=self.text[start:end], start=start, end=end, by=LEXICON
        )

    def _add_long_ago(self) -> None:
        past = list(self.classes.get("scope.past", ()))
        for amount in self.amounts:
            after = [
                span
                for span in self.classes.get("time.ago", ())
                if 0 <= span.start - amount.span.end <= 1
            ]
            if after and amount.days >= _LONG_AGO:
                past.append(Span(amount.span.start, after[0].end))
        self.classes["scope.past"] = sorted(past, key=lambda span: span.start)

    def _told(self) -> list[_Told]:
        result: list[_Told] = []
        self.seen: set[int] = set()
        for way in self.lexicon.signs:
            first = list(self._said(way, way.parts[0]))
            if first and len(way.parts) > 1:
                # Of several parts each has to be there, and none denied.
                first = [(match, no) for match, no in first if not no]
                others = [
                    [match for match, no in self._said(way, part) if not no]
                    for part in way.parts[1:]
                ]
                if not all(others):
                    continue
                self.seen.update(at for each in others for match in each for at in match.places())
            for match, no in first:
                self.seen.update(match.places())
                result.append(_Told(way.sign, match, no))
        return result

    def _said(self, way: Way, wanted: Pattern) -> Iterator[tuple[Match, bool]]:
        """Yield where a pattern is told of this patient now, and whether it is denied."""
        for match in self.found.matches(wanted):
            places = list(match.places())
            if any(self.scopes.aside[at] for at in places) or (
                not way.sign.past and all(self.scopes.past[at] for at in places)
            ):
                self.seen.update(places)
                continue
            denied = self._denied(match, any(group.denied for group in wanted))
            if denied is None:
                continue
            if not denied and self._taken_back(way, match):
                continue
            over = way.sign.over and scope.is_over(
                self.clause, self.classes.get("scope.over", ()), match.end
            )
            yield match, denied or over

    def _taken_back(self, way: Way, match: Match) -> bool:
        clause = self.clause[match.start]
        return any(
            self.clause[each.start] == clause and not self._denied(each, is_denial=False)
            for wanted in way.unless
            for each in self.found.matches(wanted)
        )

    def _denied(self, match: Match, is_denial: bool) -> bool | None:
        """Return whether a sign is denied; None when a denial is denied: it says nothing."""
        own = set(match.denials)
        words = {at for number in own for at in self._denial_words(number)}
        others = {
            number
            for at in match.places()
            if at not in words
            for number in self.scopes.denied_by[at]
            if number not in own and not self._inside(number, match)
        }
        for at in words:
            doubled = [
                number
                for number in self.scopes.denied_by[at]
                if number not in own and self._close(number, at)
            ]
            if doubled:
                return None
        if not others:
            return False
        return None if is_denial and own else True

    def _close(self, number: int, at: int) -> bool:
        """Return whether a denial stands before a denying word, or before the “or” before it."""
        return at - 1 in self.ors or at - self.scopes.denials[number].end <= 1

    def _denial_words(self, number: int) -> range:
        span = self.scopes.denials[number]
        return range(span.start, span.end)

    def _inside(self, number: int, match: Match) -> bool:
        """Return whether a denial is itself among the words of the sign, as in “keeps nothing down”."""
        words = set(self._denial_words(number))
        return words <= set(match.places())

    def _durations(self, told: Sequence[_Told], age: Span | None) -> Iterator[Proposal]:
        lasting = [(each.fact, set(listed(each.of))) for each in self.lexicon.raw.lasting]
        known = [each for each in told if not each.no and each.sign.value is not False]
        for days, span in self._spans_of_time(age):
            near = self._near(known, span)
            for fact, of in lasting:
                if any(each.sign.fact in of or of == {ANY} for each in near):
                    yield self._proposal(fact, float(round(days, 2)), span)

    def _weeks_gone(self, age: Span | None) -> Iterator[Proposal]:
        """Yield a pregnancy that is only told in weeks: I am 34 weeks."""
        first, last = _PREGNANT_WEEKS
        for amount in self.amounts:
            start, end = amount.span.start, amount.span.end
            if amount.unit != "week" or not first <= amount.number <= last or age == amount.span:
                continue
            if any(
                span.start < end + 2 and start - 2 < span.end
                for name in ("time.old", "time.lasting", "time.ago", "time.so_far", "time.baby")
                for span in self.classes.get(name, ())
            ):
                continue
            yield self._proposal("pregnant", True, amount.span)

    def _spans_of_time(self, age: Span | None) -> Iterator[tuple[float, Span]]:
        for amount in self.amounts:
            overlaps = age and amount.span.start < age.end and age.start < amount.span.end
            near = range(max(0, amount.span.start - 3), min(len(self.tokens), amount.span.end + 4))
            often = any(
                0 <= amount.span.start - span.end <= 1 for span in self.classes.get("time.each", ())
            )
            if (
                overlaps
                or often
                or any(span.start in near for span in self.classes.get("time.pregnant", ()))
            ):
                continue
            yield amount.days, amount.span
        for words, days in self.lexicon.raw.time.since.items():
            for span in self.classes.get(f"since.{words}", ()):
                yield days, span

    def _near(self, known: Sequence[_Told], span: Span) -> list[_Told]:
        """Return the signs that a span of time is about: of its part of the sentence, or nearest."""
        part = self.parts[span.start]
        same = [each for each in known if self.parts[each.match.start] == part]
        if same:
            return same
        clause = self.clause[span.start]
        same = [each for each in known if self.clause[each.match.start] == clause]
        if same:
            nearest = min(abs(each.match.start - span.start) for each in same)
            return [each for each in same if abs(each.match.start - span.start) <= nearest + 4]
        before = [each for each in known if 0 <= clause - self.clause[each.match.start] <= 1]
        return before[-3:]

    def _unplaced(self, told: Sequence[_Told]) -> Iterator[Proposal]:
        """Yield complaints that belong to no sign: a problem that the vocabulary does not know.

        “It hurts” after a complaint that was understood tells more of that one, unless a part of the
        body stands beside it.
        """
        understood = {self.clause[each.match.start] for each in told if not each.no}
        for name in self.lexicon.complaints:
            for span in self.classes.get(name, ()):
                places = range(span.start, span.end)
                if any(at in self.seen for at in places):
                    continue
                if any(
                    self.scopes.denied_by[at] or self.scopes.aside[at] or self.scopes.past[at]
                    for at in places
                ):
                    continue
                clause = self.clause[span.start]
                if understood & {clause, clause - 1} and not self._of_another_part(span):
                    continue
                yield self._proposal(UNPLACED, True, span)

    def _of_another_part(self, span: Span) -> bool:
        return any(
            self.clause[part.start] == self.clause[span.start]
            and part.start not in self.seen
            and self.found.apart(part, span)[0] <= 2
            for part in self.classes.get(self.lexicon.raw.body, ())
        )


def guessed_age(text: str, language: str = "en") -> int | None:
    """Return the months of an age that nobody tells but that who speaks of whom makes likely.

    For reading silence in an evaluation only: it is never proposed.
    """
    lexicon = shipped(language)
    reading = _Reading(lexicon, text[:LONGEST])
    found = [
        (-age.rank, span.start, age.months)
        for at, age in enumerate(lexicon.raw.age)
        if age.guess
        for span in reading.classes.get(f"age.{at}.words", ())
    ]
    return min(found)[2] if found else None


def tells_what_is_well(text: str, language: str = "en") -> bool:
    """Return whether a story says that something is well, mild, over or not there."""
    lexicon = shipped(language)
    reading = _Reading(lexicon, text[:LONGEST])
    names = (*listed(lexicon.raw.well), "scope.over")
    return bool(reading.scopes.denials) or any(reading.classes.get(name) for name in names)


def denials(text: str, language: str = "en") -> tuple[tuple[int, int], ...]:
    """Return which stretches of a text are denied, after the denying word, in characters."""
    reading = _Reading(shipped(language), text[:LONGEST])
    found = []
    for number, span in enumerate(reading.scopes.denials):
        reached = [at for at, by in enumerate(reading.scopes.denied_by) if number in by]
        after = [at for at in reached if at >= span.end]
        if after:
            found.append((reading.tokens[after[0]].start, reading.tokens[after[-1]].end))
    return tuple(found)

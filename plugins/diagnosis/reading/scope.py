"""What a text denies, only fears, tells of others or of long ago: which words count, and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hinterland.plugins.diagnosis.reading.patterns import Span
from hinterland.plugins.diagnosis.reading.words import COMMA, SENTENCE, Token

Classes = Mapping[str, Sequence[Span]]

_REACH = {"scope.no": 8, "scope.not": 4, "scope.cannot": 3}
"""How many words that carry meaning a denial reaches."""
_MAYBE = 8
_LISTED = 5
"""How many words a part of a list may have."""
_OVER = 5


@dataclass(frozen=True, slots=True)
class Scopes:
    denials: tuple[Span, ...]
    denied_by: tuple[tuple[int, ...], ...]
    """For each word the numbers of the denials that reach it."""
    aside: tuple[bool, ...]
    """Words that say nothing of this patient: feared, asked, or of somebody else."""
    past: tuple[bool, ...]
    """Words about long ago."""


def clauses(tokens: Sequence[Token], contrast: Sequence[Span]) -> list[int]:
    """Return the clause of each word: they end with the sentence and before a contrast."""
    starts = {span.start for span in contrast}
    result: list[int] = []
    number = 0
    for at, token in enumerate(tokens):
        if at and (token.border == SENTENCE or at in starts):
            number += 1
        result.append(number)
    return result


def parts(tokens: Sequence[Token], clause: Sequence[int]) -> list[int]:
    """Return the part of each word: clauses, and what commas divide them into."""
    result: list[int] = []
    number = 0
    for at, token in enumerate(tokens):
        if at and (token.border == COMMA or clause[at] != clause[at - 1]):
            number += 1
        result.append(number)
    return result


class Reader:
    """Reads the scopes of one text."""

    def __init__(
        self,
        tokens: Sequence[Token],
        clause: Sequence[int],
        classes: Classes,
        small: frozenset[str],
    ) -> None:
        self.tokens = tokens
        self.clause = clause
        self.classes = classes
        self.small = small
        self.covered = {
            name: self._covered(name) for name in ("stop", "subject", "possessive", "or", "and")
        }

    def read(self) -> Scopes:
        """Return all scopes of the text."""
        denials, kinds = self._denials()
        denied: list[list[int]] = [[] for _ in self.tokens]
        starts = {span.start for span in denials}
        for number, (span, kind) in enumerate(zip(denials, kinds, strict=True)):
            for at in self._reached(span, kind, starts):
                denied[at].append(number)
        for number, span in enumerate(self._denied_after(), len(denials)):
            denials.append(span)
            at = span.start - 1
            while at >= 0 and self.clause[at] == self.clause[span.start] and span.start - at <= 4:
                denied[at].append(number)
                if self.tokens[at].border == COMMA:
                    break
                at -= 1
        return Scopes(
            tuple(denials),
            tuple(tuple(each) for each in denied),
            tuple(self._aside()),
            tuple(self._past()),
        )

    def _spans(self, name: str) -> Sequence[Span]:
        return self.classes.get(f"scope.{name}", ())

    def _covered(self, name: str) -> frozenset[int]:
        return frozenset(at for span in self._spans(name) for at in range(span.start, span.end))

    def _denials(self) -> tuple[list[Span], list[str]]:
        idle = self._covered("idle")
        found = [
            (span, f"scope.{kind}")
            for kind in ("no", "not", "cannot")
            for span in self._spans(kind)
            if not all(at in idle for at in range(span.start, span.end))
        ]
        # "can not" is one denial and not also the "not" in it.
        found = [
            (span, kind)
            for span, kind in found
            if not any(
                other.start <= span.start
                and span.end <= other.end
                and other.end - other.start > span.end - span.start
                for other, _ in found
            )
        ]
        found.sort(key=lambda each: each[0].start)
        return [span for span, _ in found], [kind for _, kind in found]

    def _reached(self, span: Span, kind: str, starts: set[int]) -> list[int]:
        """Return the words that a denial reaches."""
        reached: list[int] = []
        left = _REACH[kind]
        at = span.end
        if at < len(self.tokens) and self.tokens[at].border == COMMA and kind == "scope.no":
            return []
        while at < len(self.tokens) and self.clause[at] == self.clause[span.start]:
            token = self.tokens[at]
            beginning = at == span.end
            if token.border == COMMA and token.mark != "/":
                if not self._is_list(at):
                    break
                left = _REACH[kind]
            if at in self.covered["or"]:
                left = max(left, 4)
            if at in self.covered["stop"] or (at in self.covered["and"] and at > span.end):
                break
            if not beginning and (at in self.covered["subject"] or self._begins_anew(at)):
                break
            listed = at - 1 in self.covered["or"]
            if at in starts and at > span.end and not listed:
                break
            if token.stem not in self.small:
                left -= 1
                if left < 0:
                    break
            reached.append(at)
            at += 1
        return reached

    def _begins_anew(self, at: int) -> bool:
        if at not in self.covered["possessive"]:
            return False
        before = self.tokens[at - 1].stem
        return not any(
            span.end == at for span in self.classes.get("scope.before_possessive", ())
        ) and (before not in self.small)

    def _is_list(self, comma: int) -> bool:
        """Return whether what follows a comma goes on to an “or”: no fever, rash or stiff neck."""
        length = 0
        for at in range(comma, min(len(self.tokens), comma + 40)):
            token = self.tokens[at]
            if self.clause[at] != self.clause[comma]:
                return False
            if at > comma and token.border == COMMA:
                length = 0
            if at in self.covered["or"]:
                return True
            if at in self.covered["stop"] or at in self.covered["subject"]:
                return False
            length += 1
            if length > _LISTED:
                return False
        return False

    def _denied_after(self) -> list[Span]:
        """Return what denies the words before it: “fever: none”."""
        result = []
        for span in self._spans("none"):
            if span.start == 0 or self.clause[span.start] != self.clause[span.start - 1]:
                continue
            ends = (
                span.end == len(self.tokens)
                or self.clause[span.end] != self.clause[span.start]
                or self.tokens[span.end].border == COMMA
            )
            sign = self.tokens[span.start].mark in {":", "="}
            if ends and (sign or self.tokens[span.start].border != COMMA):
                result.append(span)
        return result

    def _aside(self) -> list[bool]:
        result = [False] * len(self.tokens)
        for span in self._spans("figure"):
            for at in range(span.start, span.end):
                result[at] = True
        # “As if” compares: it fears nothing.
        compared = {span.end for span in self._spans("idle")}
        for span in self._spans("maybe"):
            if span.end in compared and span.end - span.start == 1:
                continue
            for at in self._following(span, _MAYBE):
                result[at] = True
        if not self._spans("patient"):
            return result
        same, has = self._covered("same"), self._covered("has")
        first = min(span.start for span in self._spans("patient"))
        for span in self._spans("other"):
            if any(
                each.start < span.end and span.start < each.end for each in self._spans("patient")
            ):
                continue
            about = self._following(span, 12, through=True)
            contact = first < span.start and any(at in has for at in about[:3])
            if contact or any(at in same for at in about):
                for at in (*range(span.start, span.end), *about):
                    result[at] = True
        return result

    def _following(self, span: Span, most: int, through: bool = False) -> list[int]:
        """Return the words after a span up to the end of its part of the sentence."""
        result: list[int] = []
        for at in range(span.end, min(len(self.tokens), span.end + most)):
            token = self.tokens[at]
            if self.clause[at] != self.clause[span.start] or token.border == COMMA:
                break
            stops = at in self.covered["stop"] and not through
            if at > span.end and (at in self.covered["and"] or stops):
                break
            result.append(at)
        return result

    def _past(self) -> list[bool]:
        """Return which words are of long ago: the part of the sentence around “last year”."""
        result = [False] * len(self.tokens)
        now = self._covered("now")
        for span in self._spans("past"):
            first = span.start
            while first > 0 and self.clause[first - 1] == self.clause[span.start]:
                if self.tokens[first].border == COMMA or first - 1 in self.covered["and"]:
                    break
                first -= 1
            last = span.end
            while last < len(self.tokens) and self.clause[last] == self.clause[span.start]:
                if self.tokens[last].border == COMMA or last in self.covered["and"] or last in now:
                    break
                last += 1
            for at in range(first, last):
                result[at] = True
        return result


def is_over(clause: Sequence[int], over: Sequence[Span], end: int) -> bool:
    """Return whether “it has stopped” follows what ends at `end`."""
    return any(
        0 <= span.start - end <= _OVER and clause[span.start] == clause[end - 1] for span in over
    )

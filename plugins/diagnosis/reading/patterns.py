"""The small grammar of a lexicon: classes of words, and patterns of them within a few words.

`<pain> & <head>` is both in either order, some words apart. `hit <head>` is one after the other.
`!drink` is a word that is denied: not drinking, unable to drink, refuses drink. `=fit` is exactly
this form of the word, `hard_to_wake` these words together, `|` one or the other, and `*` in a class
up to two words, whatever they are.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from hinterland.plugins.diagnosis.reading.words import COMMA, NONE, SENTENCE, Token

ANY = "*"
TROUBLE = "scope.trouble"
_SKIP = 2
"""How many words `*` stands for at most."""
_COMMA_COUNTS = 2
_FAR, _FAR_WORDS = 3, 8
"""How far the parts joined by `&` may be apart: in words that carry meaning, and in all."""
_NEXT, _NEXT_WORDS = 1, 4
"""The same for parts that follow each other."""

Entry = tuple[str, ...]
"""One way to say something: stems, exact words with a leading =, and `*`."""


Index = Mapping[tuple[str, ...], Sequence[tuple[str, Entry]]]
"""The entries of all classes, by `index_key`."""


@dataclass(frozen=True, slots=True)
class Group:
    items: tuple[str, ...]
    """Names of classes, one after the other."""
    denied: bool


Pattern = tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Span:
    start: int
    end: int
    """The token after the last."""


@dataclass(frozen=True, slots=True)
class Match:
    spans: tuple[Span, ...]
    denials: tuple[int, ...] = ()
    """The denying words that belong to it, by their number."""

    @property
    def start(self) -> int:
        return min(each.start for each in self.spans)

    @property
    def end(self) -> int:
        return max(each.end for each in self.spans)

    def places(self) -> Iterator[int]:
        """Yield the words that belong to it."""
        for span in self.spans:
            yield from range(span.start, span.end)


class PatternError(ValueError):
    """What is wrong with a pattern or an entry, in words."""


def entry(text: str, stemmed: Callable[[str], str], fold: Callable[[str], str]) -> Entry:
    """Return one entry of a class, as stems; raises PatternError."""
    parts = []
    for part in text.split():
        if part == ANY:
            parts.append(ANY)
        elif part.startswith("="):
            parts.append("=" + fold(part[1:]))
        else:
            parts.append(stemmed(fold(part)))
    if not parts or parts[0] == ANY or parts[-1] == ANY or "=" in parts:
        raise PatternError(f"“{text}” is not a word or words")
    return tuple(parts)


def pattern(text: str) -> tuple[Pattern, dict[str, str]]:
    """Return a pattern, and the classes it makes of its own words: name → entries.

    Raises PatternError for what is not one.
    """
    own: dict[str, str] = {}
    groups: list[Group] = []
    for part in text.split(" & "):
        denied = part.startswith("!")
        items: list[str] = []
        for item in part.removeprefix("!").split():
            ways = item.split("|")
            if len(ways) == 1 and _is_class(item):
                items.append(item[1:-1])
                continue
            for way in ways:
                if not way or (not _is_class(way) and set(way) & set("<>&!,")):
                    raise PatternError(f"“{item}” is not words with | between them")
            own[f"“{item}”"] = ",".join(
                way if _is_class(way) else way.replace("_", " ") for way in ways
            )
            items.append(f"“{item}”")
        if not items:
            raise PatternError(f"“{text}” has an empty part")
        groups.append(Group(tuple(items), denied))
    return tuple(groups), own


def _is_class(item: str) -> bool:
    return len(item) > 2 and item[0] == "<" and item[-1] == ">" and not set(item[1:-1]) & set("<>")


@dataclass(slots=True)
class Found:
    """A text with every class of words that occurs in it."""

    tokens: Sequence[Token]
    clause: Sequence[int]
    """The clause that each word belongs to; nothing is matched over its border."""
    classes: dict[str, list[Span]] = field(default_factory=dict)
    denied_by: Sequence[Sequence[int]] = ()
    """For each word the numbers of the denials that reach it."""
    denials: Sequence[Span] = ()
    _weight: list[int] = field(default_factory=list)

    def weigh(self, small: Callable[[Token], bool]) -> None:
        """Note how much meaning lies between any two words."""
        total = 0
        self._weight = [0]
        for token in self.tokens:
            total += not small(token)
            total += _COMMA_COUNTS if token.border == COMMA else 0
            self._weight.append(total)

    def apart(self, one: Span, other: Span) -> tuple[int, int]:
        """Return what lies between two spans: words that carry meaning (commas count), and words."""
        first, last = (one, other) if one.start <= other.start else (other, one)
        if last.start < first.end:
            return 99, 99
        between = self._weight[last.start] - self._weight[first.end]
        if self.tokens[last.start].border == COMMA:
            between += _COMMA_COUNTS
        return between, last.start - first.end

    def matches(self, wanted: Pattern) -> Iterator[Match]:
        """Yield where a pattern is found, once for each place of its first part."""
        if any(item not in self.classes for group in wanted for item in group.items):
            return
        candidates = [list(self._sequence(group)) for group in wanted]
        if not all(candidates):
            return
        for first in candidates[0]:
            match: Match | None = first
            for others in candidates[1:]:
                match = self._joined(match, others) if match else None
            if match:
                yield match

    def _sequence(self, group: Group) -> Iterator[Match]:
        for first in self.classes[group.items[0]]:
            denial: tuple[int, ...] = ()
            if group.denied:
                reached = self.denied_by[first.start]
                if not reached:
                    continue
                denial = (reached[-1],)
                before = self.denials[denial[0]].end
                if self._is_trouble(before, first.start) or (
                    before == first.start and self._trouble_follows(first.end)
                ):
                    continue
            spans = [first]
            for item in group.items[1:]:
                following = self._next(spans[-1], self.classes[item])
                if following is None:
                    break
                spans.append(following)
            else:
                spans.extend(self.denials[number] for number in denial)
                yield Match(tuple(spans), denial)

    def _trouble_follows(self, end: int) -> bool:
        """Return whether trouble is what is denied: no breathing trouble."""
        return any(
            span.start == end and self.tokens[end].border == NONE
            for span in self.classes.get(TROUBLE, ())
        )

    def _is_trouble(self, start: int, end: int) -> bool:
        """Return whether trouble is what is denied: no trouble breathing."""
        return any(
            start <= span.start and span.end <= end for span in self.classes.get(TROUBLE, ())
        )

    def _next(self, last: Span, others: Sequence[Span]) -> Span | None:
        at = bisect_left(others, last.end, key=lambda span: span.start)
        if at == len(others) or self.clause[others[at].start] != self.clause[last.start]:
            return None
        meaning, words = self.apart(last, others[at])
        return others[at] if meaning <= _NEXT and words <= _NEXT_WORDS else None

    def _joined(self, match: Match, others: Sequence[Match]) -> Match | None:
        whole = Span(match.start, match.end)
        best: tuple[int, int, Match] | None = None
        at = bisect_left(others, whole.start - 40, key=lambda each: each.start)
        for other in others[at:]:
            if other.start > whole.end + _FAR_WORDS:
                break
            if self.clause[other.start] != self.clause[whole.start]:
                continue
            if set(match.places()) & set(other.places()):
                continue
            inside = other.start < whole.end and whole.start < other.end
            meaning, words = (0, 0) if inside else self.apart(whole, Span(other.start, other.end))
            if meaning > _FAR or words > _FAR_WORDS:
                continue
            if best is None or (meaning, words) < best[:2]:
                best = (meaning, words, other)
        if best is None:
            return None
        return Match((*match.spans, *best[2].spans), (*match.denials, *best[2].denials))


def index_key(parts: Entry) -> tuple[str, ...]:
    """Return what an entry is looked up by: its first part, or its first two where both are words."""
    return parts[:2] if len(parts) > 1 and parts[1] != ANY else parts[:1]


def occurrences(
    tokens: Sequence[Token], clause: Sequence[int], index: Index
) -> dict[str, list[Span]]:
    """Return where each class occurs, in order."""
    result: dict[str, list[Span]] = {}
    for at, token in enumerate(tokens):
        firsts = (token.stem, "=" + token.word)
        keys: list[tuple[str, ...]] = [(first,) for first in firsts]
        if at + 1 < len(tokens):
            following = tokens[at + 1]
            seconds = (following.stem, "=" + following.word)
            keys.extend((first, second) for first in firsts for second in seconds)
        for key in keys:
            for name, parts in index.get(key, ()):
                end = _follows(tokens, clause, at, parts)
                if not end:
                    continue
                spans = result.setdefault(name, [])
                if spans and spans[-1].start == at:
                    # The longest of the ways to say it.
                    spans[-1] = Span(at, max(end, spans[-1].end))
                elif not spans or spans[-1].end <= at:
                    spans.append(Span(at, end))
    return result


def _follows(tokens: Sequence[Token], clause: Sequence[int], at: int, parts: Entry) -> int:
    """Return the token after the entry that begins at `at`, or 0."""
    place, skip = at + 1, 0
    for part in parts[1:]:
        if part == ANY:
            skip = _SKIP
            continue
        for _ in range(skip + 1):
            if (
                place >= len(tokens)
                or clause[place] != clause[at]
                or tokens[place].border == SENTENCE
                or (tokens[place].border == COMMA)
            ):
                return 0
            if part in (tokens[place].stem, "=" + tokens[place].word):
                break
            place += 1
        else:
            return 0
        place, skip = place + 1, 0
    return place

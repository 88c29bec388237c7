"""What became of a segment, of a unit, and of all of them so far."""

from __future__ import annotations

import re
import time
from collections import Counter, deque
from dataclasses import dataclass, field

import msgspec

from hinterland.plugins.translation.segments import Segment, join
from hinterland.plugins.translation.units import Parts, Unit, text_of

_UNSPACED = re.compile("[\u2e80-\u9fff\u0e00-\u0eff]+")
_RECENT = 30.0  # seconds over which the speed is told


class Flag(msgspec.Struct, frozen=True):
    """Why somebody should look at a segment."""

    kind: str
    """A word for machines: one of `segments.Trouble`, or `uncovered` or `failed`."""
    sentence: str
    """The same for people."""


UNCOVERED, FAILED = "uncovered", "failed"


class Outcome(msgspec.Struct, frozen=True):
    """What became of a segment."""

    segment: Segment
    parts: Parts | None
    """Its translation; None leaves the segment as it is."""
    flag: Flag | None = None
    tried: str = ""
    """What the model said last, where that was not fit."""
    remembered: bool = False
    """Whether it was known, and no model was asked."""


class Translated(msgspec.Struct, frozen=True):
    """A unit and what became of its segments."""

    unit: Unit
    outcomes: tuple[Outcome, ...]

    @property
    def parts(self) -> Parts | None:
        """The unit's translation; None where nothing of it was translated."""
        texts = [each.parts for each in self.outcomes]
        if all(each is None for each in texts):
            return None
        return join(self.unit, [each.segment for each in self.outcomes], texts)

    @property
    def flagged(self) -> tuple[Outcome, ...]:
        """The segments that somebody should look at."""
        return tuple(each for each in self.outcomes if each.flag is not None)


@dataclass(slots=True)
class Tally:
    """What was done so far."""

    started: float = field(default_factory=time.monotonic)
    units: int = 0
    segments: int = 0
    remembered: int = 0
    asked: int = 0
    """Segments that a model was asked for; one that was asked for twice counts once."""
    again: int = 0
    """Of those, how many were asked for a second time."""
    words: int = 0
    flagged: Counter[str] = field(default_factory=Counter)
    """By the kind of trouble."""
    characters: int = 0
    prompt_ms: float = 0.0
    """Milliseconds that engines spent reading prompts, as they told."""
    written_ms: float = 0.0
    """Milliseconds that they spent writing answers."""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    written_tokens: int = 0
    _recent: deque[tuple[float, int, int]] = field(default_factory=deque)

    def count(self, done: Translated) -> None:
        """Count a unit."""
        self.units += 1
        for each in done.outcomes:
            self.segments += 1
            said = text_of(each.segment.parts)
            self.words += words_in(said)
            self.characters += len(said)
            self.remembered += each.remembered
            if each.flag is not None:
                self.flagged[each.flag.kind] += 1

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    @property
    def prefill(self) -> float:
        """The share of the engines' time that went into reading prompts, from 0 to 1."""
        whole = self.prompt_ms + self.written_ms
        return self.prompt_ms / whole if whole else 0.0

    def speed(self) -> tuple[float, float]:
        """Return words and characters a second, over the last half minute."""
        now = time.monotonic()
        self._recent.append((now, self.words, self.characters))
        while now - self._recent[0][0] > _RECENT:
            self._recent.popleft()
        at, words, characters = self._recent[0]
        if len(self._recent) == 1:
            at, words, characters = self.started, 0, 0
        spent = max(now - at, 0.001)
        return (self.words - words) / spent, (self.characters - characters) / spent


def words_in(text: str) -> int:
    """Return how many words a text has; scripts without spaces count two characters as one."""
    words = len(text.split())
    if text.isascii() or not (unspaced := sum(map(len, _UNSPACED.findall(text)))):
        return words
    return max(words, unspaced // 2)

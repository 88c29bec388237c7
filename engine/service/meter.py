"""What an answer takes, read off its bytes while they pass: tokens, and when the first one came.

Nothing is decoded: a token's chunk is known by its name, which no text of a model can hold (quotes
are escaped inside JSON), and the engine's own counts stand in the last few kilobytes.
"""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable

_TOKEN = re.compile(rb'"(?:reasoning_)?(?:content|reasoning)":\s?"')
_READ = re.compile(rb'"prompt_progress":\s?\{[^}]*"processed":\s?(\d+)')
_COUNTS = {
    "prompt_n": re.compile(rb'"prompt_n":\s?(\d+)'),
    "cache_n": re.compile(rb'"cache_n":\s?(\d+)'),
    "predicted_n": re.compile(rb'"predicted_n":\s?(\d+)'),
    "prompt_tokens": re.compile(rb'"prompt_tokens":\s?(\d+)'),
    "cached_tokens": re.compile(rb'"cached_tokens":\s?(\d+)'),
    "completion_tokens": re.compile(rb'"completion_tokens":\s?(\d+)'),
}
_FINISH = re.compile(rb'"finish_reason":\s?"(\w+)"')
_TAIL = 4096  # bytes
_RECENT = 48  # tokens
_LONGEST_NAME = 32  # bytes of what the expressions for tokens match


class Meter:
    """Hears the bytes of one answer. `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tail = b""
        self.written = 0
        """Tokens of the answer so far, as far as its chunks tell."""
        self.read = 0
        """Tokens of the prompt that are read or were there already, as far as the engine tells."""
        self.first: float | None = None
        """When the first token came, by the clock."""
        self._recent: deque[tuple[float, int]] = deque(maxlen=_RECENT)
        """When tokens came, and how many there were then."""

    def heard(self, piece: bytes) -> int:
        """Take note of a piece of the answer, wherever it was cut; return how many tokens it brings."""
        # What a cut went through is found with the next piece; what ends in the bytes that were
        # looked at already is counted.
        before = self._tail[-_LONGEST_NAME:]
        seen = before + piece
        new = sum(match.end() > len(before) for match in _TOKEN.finditer(seen))
        self.written += new
        if self.written and self.first is None:
            self.first = self._clock()
        if new:
            self._recent.append((self._clock(), self.written))
        if self.first is None and (progress := _READ.findall(seen)):
            self.read = int(progress[-1])
        self._tail = (self._tail + piece)[-_TAIL:]
        return new

    @property
    def pace(self) -> float | None:
        """Seconds a token, of the last few; None before there are any."""
        if not self._recent:
            return None
        (since, before), now = self._recent[0], self._clock()
        written = self.written - before
        return (now - since) / written if written >= 7 and now > since else None

    def suppose(self, read: int, written: int) -> None:
        """Take so many tokens to have been read and written by an engine that said nothing."""
        self.read, self.written = read, written

    @property
    def prompt_tokens(self) -> int | None:
        """Tokens of the prompt, cached ones too; None until the engine has told."""
        told = self._told("prompt_tokens")
        if told is None and (new := self._told("prompt_n")) is not None:
            told = new + (self._told("cache_n") or 0)
        return told

    @property
    def cached_tokens(self) -> int:
        """How many of them the engine held already."""
        told = self._told("cache_n")
        return (self._told("cached_tokens") or 0) if told is None else told

    @property
    def completion_tokens(self) -> int:
        """Tokens of the answer: as the engine counted them, or as they were seen."""
        told = self._told("completion_tokens")
        told = self._told("predicted_n") if told is None else told
        return self.written if told is None else told

    @property
    def finish(self) -> str:
        """Why the answer ended; empty when the engine did not come to say so."""
        found = _FINISH.findall(self._tail)
        return found[-1].decode() if found else ""

    def _told(self, name: str) -> int | None:
        found = _COUNTS[name].findall(self._tail)
        return int(found[-1]) if found else None

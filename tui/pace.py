"""Events of an answer gathered into a few messages a second: a screen cannot keep up with tokens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import perf_counter

from hinterland.engine.protocol import (
    Counted,
    Event,
    Loading,
    PromptProgress,
    Queued,
    ReasoningDelta,
    SentTo,
    TextDelta,
)
from hinterland.tui.messages import AnswerAdvanced

INTERVAL = 0.1
"""Seconds between two messages."""
SLOW_INTERVAL = 0.5
"""The same on a slow line."""
_SHORTEST = 0.2
"""Seconds of writing before a speed is worth showing."""


class Pace:
    """Put events in; `post` gets them gathered, the first at once. Call `flush` at the end."""

    def __init__(
        self,
        post: Callable[[AnswerAdvanced], object],
        interval: Callable[[], float] = lambda: INTERVAL,
    ) -> None:
        self._post = post
        self._interval = interval
        self._next = AnswerAdvanced()
        self._due: asyncio.TimerHandle | None = None
        self._posted_at = 0.0
        self._tokens = 0
        self._first_at: float | None = None

    def put(self, event: Event) -> None:
        """Take in an event of the answer that is not its last."""
        if isinstance(event, Counted):  # the status line asks the conversation
            return
        now = perf_counter()
        if isinstance(event, Loading | Queued | SentTo | PromptProgress):
            self._next.waiting = event
            if isinstance(event, SentTo):
                self._next.sent_to = event
        elif isinstance(event, TextDelta | ReasoningDelta):
            self._next.waiting = None
            if isinstance(event, TextDelta):
                self._next.text += event.text
            else:
                self._next.reasoning += event.text
            self._tokens += 1
            self._first_at = self._first_at or now
        if self._due is None:
            wait = max(0.0, self._posted_at + self._interval() - now)
            self._due = asyncio.get_running_loop().call_later(wait, self.flush)

    def flush(self) -> None:
        """Post what was gathered, if anything was."""
        if self._due is None:
            return
        self._due.cancel()
        self._due = None
        self._posted_at = perf_counter()
        gathered, self._next = self._next, AnswerAdvanced()
        if self._first_at is not None and self._posted_at - self._first_at >= _SHORTEST:
            gathered.tokens_per_second = self._tokens / (self._posted_at - self._first_at)
        self._post(gathered)

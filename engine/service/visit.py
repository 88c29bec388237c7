"""One request from its arrival to its end, in numbers: what it waits for, and what it takes."""

from __future__ import annotations

import time
from collections.abc import Callable

from hinterland.engine.protocol import Priority
from hinterland.engine.service.house import Served
from hinterland.engine.service.meter import Meter


class Visit:
    """One request, from its arrival to its end."""

    def __init__(
        self, gone: Callable[[Visit], None], uid: int, model: str, priority: Priority, role: str
    ) -> None:
        self.uid = uid
        self.model = model
        self.priority = priority
        self.position: int | None = None
        """The place in line; None while it does not wait."""
        self.started = False
        """Whether the engine has taken it up."""
        self.counted = 0
        """Written tokens that a speed was made of already."""
        self._gone = gone
        self._role = role
        self._meter = Meter()
        self._prompt = 0
        self._arrived = time.time()
        self._began = time.monotonic()
        self._in_line: float | None = None
        self._started: float | None = None
        self._waited = 0.0
        self._left: float | None = None
        self._told_at = 0.0
        self._expected: float | None = None

    def waits(self, position: int, expected: float | None = None) -> None:
        """It stands in line at `position`, for `expected` seconds more."""
        now = time.monotonic()
        if self._in_line is None:
            self._in_line = now
        self.position = position
        if expected is not None:
            self._left, self._told_at = expected, now
            if self._expected is None:
                self._expected = now - self._in_line + expected

    def starts(self, prompt_tokens: int, meter: Meter) -> None:
        """Its turn has come: the engine begins to read its prompt, and `meter` hears what it says."""
        self._waited, self._started = self.waited, time.monotonic()
        self._in_line = self.position = self._left = None
        self._prompt = prompt_tokens
        self._meter = meter
        self.started = True

    @property
    def read(self) -> int:
        """Tokens of the prompt so far, those included that the engine still knew."""
        meter = self._meter
        if meter.first is None:
            return meter.read
        return self._prompt if meter.prompt_tokens is None else meter.prompt_tokens

    @property
    def written(self) -> int:
        """Tokens of the answer so far."""
        return self._meter.written

    @property
    def tokens(self) -> int:
        """Tokens it has taken so far."""
        return self.read + self.written

    @property
    def waited(self) -> float:
        """Seconds in line, so far or in all."""
        since = self._in_line
        return self._waited + (0.0 if since is None else time.monotonic() - since)

    @property
    def to_go(self) -> float | None:
        """Seconds until it starts, by what was last told."""
        if self._left is None:
            return None
        return max(0.0, self._left - (time.monotonic() - self._told_at))

    def ends(self, finish: str) -> Served:
        """It has ended, as `finish` says; return what it took, to be noted."""
        waited = self.waited
        self._gone(self)
        meter, first, reading = self._meter, self._meter.first, None
        if first is not None and self._started is not None:
            reading = round(first - self._started, 3)
        return Served(
            uid=self.uid,
            model=self.model,
            priority=self.priority,
            arrived=round(self._arrived, 3),
            waited=round(waited, 3),
            expected=None if self._expected is None else round(self._expected, 3),
            first=None if first is None else round(first - self._began, 3),
            reading=reading,
            took=round(time.monotonic() - self._began, 3),
            prompt_tokens=self.read,
            cached_tokens=meter.cached_tokens,
            completion_tokens=meter.completion_tokens,
            finish=finish,
            role=self._role,
        )

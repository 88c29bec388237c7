"""Who gives a hint, and what a guide is told of the pupil's work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from hinterland.plugins.tutoring.lessons import Posed


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """What a pupil has done so far with the exercise that is open."""

    answers: tuple[str, ...] = ()
    """Every answer given, the last one last, as it was typed."""
    working: tuple[str, ...] = ()
    """The lines of thinking that were typed with the last answer."""
    mistake: int | None = None
    """Which of the exercise's mistakes the last answer is, if it is one."""
    faulty_line: int | None = None
    """The first wrong line of the working, counted from 1."""


class Hint(msgspec.Struct, frozen=True):
    """A hint as it is shown."""

    index: int
    """Which of the exercise's hints it is: it counts as used from now on."""
    text: str
    reworded: bool = False
    """Whether a model said it in other words."""


class Guide(Protocol):
    """Whoever chooses a hint: the lesson's own ladder, or a model that looks at the work."""

    async def hint(self, posed: Posed, work: Work, unused: Sequence[int]) -> Hint:
        """Return one of the hints whose indexes are in `unused`, which is not empty; raises nothing
        for what an engine or a model does wrong."""

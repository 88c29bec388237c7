"""What a pupil has done, and the card that says when it comes back."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import IntEnum, StrEnum

import msgspec

NEVER = datetime.fromtimestamp(0, UTC)


class Rating(IntEnum):
    """How an exercise went, in the numbers of FSRS."""

    AGAIN = 1
    """The answer was shown."""
    HARD = 2
    """Right with hints, or not at the first try."""
    GOOD = 3
    """Right at the first try, without help."""
    EASY = 4
    """Never given by the tutor."""


class Result(StrEnum):
    """The same for people."""

    ALONE = "alone"
    HELPED = "helped"
    SHOWN = "shown"


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """One exercise that was finished: by a right answer, or by the answer being shown."""

    exercise: str
    """Its id, `lesson/exercise`."""
    objective: str
    lesson: str
    rating: Rating
    attempts: int
    """Answers given, the right one included."""
    hints: int
    """Hints shown."""
    revealed: bool = False
    """Whether the answer was shown."""
    right: bool = True
    """Whether the pupil gave the right answer."""
    seed: int = 0
    when: datetime = NEVER
    """When it was recorded, in UTC; the pupil's own clock sets it: see clock.py."""

    @property
    def result(self) -> Result:
        """How the exercise went."""
        if self.rating is Rating.AGAIN:
            return Result.SHOWN
        return Result.HELPED if self.rating is Rating.HARD else Result.ALONE


class State(IntEnum):
    """Where a card stands, in the numbers of FSRS."""

    LEARNING = 1
    REVIEW = 2
    RELEARNING = 3


class Card(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """When an exercise comes back: what FSRS knows of it, as plain values."""

    exercise: str
    objective: str
    lesson: str
    state: State
    step: int | None
    stability: float
    """Days after which nine of ten are remembered."""
    difficulty: float
    """From 1 to 10."""
    due: datetime
    last: datetime
    """When it was done last."""
    first: datetime
    """When it was done for the first time."""
    times: int = 1
    """How often it was done."""

"""Where a lesson is: all that a new session needs to go on at the same step, kept after every act."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Stage(StrEnum):
    """What a lesson is doing."""

    CHOOSING = "choosing"
    """Topics are offered."""
    PLACING = "placing"
    """A few questions find the lesson to begin with."""
    EXPLAINING = "explaining"
    EXAMPLE = "example"
    PRACTISING = "practising"
    REVIEWING = "reviewing"
    """Exercises of any lesson that are about to be forgotten."""
    ENDED = "ended"


class Outcome(StrEnum):
    """How an exercise ended."""

    ALONE = "alone"
    """Right at the first attempt, without a hint."""
    HELPED = "helped"
    """Right after another attempt or a hint."""
    REVEALED = "revealed"
    SKIPPED = "skipped"


class Result(msgspec.Struct, frozen=True):
    """An exercise of this lesson that is over."""

    exercise: str
    objective: str
    outcome: Outcome
    print: str
    """A digest of it with its numbers, so that the same ones are not asked again."""


class Comeback(msgspec.Struct, frozen=True):
    """An exercise whose answer was shown, and how many are to end before it comes back."""

    exercise: str
    after: int


class Open(msgspec.Struct, frozen=True, kw_only=True):
    """The exercise that is open."""

    exercise: str
    seed: int
    print: str
    """A digest of it with its numbers: a lesson may be changed between two sittings."""
    answers: tuple[str, ...] = ()
    """The honest attempts, as they were typed."""
    working: tuple[str, ...] = ()
    hints: tuple[int, ...] = ()
    """Which hints were given, in that order."""
    mistake: int | None = None
    faulty_line: int | None = None
    asked_for_steps: bool = False
    revealed: bool = False
    """Whether its answer is shown, and it is waited for the pupil to go on."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """The whole state of a lesson."""

    version: int = 1
    seed: int
    """What the numbers of this pupil's exercises are drawn from."""
    drawn: int = 0
    """How many exercises were posed."""
    stage: Stage = Stage.CHOOSING
    after: Stage = Stage.ENDED
    """What follows the reviews."""
    lessons: tuple[str, ...] = ()
    """Ids of the topic's lessons, the easiest first."""
    lesson: str = ""
    """The id of the lesson that the pupil is at."""
    low: int = 0
    high: int = 0
    asked: int = 0
    """The placement: between which of the lessons it is, and how many questions were asked."""
    open: Open | None = None
    results: tuple[Result, ...] = ()
    """Exercises of this lesson, or of this review, that are over."""
    learnt: tuple[str, ...] = ()
    """What the pupil could do at the end of the practice, in words."""
    comebacks: tuple[Comeback, ...] = ()
    queue: tuple[str, ...] = ()
    """Reviews that are left."""
    reviewed: int = 0
    choices: tuple[str, ...] = ()
    """The topics that are offered."""
    stopped: bool = False
    """Whether the pupil ended it; False where it was cut off."""
    told: tuple[str, ...] = ()
    """What is said only once in a lesson."""
    turns: dict[str, int] = {}
    """How often each of the words with several texts was said."""

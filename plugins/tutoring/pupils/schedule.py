"""When an exercise comes back: FSRS, through the `fsrs` library and nothing beside it.

Only this module imports it, when the first exercise is scheduled. Fuzz, which moves a date by chance,
is off: the same work gives the same dates, for a teacher who asks why and for the tests.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

import msgspec

from hinterland.plugins.tutoring.pupils.done import Card, Done, State

if TYPE_CHECKING:
    import fsrs

RETENTION = 0.9
"""The share of exercises that should still be known on the day they come back."""
LEARNING = (timedelta(minutes=10),)
"""One step: what was shown or needed help comes back in the same lesson or at the next one. A right
answer needs none: that practice is the lesson's own."""
RELEARNING = (timedelta(minutes=10),)
LONGEST = 365
"""Days after which everything comes back: a school year."""


@cache
def scheduler() -> fsrs.Scheduler:
    """Return the one scheduler, with the library's own parameters."""
    import fsrs

    return fsrs.Scheduler(
        desired_retention=RETENTION,
        learning_steps=LEARNING,
        relearning_steps=RELEARNING,
        maximum_interval=LONGEST,
        enable_fuzzing=False,
    )


def reviewed(card: Card | None, done: Done) -> Card:
    """Return the card after `done`; without one, the exercise was met for the first time."""
    import fsrs

    before = fsrs.Card(card_id=0, due=done.when) if card is None else _theirs(card)
    after, _ = scheduler().review_card(before, fsrs.Rating(done.rating), done.when)
    assert after.stability is not None
    assert after.difficulty is not None
    return Card(
        exercise=done.exercise,
        objective=done.objective,
        lesson=done.lesson,
        state=State(after.state),
        step=after.step,
        stability=after.stability,
        difficulty=after.difficulty,
        due=after.due,
        last=done.when,
        first=done.when if card is None else card.first,
        times=1 if card is None else card.times + 1,
    )


def remembered(cards: Iterable[Card], now: datetime) -> list[float]:
    """Return the chance, from 0 to 1, that each card's exercise would be done right `now`."""
    chance = scheduler().get_card_retrievability
    return [chance(_theirs(card), now) for card in cards]


def moved(card: Card, to: datetime, late: timedelta) -> Card:
    """Return a card that was recorded `late` by a wrong clock with the times that were meant."""
    if card.last <= to:
        return card
    first = card.first if card.first <= to else card.first - late
    return msgspec.structs.replace(card, last=card.last - late, due=card.due - late, first=first)


def _theirs(card: Card) -> fsrs.Card:
    import fsrs

    return fsrs.Card(
        card_id=0,
        state=fsrs.State(card.state),
        step=card.step,
        stability=card.stability,
        difficulty=card.difficulty,
        due=card.due,
        last_review=card.last,
    )

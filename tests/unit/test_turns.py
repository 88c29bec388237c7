"""Turns on a box that many share: nobody starves, nobody has more than their share for long."""

from __future__ import annotations

import asyncio
import random

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from hinterland.engine.protocol import Priority
from hinterland.engine.service.turns import BATCH_AFTER, SLACK, Claim, Place, Turns
from tests.unit.simulated_box import Box, jain, lengths, run

_EXPECTED = 100

ANNA, BILAL, TEACHER = 1001, 1002, 2001

loads = st.lists(
    st.tuples(st.integers(1, 8), st.integers(1, 200), st.integers(8, 600)), min_size=2, max_size=8
)
"""For each user: requests at once, tokens to read, tokens to write."""


class _Rounds:
    """Turns in rounds: in each, every running request writes a token, or has two of them read."""

    def __init__(self, slots: int) -> None:
        self.turns = Turns(slots, slots * 4096, shared=True)
        self.left: dict[Place, int] = {}
        self.lengths: dict[Place, int] = {}
        self.started: list[Place] = []
        self.took: dict[int, float] = {}
        """uid → cost of what they were given."""

    def ask(self, claim: Claim, length: int, expected: float = _EXPECTED) -> Place:
        place = self.turns.enter(claim, expected)
        self.lengths[place] = length
        return place

    def step(self) -> list[Place]:
        """Play a round; return whose answer ended."""
        while (place := self.turns.next()) is not None:
            self.left[place] = self.lengths[place] + (place.claim.prompt + 1) // 2
            self.started.append(place)
        ended = []
        for place in list(self.left):
            self.left[place] -= 1
            self._took(place, place.claim.cost(0, 1))
            if not self.left[place]:
                del self.left[place]
                self.turns.left(place, place.claim.cost(place.claim.prompt, self.lengths[place]))
                ended.append(place)
        return ended

    def _took(self, place: Place, cost: float) -> None:
        self.took[place.claim.uid] = self.took.get(place.claim.uid, 0.0) + cost


@settings(max_examples=10, deadline=None, phases=[Phase.generate])
@given(loads, st.integers(1, 6))
def test_who_always_asks_gets_as_much_as_anybody_else(
    load: list[tuple[int, int, int]], slots: int
) -> None:
    """Whatever the others ask, however long it is and however much of it at once: in the long run
    users who always have something waiting differ by a few answers and the slack, no more."""
    box = _Rounds(slots)
    for uid, (_, prompt, length) in enumerate(load):
        for _ in range(slots + 2):
            box.ask(Claim(uid=uid, prompt=prompt, limit=2000), length)
    for _ in range(3000):
        for place in box.step():
            box.ask(place.claim, box.lengths.pop(place))
    largest = max(prompt + 2 * max(length, _EXPECTED) for _, prompt, length in load)
    apart = max(box.took.values()) - min(box.took.get(uid, 0.0) for uid in range(len(load)))
    assert apart <= SLACK + 2 * (slots + 1) * largest


def test_thirty_people_have_the_same_of_every_minute_whatever_one_of_them_does() -> None:
    """With a slot for each, and one who asks eight things at once."""
    written: dict[int, list[float]] = {}

    async def scene() -> None:
        box, rng = Box(slots=32), random.Random(1)

        async def ask(uid: int) -> None:
            while box.clock() < 125:
                await box.ask(Claim(uid=uid, prompt=rng.randint(20, 60), limit=300), lengths(rng))

        await asyncio.gather(*(ask(uid) for uid in [*range(30), *[0] * 7]))
        written.update(box.tokens)

    run(scene)
    for minute in (0, 1):
        of_minute = [
            sum(60 * minute <= when < 60 * (minute + 1) for when in written[uid])
            for uid in range(30)
        ]
        assert jain(list(map(float, of_minute))) >= 0.95


def test_a_teacher_goes_first_by_their_weight() -> None:
    box = _Rounds(slots=4)
    for uid, weight in ((ANNA, 1.0), (BILAL, 1.0), (TEACHER, 4.0)):
        for _ in range(10):
            box.ask(Claim(uid=uid, weight=weight, prompt=50), 100)
    for _ in range(40_000):
        for place in box.step():
            box.ask(place.claim, 100)
    written = box.took
    # A teacher's cost is counted at a fourth: the same cost is four times the tokens.
    assert 0.8 <= written[TEACHER] / written[ANNA] <= 1.25
    assert 0.8 <= written[BILAL] / written[ANNA] <= 1.25


def test_who_comes_late_does_not_wait_for_all_that_another_asked_before() -> None:
    turns = Turns(4, 4 * 4096, shared=True)
    for _ in range(50):
        turns.enter(Claim(uid=ANNA, prompt=10), 100)
    while turns.next() is not None:
        pass
    assert len(turns.running) == 3  # one slot is left for whoever comes
    mine = turns.enter(Claim(uid=BILAL, prompt=10), 100)
    assert turns.line()[0] is mine
    assert turns.next() is mine


def test_the_second_of_many_things_waits_for_anothers_first() -> None:
    turns = Turns(1, 4096, shared=True)
    many = [turns.enter(Claim(uid=ANNA, prompt=10), 100) for _ in range(5)]
    one = turns.enter(Claim(uid=BILAL, prompt=10), 100)
    assert turns.next() is many[0]
    turns.left(many[0], many[0].cost)
    assert turns.line()[0] is one
    assert turns.next() is one


def test_a_hog_is_passed_by_everybody_once_they_are_ahead() -> None:
    turns = Turns(1, 4096, shared=True)
    hog = Claim(uid=ANNA, prompt=1000)
    for _ in range(10):
        turns.enter(hog, 500)
    for _ in range(5):
        place = turns.next()
        assert place is not None
        turns.left(place, 2000)
    late = turns.enter(Claim(uid=BILAL, prompt=10), 100)
    assert turns.line()[0] is late


@settings(max_examples=10, deadline=None, phases=[Phase.generate])
@given(st.integers(2, 16), st.integers(1, 40), st.integers(1, 60))
def test_a_batch_waits_for_people_but_never_for_ever(slots: int, people: int, length: int) -> None:
    box = _Rounds(slots)
    row = box.ask(Claim(uid=TEACHER, priority=Priority.BATCH, prompt=10), 20)
    for uid in range(people):
        box.ask(Claim(uid=uid, prompt=10), length)
    for _ in range((BATCH_AFTER + slots + 1) * length + 1):
        for place in box.step():
            box.ask(place.claim, length)
    assert box.started.index(row) >= min(people, slots - 1, BATCH_AFTER)  # people went first


def test_a_batch_leaves_half_of_a_shared_box_to_people() -> None:
    turns = Turns(8, 8 * 4096, shared=True)
    for uid in (ANNA, BILAL, TEACHER):
        for _ in range(8):
            turns.enter(Claim(uid=uid, priority=Priority.BATCH), 100)
    while turns.next() is not None:
        pass
    assert turns.running_batch == len(turns.running) == 4


def test_on_an_account_the_order_is_that_of_coming() -> None:
    turns = Turns(1, 4096)
    batch = [turns.enter(Claim(priority=Priority.BATCH, prompt=10), 10) for _ in range(2)]
    people = [turns.enter(Claim(prompt=prompt), 500) for prompt in (3000, 10, 2000) * 6]
    order = []
    assert turns.line() == people + batch
    while (place := turns.next()) is not None:
        turns.left(place, 5000)
        order.append(place)
    assert order == people + batch

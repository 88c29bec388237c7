"""A slot of a shared box: never are one user's words there where another's prompt is matched."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from hinterland.engine import requests
from hinterland.engine.requests import Order
from hinterland.engine.service.seats import Seat, Seats
from hinterland.engine.service.worker import Worker
from hinterland.engine.workers.spec import WorkerSpec


@dataclass(eq=False)
class Loaded:
    """A worker as far as its slots go."""

    spec: WorkerSpec


def worker(slots: int) -> Worker:
    return cast(Worker, Loaded(spec=WorkerSpec(model="m", kind="llamacpp", slots=slots)))


def order(*messages: str, priority: str = "interactive") -> Order:
    said: dict[str, Any] = {"messages": [{"role": "user", "content": m} for m in messages]}
    return requests.decode(json.dumps(said | {"hint": {"priority": priority}}).encode())


steps = st.lists(
    st.tuples(
        st.integers(1, 4), st.sampled_from(["a", "ab", "b", "ba"]), st.integers(0, 5), st.booleans()
    ),
    max_size=40,
)


@given(steps, st.integers(1, 4))
def test_no_prompt_is_matched_with_what_another_said(
    wanted: list[tuple[int, str, int, bool]], slots: int
) -> None:
    loaded, seats = worker(slots), Seats()
    holds: dict[int, int] = {}
    taken: list[Seat] = []
    for uid, said, leaves, is_read in wanted:
        if len(taken) == slots:
            seats.leave(taken.pop(leaves % slots))
        seat, fields = seats.take(loaded, uid, order(*said))
        assert seat not in taken
        assert fields["id_slot"] == seat.number < slots
        assert not fields["cache_prompt"] or holds[seat.number] == uid
        if is_read:  # else it was cancelled before, and the slot holds what it held
            seats.heard(seat)
            holds[seat.number] = uid
        taken.append(seat)


def test_a_conversation_finds_its_slot_again() -> None:
    loaded, seats = worker(4), Seats()

    def ask(uid: int, *messages: str, priority: str = "interactive") -> tuple[int, bool]:
        seat, fields = seats.take(loaded, uid, order(*messages, priority=priority))
        seats.heard(seat)
        seats.leave(seat)
        return seat.number, fields["cache_prompt"]

    assert ask(1, "tea") == (0, False)
    assert ask(2, "milk") == (1, False)
    assert ask(1, "soup") == (2, False)  # another conversation of hers
    assert ask(1, "tea", "yes", "why") == (0, True)
    assert ask(2, "rows", priority="batch") == (3, False)
    assert ask(3, "new") == (1, False)  # what was left alone for longest
    assert ask(2, "milk", "more") == (3, True)  # his own that is left, whatever it holds


def test_in_a_crowd_nobody_takes_another_slot_than_their_own() -> None:
    """Slots without gaps between them are computed together."""
    loaded, seats = worker(8), Seats()
    sitting = [seats.take(loaded, uid, order("first"))[0] for uid in range(6)]
    for uid in (3, 0, 5):
        seats.leave(sitting[uid])
        again, _ = seats.take(loaded, uid, order("something else"))
        assert again is sitting[uid]

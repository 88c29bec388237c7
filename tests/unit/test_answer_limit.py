"""The most tokens of one answer: what the terms allow, what was asked for, and what the window has left."""

from __future__ import annotations

import pytest

from hinterland.engine import requests
from hinterland.engine.protocol import Message, Request, Sampling
from hinterland.engine.service.house import Terms
from hinterland.engine.service.limits import answer_limit
from hinterland.engine.service.terms import shortened
from hinterland.engine.workers.spec import WorkerSpec
from hinterland.errors import ContextError


def limit(
    terms: int, wished: int | None, *, context: int = 4096, prompt: int | None = 30, room: int = 0
) -> int | None:
    """Return the limit of an answer, as the service finds it."""
    request = Request((Message("user", "Hi"),), "m", Sampling(max_tokens=wished), room=room)
    order = shortened(requests.decode(requests.encode(request)), Terms(answer=terms))
    return answer_limit(WorkerSpec(model="m", kind="echo", context=context), order, prompt)


@pytest.mark.parametrize(
    ("terms", "wished", "allowed"),
    [
        (2000, None, 2000),
        (2000, 5000, 2000),
        (2000, -1, 2000),
        (2000, 64, 64),
        (0, 64, 64),
        (0, None, 4066),
        (8000, None, 4066),
    ],
)
def test_an_answer_is_no_longer_than_the_least_of_all(
    terms: int, wished: int | None, allowed: int
) -> None:
    assert limit(terms, wished) == allowed


def test_the_limit_holds_where_nobody_counts_the_prompt() -> None:
    assert limit(2000, None, context=0, prompt=None) == 2000
    assert limit(2000, 5000, prompt=None) == 2000
    assert limit(0, None, prompt=None) is None


def test_a_prompt_is_not_refused_for_room_that_its_answer_may_not_have() -> None:
    assert limit(20, None, context=400, prompt=375, room=256) == 20
    with pytest.raises(ContextError):
        limit(0, None, context=400, prompt=375, room=256)

"""Rations of reading: who asks and leaves holds nobody up, and who has a document is not held back."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from hinterland.engine.service.admission import Admission, Turn
from hinterland.engine.service.forecast import Forecast, Going, Wait
from hinterland.engine.service.meter import Meter
from hinterland.engine.service.rations import Rations
from hinterland.engine.service.turns import Claim, Turns
from tests.unit.simulated_box import Box, run

ANNA, HOSTILE = 1, 99
DOCUMENT = 4_000  # tokens

amounts = st.integers(1, 20_000)


def test_who_asks_and_leaves_again_and_again_costs_the_others_little() -> None:
    """There is a slot for everybody, so that no line holds them back."""

    async def others(*, beside: bool) -> int:
        box, end = Box(slots=32), asyncio.get_running_loop().time() + 40

        async def ask(uid: int) -> None:
            while box.clock() < end:
                await box.ask(Claim(uid=uid, prompt=40, limit=64), 64)

        hostile = [box.flood(Claim(uid=HOSTILE, prompt=200), end) for _ in range(4 * beside)]
        await asyncio.gather(*(ask(uid) for uid in range(29)), *hostile)
        return sum(len(box.tokens[uid]) for uid in range(29))

    counts: list[int] = []

    async def scene() -> None:
        counts.append(await others(beside=True))
        counts.append(await others(beside=False))

    run(scene)
    assert counts[0] >= 0.85 * counts[1]


def test_a_document_is_read_at_once_and_the_next_when_it_is_paid_for() -> None:
    """Nobody comes or goes meanwhile: it is the door that looks again."""
    waits: list[float] = []

    async def scene() -> None:
        box = Box(slots=8)
        others = [asyncio.create_task(box.ask(Claim(uid=uid), 600)) for uid in range(10, 15)]
        for _ in range(2):
            waited = await box.ask(Claim(uid=ANNA, prompt=DOCUMENT), 1)
            waits.append(waited.seconds)
        assert not any(other.done() for other in others)
        for other in others:
            other.cancel()

    run(scene)
    assert waits[0] == 0
    assert waits[1] > 10


def test_nobody_is_held_back_while_there_is_nobody_to_hold_up() -> None:
    """Three people who used their rations up among thirty; the others leave, and nothing runs that would
    fill them."""

    async def scene() -> None:
        door = Admission(slots=40, pool_tokens=1_000_000, shared=True)

        async def ask(uid: int, prompt: int = DOCUMENT) -> Turn:
            return await door.enter(Claim(uid=uid, prompt=prompt), lambda *told: None)

        def leave(turn: Turn) -> None:
            turn.meter.heard(b'"content":"x"')
            door.leave(turn)

        others = [await ask(uid, 0) for uid in range(3, 30)]
        for uid in range(3):
            leave(await ask(uid))
        waiting = {asyncio.create_task(ask(uid)) for uid in range(3)}
        await asyncio.sleep(0)
        assert door.waiting == 3
        for other in others:
            door.leave(other)
        while waiting:
            async with asyncio.timeout(5):
                done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for turn in done:
                leave(turn.result())

    asyncio.run(scene())


def test_who_is_held_back_is_told_for_how_long() -> None:
    told: list[float | None] = []

    async def scene() -> None:
        box = Box(slots=8)
        for uid in range(10, 15):
            await box.ask(Claim(uid=uid), 30)
        others = [asyncio.create_task(box.ask(Claim(uid=uid), 900)) for uid in range(10, 15)]
        for _ in range(2):
            waited = await box.ask(Claim(uid=ANNA, prompt=DOCUMENT), 1)
            told.append(waited.expected)
            told.append(waited.seconds)
        for other in others:
            other.cancel()

    run(scene)
    _, _, expected, real = told
    assert expected is not None
    assert real is not None
    assert abs(expected - real) <= 0.3 * real


def test_who_asks_for_much_at_once_is_told_of_every_time_they_are_held_back() -> None:
    told: dict[int, float] = {}
    waited: dict[int, float] = {}

    async def scene() -> None:
        box = Box(slots=8)
        for uid in list(range(10, 15)) * 4:
            await box.ask(Claim(uid=uid, prompt=400), 30)
        others = [asyncio.create_task(box.ask(Claim(uid=uid), 6000)) for uid in range(10, 15)]

        async def ask(number: int) -> None:
            def hear(position: int, wait: Wait | None) -> None:
                if wait is not None:
                    told.setdefault(number, wait.expected)

            claim = Claim(uid=ANNA, prompt=DOCUMENT)
            waited[number] = (await box.ask(claim, 1, hear)).seconds

        await asyncio.gather(*(ask(number) for number in range(4)))
        for other in others:
            other.cancel()

    run(scene)
    assert waited[0] == 0
    assert told[1] < told[2] < told[3]
    assert all(told[number] > waited[number] / 2 for number in (1, 2, 3))


def test_who_is_held_back_is_not_told_to_wait_for_longer_than_others_run() -> None:
    forecast, turns, meter = Forecast(slots=2), Turns(2, 100_000, shared=True), Meter(lambda: 1.0)
    meter.heard(b'"content":"x" ' * 10 + b'"finish_reason":"stop"')
    for _ in range(20):
        forecast.learn(Claim(uid=1), meter, began=0.0, ended=2.0, callers=1)
        forecast.went(1, 0.0)
    forecast.came(2, 1000.0)  # hardly anybody who has an answer comes back
    turns.enter(Claim(uid=10, limit=20), 10)
    running = turns.next()
    assert running is not None
    waiting = turns.enter(Claim(uid=ANNA, prompt=DOCUMENT), 10)
    turns.resting = {ANNA: 600.0}
    wait = forecast.starts(turns, [Going(running, 0.0, 0.5, 5, 0.1)], 1.0)[waiting]
    assert wait.expected < 60


@given(st.lists(st.tuples(st.sampled_from([ANNA, HOSTILE]), amounts, amounts)))
def test_two_people_are_never_held_back(read: list[tuple[int, int, int]]) -> None:
    rations, work = Rations(), 0
    for uid, tokens, more in read:
        rations.fill(work, {ANNA: 1.0, HOSTILE: 1.0})
        assert not rations.lacks(uid)
        rations.take(uid, tokens)
        work += more

"""What those in line are told: learned from what was seen, and near to what comes."""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hinterland.engine.service import admission
from hinterland.engine.service.admission import Admission
from hinterland.engine.service.forecast import Forecast, Wait
from hinterland.engine.service.lengths import Lengths
from hinterland.engine.service.meter import Meter
from hinterland.engine.service.pace import Pace
from hinterland.engine.service.turns import Claim, Turns
from hinterland.engine.service.workers import Workers
from hinterland.engine.workers.spec import WorkerSpec
from tests.unit.simulated_box import Box, lengths, run

TOKEN = b'data: {"choices":[{"delta":{"content":"a"}}]}\n\n'


def test_four_of_five_waits_are_foretold_within_a_third() -> None:
    """Thirty people on eight slots, with answers of every length up to what they are cut at. Those
    who wait before anything is known are told nothing."""
    told: list[bool] = []

    async def scene() -> None:
        box, rng = Box(slots=8), random.Random(1)

        async def ask(uid: int) -> None:
            while box.clock() < 130:
                claim = Claim(uid=uid, prompt=rng.randint(20, 60), limit=100)
                await box.ask(claim, lengths(rng, 300))

        await asyncio.gather(*(ask(uid) for uid in range(30)))
        told.extend(
            abs(wait.expected - wait.seconds) <= 0.3 * wait.seconds
            for wait in box.waits
            if wait.expected is not None and wait.seconds > 1
        )

    run(scene)
    assert len(told) > 100
    assert sum(told) >= 0.8 * len(told)


def test_a_box_that_has_learned_nothing_foretells_who_asks_three_things_at_once() -> None:
    """Thirty people with a slot each. At first everybody is read and nobody written for: how slow
    that is says nothing of what follows. And whoever has an answer asks again."""
    told: list[bool] = []

    async def scene() -> None:
        box, rng = Box(slots=32), random.Random(1)

        async def ask(uid: int) -> None:
            await asyncio.sleep(uid % 7 / 3)
            while box.clock() < 240:
                limit = (32, 64, 128, 256)[uid % 4]
                claim = Claim(uid=uid, prompt=rng.randint(35, 50), limit=limit)
                before = box.clock()
                wait = await box.ask(claim, limit)
                if wait.expected is not None and before < 120:
                    told.append(abs(wait.expected - wait.seconds) <= 0.3 * wait.seconds)

        await asyncio.gather(*(ask(uid) for uid in range(30) for _ in range(3)))

    run(scene)
    assert len(told) > 100
    assert sum(told) >= 0.8 * len(told)


@pytest.mark.parametrize(("slots", "people", "prompt"), [(32, 90, 40), (4, 12, 1000)])
def test_a_service_that_begins_anew_foretells_from_its_first_second(
    slots: int, people: int, prompt: int
) -> None:
    """After a power cut all ask again at once. What the ledger says of answers before it is enough."""
    told: list[float | None] = []

    async def lesson(box: Box, until: float) -> None:
        async def ask(uid: int) -> None:
            limit = (32, 64, 128, 256)[uid % 4]
            while box.clock() < until:
                await box.ask(Claim(uid=uid, prompt=prompt, limit=limit), limit)

        await asyncio.gather(*(ask(number % 30) for number in range(people)))

    async def scene() -> None:
        before = Box(slots=slots)
        await lesson(before, until=100)
        forecast = Forecast(slots=slots)
        forecast.recall(before.served[-200:])
        box = Box(slots=slots, forecast=forecast)
        cut = box.clock()
        await lesson(box, until=cut + 1)
        told.extend(
            None if wait.expected is None else abs(wait.expected / wait.seconds - 1)
            for wait in box.waits
            if wait.seconds > 1
        )

    run(scene)
    assert len(told) >= people - slots
    wrong = [each for each in told if each is None or each > 0.3]
    assert len(wrong) <= 0.2 * len(told)


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 3), st.floats(0, 30)), max_size=200))
def test_whoever_comes_back_soon_is_counted_once(seen: list[tuple[bool, int, float]]) -> None:
    forecast, now = Forecast(slots=2), 0.0
    for asks, uid, later in seen:
        now += later
        (forecast.came if asks else forecast.went)(uid, now)
        assert 0 <= forecast._come_back <= 1
    for _ in range(500):
        forecast.went(1, now)
        forecast.came(1, now + 1)
        now += 100
    assert forecast._come_back > 0.9
    for _ in range(500):
        forecast.went(1, now)
        now += 100
    assert forecast._come_back < 0.1


def test_where_answers_are_of_any_length_it_is_told_how_long_a_wait_may_be() -> None:
    """Twelve people on four slots, who think between their questions: half as long or twice as long
    is a matter of chance, and that is said."""
    told: list[tuple[Wait, float]] = []

    async def scene() -> None:
        box, rng = Box(slots=4), random.Random(1)

        async def ask(uid: int) -> None:
            while box.clock() < 300:
                claim = Claim(uid=uid, prompt=rng.randint(20, 300), limit=2000)
                first: list[tuple[float, Wait]] = []

                def hear(position: int, wait: Wait | None, first: list[Any] = first) -> None:
                    if wait is not None:
                        first.append((box.clock(), wait))

                waited = await box.ask(claim, lengths(rng), hear)
                if first and waited.seconds > 1:
                    at, wait = first[0]
                    told.append((wait, waited.began - at))
                await asyncio.sleep(rng.expovariate(1 / 20))

        await asyncio.gather(*(ask(uid) for uid in range(12)))

    run(scene)
    assert len(told) > 50
    assert all(wait.perhaps >= wait.expected for wait, _ in told)
    assert sum(real <= wait.perhaps for wait, real in told) >= 0.85 * len(told)


def test_the_wait_is_told_anew_when_it_turns_out_to_be_longer() -> None:
    heard: list[float] = []

    def told(position: int, wait: Wait | None) -> None:
        if wait is not None:
            heard.append(wait.expected)

    async def scene() -> None:
        box = Box(slots=1)
        for _ in range(12):
            await box.ask(Claim(prompt=10, limit=50), 50)
        long = asyncio.create_task(box.ask(Claim(prompt=10, limit=2000), 1500))
        await asyncio.sleep(0)
        turn = await box.door.enter(Claim(prompt=10, limit=50), told)
        box.door.leave(turn)
        await long

    run(scene)
    assert len(heard) > 1
    assert heard[-1] > 0


def test_nothing_is_told_while_nothing_is_known() -> None:
    async def scene() -> list[Wait | None]:
        door = Admission(slots=1, pool_tokens=100)
        heard: list[Wait | None] = []
        first = await door.enter(Claim(limit=10), lambda position, wait: None)
        waits = asyncio.create_task(
            door.enter(Claim(limit=10), lambda position, wait: heard.append(wait))
        )
        await asyncio.sleep(0)
        door.leave(first)
        door.leave(await waits)
        return heard

    assert asyncio.run(scene()) == [None]


def test_what_was_learned_lasts_while_the_model_is_out_of_memory(tmp_path: Path) -> None:
    heard: list[Wait | None] = []
    body = b'{"messages": [{"role": "user", "content": "a b c d e f g h"}], "stream": true}'
    claim = Claim(prompt=8, limit=8)

    async def scene() -> None:
        workers = Workers(tmp_path, lambda: 1 << 40)
        spec = WorkerSpec(model="echo:200", kind="echo", slots=1, context=100)
        async with workers.worker(spec, lambda event: None) as worker:
            turn = await worker.door.enter(claim, lambda position, wait: None)
            async for piece in worker.chat(body):
                turn.meter.heard(piece)
            worker.door.leave(turn)
        await workers.stop_idle()
        assert not workers.all
        async with workers.worker(spec, lambda event: None) as worker:
            turn = await worker.door.enter(claim, lambda position, wait: None)
            waits = asyncio.create_task(
                worker.door.enter(claim, lambda position, wait: heard.append(wait))
            )
            await asyncio.sleep(0)
            worker.door.leave(turn)
            worker.door.leave(await waits)
        await workers.stop()

    asyncio.run(scene())
    assert heard
    assert heard[0] is not None


def test_an_answer_that_was_cut_does_not_count_as_one_of_that_length() -> None:
    seen = Lengths()
    for _ in range(400):
        seen.add(64, ended=False)
    assert seen.expected(64) == 64
    assert seen.draw(0.5, written=0, limit=500) == 500
    for _ in range(400):
        seen.add(30, ended=True)
    assert seen.draw(0.5, written=0, limit=500) == 30


@given(
    st.lists(st.tuples(st.integers(1, 500), st.booleans()), max_size=60),
    st.floats(0, 1),
    st.integers(0, 600),
    st.integers(0, 700),
)
def test_an_answer_is_expected_to_go_on_and_to_end_at_its_limit(
    seen: list[tuple[int, bool]], chance: float, written: int, limit: int
) -> None:
    known = Lengths()
    for length, ended in seen:
        known.add(length, ended=ended)
    drawn = known.draw(chance, written, limit)
    assert drawn > written or (limit and drawn == limit)
    assert not limit or drawn <= max(limit, written + 1)


def test_the_pace_is_learned_for_as_many_as_there_are() -> None:
    pace = Pace(slots=32)
    assert not pace.known
    for callers in (1, 4, 8, 30) * 10:
        pace.wrote(0.004 + 0.01 * callers, callers)
    for callers in (1, 16, 32):
        assert pace.step(callers) == pytest.approx(0.004 + 0.01 * callers, rel=0.1)


def test_a_meter_counts_the_same_wherever_the_bytes_are_cut() -> None:
    usage = (
        b'data: {"usage":{"completion_tokens":3,"prompt_tokens":20,"x":{"cached_tokens":5}}}\n\n'
    )
    sly = (
        rb'data: {"choices":[{"delta":{"content":"\"content\":\"x\", \"completion_tokens\":99"}}]}'
    )
    whole = (
        TOKEN + sly + b"\n\n" + TOKEN + b'data: {"choices":[{"finish_reason":"stop"}]}\n\n' + usage
    )
    for size in (1, 2, 7, 30, len(whole)):
        meter = Meter(clock=lambda: 1.0)
        for at in range(0, len(whole), size):
            meter.heard(whole[at : at + size])
        assert (meter.written, meter.completion_tokens) == (3, 3)
        assert (meter.prompt_tokens, meter.cached_tokens, meter.finish) == (20, 5, "stop")
        assert meter.first == 1.0


def test_who_looks_often_how_long_they_would_wait_takes_no_more_than_the_share_of_a_forecast(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A look that takes a second of a slow machine is the next one's too, for twenty seconds."""
    looks = 0
    starts = Forecast.starts

    def slow(*arguments: Any) -> Any:
        nonlocal looks
        looks += 1
        passed[0] += 1.0
        return starts(*arguments)

    passed = [0.0]

    async def scene() -> None:
        nonlocal looks
        box = Box(slots=1)
        going = [asyncio.create_task(box.ask(Claim(uid=uid, limit=5000), 5000)) for uid in (1, 2)]
        await asyncio.sleep(0.1)
        monkeypatch.setattr(time, "perf_counter", lambda: passed[0])
        monkeypatch.setattr(Forecast, "starts", slow)
        monkeypatch.setattr(admission, "_LOOK_EVERY", 1000.0)
        for _ in range(10):
            box.door.outlook()
            await asyncio.sleep(1.5)
        for task in going:
            task.cancel()
        await asyncio.gather(*going, return_exceptions=True)

    run(scene)
    assert looks <= 2


def test_nothing_is_told_of_a_line_where_nobody_runs() -> None:
    turns = Turns(slots=2, pool_tokens=10)
    turns.enter(Claim(reserved=20), 5)
    assert Forecast(slots=2).starts(turns, [], 1.0) == {}

"""Who runs next, and that nobody starts without memory for the whole answer."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hinterland.engine.protocol import Priority
from hinterland.engine.service.admission import Admission
from hinterland.engine.service.forecast import Wait
from hinterland.engine.service.turns import Claim


def quiet(position: int, wait: Wait | None) -> None:
    """A caller that does not ask where it stands."""


def claim(tokens: int, priority: Priority = Priority.INTERACTIVE) -> Claim:
    """Return what an account's own request asks for: all of them come from one user."""
    return Claim(reserved=tokens, priority=priority)


def test_the_line_is_told_its_positions_and_moves_up() -> None:
    async def scene() -> list[tuple[str, int]]:
        door = Admission(slots=1, pool_tokens=100)
        heard: list[tuple[str, int]] = []

        async def wait(name: str) -> None:
            ends.append(
                await door.enter(claim(10), lambda position, _: heard.append((name, position)))
            )

        ends = [await door.enter(claim(10), quiet)]
        waiting = [asyncio.create_task(wait(name)) for name in ("anna", "bilal")]
        await asyncio.sleep(0)
        door.leave(ends.pop())
        await waiting[0]
        door.leave(ends.pop())
        await waiting[1]
        return heard

    assert asyncio.run(scene()) == [("anna", 1), ("bilal", 2), ("bilal", 1)]


def test_interactive_goes_before_batch_that_has_not_started() -> None:
    async def scene() -> list[str]:
        door = Admission(slots=1, pool_tokens=100)
        order: list[str] = []

        async def ask(name: str, priority: Priority) -> None:
            turn = await door.enter(claim(10, priority), quiet)
            order.append(name)
            door.leave(turn)

        first = await door.enter(claim(10), quiet)
        tasks = [
            asyncio.create_task(ask(name, priority))
            for name, priority in (
                ("row 1", Priority.BATCH),
                ("row 2", Priority.BATCH),
                ("nurse", Priority.INTERACTIVE),
            )
        ]
        await asyncio.sleep(0)
        door.leave(first)
        await asyncio.gather(*tasks)
        return order

    assert asyncio.run(scene()) == ["nurse", "row 1", "row 2"]


def test_batch_leaves_one_slot_free() -> None:
    async def scene() -> tuple[int, int]:
        door = Admission(slots=3, pool_tokens=1000)
        rows = [asyncio.create_task(door.enter(claim(10, Priority.BATCH), quiet)) for _ in range(5)]
        await asyncio.sleep(0)
        batch_only = door.running
        await door.enter(claim(10), quiet)
        with_person = door.running
        for row in rows:
            row.cancel()
        await asyncio.gather(*rows, return_exceptions=True)
        return batch_only, with_person

    assert asyncio.run(scene()) == (2, 3)


def test_a_place_in_the_line_can_be_given_back() -> None:
    async def scene() -> tuple[int, int]:
        door = Admission(slots=1, pool_tokens=100)
        first = await door.enter(claim(60), quiet)
        leaver = asyncio.create_task(door.enter(claim(60), quiet))
        stayer = asyncio.create_task(door.enter(claim(60), quiet))
        await asyncio.sleep(0)
        leaver.cancel()
        await asyncio.gather(leaver, return_exceptions=True)
        door.leave(first)
        await stayer
        return door.reserved_tokens, door.waiting

    assert asyncio.run(scene()) == (60, 0)


requests = st.lists(
    st.tuples(
        st.integers(1, 100), st.sampled_from(list(Priority)), st.integers(0, 3), st.booleans()
    ),
    max_size=30,
)


def test_who_cannot_be_told_leaves_nothing_in_the_line() -> None:
    async def scene() -> tuple[int, int]:
        door = Admission(slots=1, pool_tokens=100)

        def cannot_hear(position: int, wait: Wait | None) -> None:
            raise OSError("no space")

        first = await door.enter(claim(10), quiet)
        with pytest.raises(OSError, match="no space"):
            await door.enter(claim(10), cannot_hear)
        waiting = door.waiting
        door.leave(first)
        return waiting, door.running

    assert asyncio.run(scene()) == (0, 0)


@given(requests, st.integers(1, 4))
def test_memory_is_never_promised_twice_and_everyone_is_served(
    wanted: list[tuple[int, Priority, int, bool]], slots: int
) -> None:
    async def scene() -> None:
        door = Admission(slots=slots, pool_tokens=100)

        async def ask(tokens: int, priority: Priority, steps: int) -> None:
            turn = await door.enter(claim(tokens, priority), quiet)
            try:
                assert door.reserved_tokens <= door.pool_tokens
                assert door.running <= door.slots
                for _ in range(steps):
                    await asyncio.sleep(0)
            finally:
                door.leave(turn)

        tasks = [asyncio.create_task(ask(t, p, steps)) for t, p, steps, _ in wanted]
        await asyncio.sleep(0)
        for task, (*_, leaves) in zip(tasks, wanted, strict=True):
            if leaves:
                task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert not [e for e in ended if isinstance(e, AssertionError)]
        assert (door.running, door.reserved_tokens, door.waiting) == (0, 0, 0)

    asyncio.run(scene())


def test_who_looks_before_asking_is_told_how_long_it_would_take() -> None:
    now = 0.0

    async def scene() -> None:
        nonlocal now
        door = Admission(1, 1000, shared=True, clock=lambda: now)
        assert door.outlook() == 0.0
        asked = Claim(uid=1, reserved=100, prompt=10, limit=100)
        for _ in range(3):  # answers of 100 tokens, a tenth of a second each
            turn = await door.enter(asked, quiet)
            for _ in range(100):
                now += 0.1
                turn.meter.heard(b'data: {"choices":[{"delta":{"content":"word"}}]}\n\n')
            door.leave(turn)
        turn = await door.enter(asked, quiet)
        outlook = door.outlook()
        assert outlook is not None
        assert 5 <= outlook <= 15
        assert door.waiting == 0, "who only looks does not stand in the line"
        door.leave(turn)
        assert door.outlook() == 0.0

    asyncio.run(scene())


def test_who_goes_before_the_engine_says_anything_has_taken_what_was_done_for_them() -> None:
    """Else a day's tokens, and one's share, could be had for nothing by asking for no stream."""

    async def scene() -> tuple[int, int]:
        now = 0.0
        door = Admission(slots=1, pool_tokens=1000, shared=True, clock=lambda: now)
        told = await door.enter(Claim(uid=1, prompt=100, limit=50), quiet)
        now = 1.0
        told.meter.heard(b'{"delta":{"content":"a"}}')
        for _ in range(19):
            told.meter.heard(b'{"delta":{"content":"a"}}')
        now = 3.0
        door.leave(told)
        silent = await door.enter(Claim(uid=1, prompt=200, limit=50), quiet)
        now = 6.0  # two seconds to read it, and one in which it writes
        door.leave(silent)
        refused = await door.enter(Claim(uid=1, prompt=200, limit=50), quiet)
        door.leave(refused)
        assert not refused.meter.read
        return silent.meter.read, silent.meter.written

    read, written = asyncio.run(scene())
    assert read == 200
    assert 5 <= written <= 12

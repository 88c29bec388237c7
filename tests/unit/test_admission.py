"""Who runs next, and that nobody starts without memory for the whole answer."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from hinterland.engine.protocol import Priority
from hinterland.engine.service.admission import Admission


def quiet(position: int) -> None:
    """A caller that does not ask where it stands."""


def test_the_line_is_told_its_positions_and_moves_up() -> None:
    async def scene() -> list[tuple[str, int]]:
        door = Admission(slots=1, pool_tokens=100)
        heard: list[tuple[str, int]] = []

        async def wait(name: str) -> None:
            await door.enter(
                10, Priority.INTERACTIVE, lambda position: heard.append((name, position))
            )

        await door.enter(10, Priority.INTERACTIVE, quiet)
        waiting = [asyncio.create_task(wait(name)) for name in ("anna", "bilal")]
        await asyncio.sleep(0)
        door.leave(10, Priority.INTERACTIVE)
        await waiting[0]
        door.leave(10, Priority.INTERACTIVE)
        await waiting[1]
        return heard

    assert asyncio.run(scene()) == [("anna", 1), ("bilal", 2), ("bilal", 1)]


def test_interactive_goes_before_batch_that_has_not_started() -> None:
    async def scene() -> list[str]:
        door = Admission(slots=1, pool_tokens=100)
        order: list[str] = []

        async def ask(name: str, priority: Priority) -> None:
            await door.enter(10, priority, quiet)
            order.append(name)
            door.leave(10, priority)

        await door.enter(10, Priority.INTERACTIVE, quiet)
        tasks = [
            asyncio.create_task(ask(name, priority))
            for name, priority in (
                ("row 1", Priority.BATCH),
                ("row 2", Priority.BATCH),
                ("nurse", Priority.INTERACTIVE),
            )
        ]
        await asyncio.sleep(0)
        door.leave(10, Priority.INTERACTIVE)
        await asyncio.gather(*tasks)
        return order

    assert asyncio.run(scene()) == ["nurse", "row 1", "row 2"]


def test_batch_leaves_one_slot_free() -> None:
    async def scene() -> tuple[int, int]:
        door = Admission(slots=3, pool_tokens=1000)
        rows = [asyncio.create_task(door.enter(10, Priority.BATCH, quiet)) for _ in range(5)]
        await asyncio.sleep(0)
        batch_only = door.running
        await door.enter(10, Priority.INTERACTIVE, quiet)
        with_person = door.running
        for row in rows:
            row.cancel()
        await asyncio.gather(*rows, return_exceptions=True)
        return batch_only, with_person

    assert asyncio.run(scene()) == (2, 3)


def test_a_place_in_the_line_can_be_given_back() -> None:
    async def scene() -> tuple[int, int]:
        door = Admission(slots=1, pool_tokens=100)
        await door.enter(60, Priority.INTERACTIVE, quiet)
        leaver = asyncio.create_task(door.enter(60, Priority.INTERACTIVE, quiet))
        stayer = asyncio.create_task(door.enter(60, Priority.INTERACTIVE, quiet))
        await asyncio.sleep(0)
        leaver.cancel()
        await asyncio.gather(leaver, return_exceptions=True)
        door.leave(60, Priority.INTERACTIVE)
        await stayer
        return door.reserved_tokens, door.waiting

    assert asyncio.run(scene()) == (60, 0)


requests = st.lists(
    st.tuples(
        st.integers(1, 100), st.sampled_from(list(Priority)), st.integers(0, 3), st.booleans()
    ),
    max_size=30,
)


@given(requests, st.integers(1, 4))
def test_memory_is_never_promised_twice_and_everyone_is_served(
    wanted: list[tuple[int, Priority, int, bool]], slots: int
) -> None:
    async def scene() -> None:
        door = Admission(slots=slots, pool_tokens=100)

        async def ask(tokens: int, priority: Priority, steps: int) -> None:
            await door.enter(tokens, priority, quiet)
            try:
                assert door.reserved_tokens <= door.pool_tokens
                assert door.running <= door.slots
                for _ in range(steps):
                    await asyncio.sleep(0)
            finally:
                door.leave(tokens, priority)

        tasks = [asyncio.create_task(ask(t, p, steps)) for t, p, steps, _ in wanted]
        await asyncio.sleep(0)
        for task, (*_, leaves) in zip(tasks, wanted, strict=True):
            if leaves:
                task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert not [e for e in ended if isinstance(e, AssertionError)]
        assert (door.running, door.reserved_tokens, door.waiting) == (0, 0, 0)

    asyncio.run(scene())

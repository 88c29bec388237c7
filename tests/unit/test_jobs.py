"""The ledger keeps what was done, the table knows it, and the supply loses nothing."""

from __future__ import annotations

import asyncio
import os
import random
from array import array
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hinterland.errors import InputError, StorageError
from hinterland.jobs import Ledger, Register, Supply, Table, ledger, register
from hinterland.jobs.register import NEW, REPEATED
from tests.history_samples import fill, tiny_disk


def lines_in(path: Path) -> list[bytes]:
    with Ledger(path) as book:
        return list(book.lines())


def add(path: Path, *lines: bytes) -> None:
    async def work(book: Ledger) -> None:
        for line in lines:
            book.add(line)
        await book.close()
        assert book.durable == len(lines)

    with Ledger(path) as book:
        asyncio.run(work(book))


def test_what_was_added_is_there_in_order(tmp_path: Path) -> None:
    path = tmp_path / "book"
    many = [str(number).encode() for number in range(1000)]
    add(path, *many[:400])
    add(path, *many[400:])
    assert path.read_bytes().splitlines() == many
    assert lines_in(path) == many


@pytest.mark.parametrize("rest", [b"", b"torn", b"\0" * 4096, b"x" * 3_000_000])
def test_a_torn_last_line_is_left_out_and_replaced_by_the_next(tmp_path: Path, rest: bytes) -> None:
    path = tmp_path / "book"
    path.write_bytes(b"one\ntwo\n" + rest)
    with Ledger(path) as book:
        assert list(book.lines()) == [b"one", b"two"]
        assert rest.startswith(book.torn) and bool(book.torn) == bool(rest)
    assert path.read_bytes() == b"one\ntwo\n" + rest, "looking changes nothing"
    add(path, b"three")
    assert path.read_bytes() == b"one\ntwo\nthree\n"


def test_two_runs_on_one_ledger_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "book"
    with Ledger(path), pytest.raises(StorageError, match="Another run is writing"):
        Ledger(path)
    Ledger(path).__exit__()


@pytest.mark.parametrize("where", ["missing/book", "."])
def test_a_place_that_cannot_be_a_ledger_is_refused(tmp_path: Path, where: str) -> None:
    with pytest.raises(InputError):
        Ledger(tmp_path / where)


def test_only_what_is_wanted_is_kept_and_more_can_be_added(tmp_path: Path) -> None:
    path = tmp_path / "book"
    add(path, b"a", b"b", b"c")

    async def work(book: Ledger) -> None:
        book.add(b"d")
        await book.close()

    with Ledger(path) as book:
        book.keep_only(lambda line: line != b"b")
        assert list(book.lines()) == [b"a", b"c"]
        asyncio.run(work(book))
        with pytest.raises(StorageError):
            Ledger(path)
    assert path.read_bytes() == b"a\nc\nd\n"


def test_lines_are_put_in_order_and_strangers_come_last(tmp_path: Path) -> None:
    path = tmp_path / "book"
    order = [str(number) for number in range(500)]
    shuffled = random.Random(4).sample(order, len(order))
    add(path, b"stranger", *(name.encode() for name in shuffled))
    with Ledger(path) as book:
        book.put_in_order(iter([*order, "never done"]), bytes.decode)
        assert [line.decode() for line in book.lines()] == [*order, "stranger"]


def test_a_full_disk_pauses_and_goes_on_without_a_torn_or_lost_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "_PAUSE", 0.01)
    told: list[bool] = []
    many = [str(number).encode() * 20 for number in range(300)]

    async def work(book: Ledger, filler: Path) -> None:
        async def put(some: list[bytes]) -> None:
            for line in some:
                if book.full:
                    await book.room()
                book.add(line)

        putting = [asyncio.create_task(put(many[part::4])) for part in range(4)]
        while not told:
            await asyncio.sleep(0.01)
        whole = book.path.read_bytes()
        assert not whole or whole.endswith(b"\n")
        filler.unlink()
        await asyncio.gather(*putting)
        await book.close()

    with tiny_disk(tmp_path / "disk") as disk:
        filler = _all_but_a_page(disk)
        with Ledger(disk / "book", told.append) as book:
            asyncio.run(work(book, filler))
        assert sorted(lines_in(disk / "book")) == sorted(many)
    assert told == [True, False], "one message for four who wait"


def _all_but_a_page(disk: Path) -> Path:
    """Fill a disk but for the page in which a ledger begins."""
    spare = disk / "spare"
    spare.write_bytes(bytes(4096))
    filler = fill(disk)
    spare.unlink()
    return filler


def test_who_leaves_while_the_disk_is_full_does_not_wait_for_space(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "_PAUSE", 0.01)

    async def work(book: Ledger) -> None:
        book.add(b"fits")
        await asyncio.sleep(0)
        book.add(b"x" * 10_000)
        await asyncio.sleep(0)
        assert book.full
        book.give_up()
        await book.close()

    with tiny_disk(tmp_path / "disk") as disk:
        _all_but_a_page(disk)
        with Ledger(disk / "book") as book:
            asyncio.run(work(book))
        assert lines_in(disk / "book") == [b"fits"]


def test_a_disk_that_fails_at_fsync_counts_nothing_and_says_so(tmp_path: Path) -> None:
    async def work(book: Ledger) -> None:
        reader, writer = os.pipe()  # it takes what is written, and cannot be made durable
        os.dup2(writer, book._file, inheritable=False)
        book.add(b"lost")
        with pytest.raises(StorageError) as caught:
            await book.close()
        assert "run the same command again" in caught.value.hint
        assert book.durable == 0
        assert book.full
        with pytest.raises(StorageError):
            await book.room()
        os.close(reader)
        os.close(writer)

    with Ledger(tmp_path / "book") as book:
        asyncio.run(work(book))


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 2**64 - 1)), max_size=3000))
def test_a_table_is_a_dict(changes: list[tuple[int, int]]) -> None:
    table, same = Table(), dict[str, int]()
    for key, number in changes:
        name = f"row {key}" if key else ""
        assert table.set(name, number) == same.get(name, 0)
        same[name] = number
    assert len(table) == len(same)
    assert all(table.get(name) == number for name, number in same.items())
    assert table.get("never set") == 0


IDS = [f"row {number}" for number in range(60)]


@settings(max_examples=150)
@given(
    known=st.lists(st.sampled_from(IDS), unique=True),
    moved=st.integers(1, 12),
    extra=st.lists(st.sampled_from(IDS), max_size=8),
    at=st.integers(0, 60),
    scans=st.integers(0, 3),
    chance=st.randoms(use_true_random=False),
)
def test_a_register_tells_each_id_once(
    known: list[str], moved: int, extra: list[str], at: int, scans: int, chance: random.Random
) -> None:
    """Whether they are seen in about the order in which they became known, or in another."""
    numbers = {name: place for place, name in enumerate(known)}
    asked = sorted(known, key=lambda name: numbers[name] + chance.randrange(moved))
    asked[at:at] = extra
    with pytest.MonkeyPatch.context() as patch:
        for setting, number in {"_AHEAD": 4, "_AT_ONCE": 3, "_SCANS": scans}.items():
            patch.setattr(register, setting, number)
        book, seen = Register(), set[str]()
        for start in range(0, len(known), 5):
            some = known[start : start + 5]
            book.know(some, array("Q", [numbers[name] for name in some]))
        for start in range(0, len(asked), 7):
            some = asked[start : start + 7]
            expected = []
            for name in some:
                known_as = max(numbers[name], 2) if name in numbers else NEW
                expected.append(REPEATED if name in seen else known_as)
                seen.add(name)
            assert book.see(some) == expected
    assert all(book.was_seen(name) == (name in seen) for name in IDS)


@pytest.mark.parametrize("block", [1, 7, 64, 1 << 20])
def test_the_lines_are_the_same_however_many_are_read_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(ledger, "_BLOCK", block)
    many = [b"x" * (number % 50) for number in range(200)]
    add(tmp_path / "book", *many)
    with Ledger(tmp_path / "book") as book:
        assert list(book.lines()) == many
        assert b"".join(book.blocks()) == b"".join(line + b"\n" for line in many)


def windows(size: int, count: int) -> Iterator[list[int]]:
    for start in range(0, size * count, size):
        yield list(range(start, start + size))


def test_what_is_given_back_is_done_by_another_each_once() -> None:
    done: list[int] = []

    async def work(supply: Supply[int], fails: int) -> None:
        while (thing := await supply.take()) is not None:
            await asyncio.sleep(0)
            if fails:
                fails -= 1
                await supply.back(thing)
                continue
            done.append(thing)
            if supply.done():
                await supply.wake()

    async def all_of_them() -> None:
        supply = Supply(windows(300, 4))
        await asyncio.gather(*(work(supply, fails) for fails in (0, 0, 50, 10)))

    asyncio.run(all_of_them())
    assert sorted(done) == list(range(1200))


def test_who_waits_gets_the_last_thing_when_it_comes_back() -> None:
    async def scene() -> None:
        supply = Supply(iter([[1]]))
        assert await supply.take() == 1
        waiting = asyncio.create_task(supply.take())
        await asyncio.sleep(0.01)
        assert not waiting.done(), "it might come back"
        await supply.back(1)
        assert await waiting == 1
        waiting = asyncio.create_task(supply.take())
        resting = asyncio.create_task(supply.until(lambda: supply.over, 1000))
        await asyncio.sleep(0.01)
        assert not resting.done()
        assert supply.done()
        await supply.wake()
        assert await waiting is None
        await resting

    asyncio.run(asyncio.wait_for(scene(), 60))


def test_what_the_reader_raises_reaches_all_who_take() -> None:
    def broken() -> Iterator[list[int]]:
        yield [1]
        raise InputError("It is gone.", "")

    async def scene() -> None:
        supply = Supply(broken())
        assert await supply.take() == 1
        taken = await asyncio.gather(*(supply.take() for _ in range(3)), return_exceptions=True)
        assert [type(each) for each in taken] == [InputError] * 3

    asyncio.run(scene())


def test_no_more_is_read_than_is_soon_needed() -> None:
    read = 0

    def endless() -> Iterator[list[int]]:
        nonlocal read
        while True:
            read += 1
            yield [0] * 1000

    async def scene() -> None:
        supply = Supply(endless())
        for _ in range(1500):
            await supply.take()
            await asyncio.sleep(0)

    asyncio.run(scene())
    assert read <= 3

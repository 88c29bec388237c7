"""Who comes to a shared box for the first time, beside others who knock often: real sockets, the real service."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Sequence

import pytest

from hinterland.engine.service import gate, newcomers
from hinterland.engine.service.house import Terms
from tests.box.front import PATIENCE, Front, request

STRANGERS, MEMBERS = (32001, 32002, 32003, 32004), (31001, 31002, 31003)


async def answers_to(
    front: Front, knocking: Sequence[int], monkeypatch: pytest.MonkeyPatch
) -> tuple[list[tuple[int, bytes]], list[int]]:
    """Have those users connect in that order, one of them looked up only when all have knocked. Return
    who was answered with which status (none where the connection was cut), and who was looked up."""
    sought: list[int] = []
    knocked: list[int] = []
    all_are_here = threading.Event()

    def terms(uid: int) -> Terms | None:
        if uid == os.getuid():  # as the service itself is told by the kernel of each who asks
            return Terms()
        assert all_are_here.wait(PATIENCE)
        sought.append(uid)
        return None if uid in STRANGERS else Terms()

    def who(_peer: object) -> int:
        knocked.append(knocking[len(knocked)])
        return knocked[-1]

    async def answer(reader: asyncio.StreamReader) -> bytes:
        try:
            return (await asyncio.wait_for(reader.read(), PATIENCE))[9:12]
        except ConnectionError:
            return b""

    monkeypatch.setattr(front.house, "terms", terms)
    monkeypatch.setattr(gate, "peer_uid", who)
    there = [await front.open() for _ in knocking]
    try:
        for _, writer in there:
            writer.write(request("GET", "/hint/status"))
        async with asyncio.timeout(PATIENCE):
            while len(knocked) < len(knocking):
                await asyncio.sleep(0.01)
        all_are_here.set()
        answers = await asyncio.gather(*(answer(reader) for reader, _ in there))
    finally:
        all_are_here.set()
        for _, writer in there:
            writer.close()
    return list(zip(knocking, answers, strict=True)), sought


def test_a_newcomer_waits_for_each_of_the_others_once_however_often_they_knock(
    play: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some accounts of the machine that are not let in take no place that a newcomer would need."""

    async def scene(front: Front) -> None:
        often = [uid for uid in STRANGERS for _ in range(gate.MOST_CONNECTIONS)]
        answers, sought = await answers_to(front, [*often, MEMBERS[0]], monkeypatch)
        assert answers[-1] == (MEMBERS[0], b"200")
        assert sought == [*STRANGERS, MEMBERS[0]]
        assert sum(status == b"200" for _, status in answers[:-1]) == 8 * len(STRANGERS)

    play(scene)


def test_each_has_a_place_and_more_while_there_is_room(
    play: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(newcomers, "_MOST_CONNECTIONS", 10)

    async def scene(front: Front) -> None:
        first, second, third = MEMBERS
        knocking = [first] * 9 + [second] * 5 + [third] * 2
        answers, sought = await answers_to(front, knocking, monkeypatch)
        let_in = [uid for uid, status in answers if status == b"200"]
        assert let_in == [first] * 8 + [second] * 4 + [third]
        assert sought == [*MEMBERS]

    play(scene)


def test_who_was_looked_up_has_all_connections_of_a_member(
    play: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene(front: Front) -> None:
        member = MEMBERS[0]
        assert await answers_to(front, [member], monkeypatch) == ([(member, b"200")], [member])
        answers, sought = await answers_to(front, [member] * 40, monkeypatch)
        assert answers == [(member, b"200")] * 40
        assert sought == []

    play(scene)

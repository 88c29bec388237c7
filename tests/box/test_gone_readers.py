"""Who asks a shared box and does not read the answer, or is gone before it comes."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import select
import socket
from collections.abc import Callable

import pytest

from hinterland.engine.service import desk, gate
from hinterland.engine.service.answers import Answer
from hinterland.engine.service.house import Caller, Terms
from tests.box.front import PATIENCE, Front, request


def test_a_reader_who_does_not_read_is_cut_and_gives_the_slot_back(
    play: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "READER_PATIENCE", 0.3)

    async def scene(front: Front) -> None:
        words = " ".join(["word" * 25] * 2000)
        body = {"messages": [{"role": "user", "content": words}], "model": "echo:1000"}
        peer = closing.enter_context(socket.socket(socket.AF_UNIX))
        peer.setblocking(False)
        peer.connect(str(front.path))
        peer.sendall(request("POST", "/v1/chat/completions", json.dumps(body).encode()))
        async with asyncio.timeout(PATIENCE):
            while not front.house.served:
                await asyncio.sleep(0.01)
        assert front.house.served[0].finish == "cancelled"
        assert front.house.served[0].completion_tokens < 2000
        received = b""
        with contextlib.suppress(ConnectionError):
            while piece := peer.recv(1 << 20):
                received += piece
        assert not received.endswith(b"[DONE]\n\n\r\n0\r\n\r\n")

    with contextlib.ExitStack() as closing:
        play(scene)


def test_who_does_not_take_the_end_of_an_answer_is_cut(
    play: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answers of all lengths: of some so little is left that the service waits for no reader."""
    monkeypatch.setattr(gate, "READER_PATIENCE", 0.3)

    async def scene(front: Front) -> None:
        hung_up = select.poll()
        for number in range(20):
            answer = Answer(Caller(os.getuid(), Terms()))
            answer.write(b"x" * (150_000 + 25_000 * number))
            answer.end()
            front.desk._by_turn[os.getuid(), f"t{number}"] = answer
            peer = closing.enter_context(socket.socket(socket.AF_UNIX))
            peer.setblocking(False)
            peer.connect(str(front.path))
            peer.sendall(request("GET", f"/hint/answers/t{number}"))
            hung_up.register(peer, 0)
        cut: set[int] = set()
        async with asyncio.timeout(PATIENCE):
            while len(cut) < 20:
                await asyncio.sleep(0.01)
                cut |= {number for number, _ in hung_up.poll(0)}

    with contextlib.ExitStack() as closing:
        play(scene)


def test_a_long_answer_is_given_in_pieces() -> None:
    """What is given is held for each who does not read it, once more for everybody who attaches."""

    async def scene() -> None:
        answer = Answer(Caller(os.getuid(), Terms()))
        for _ in range(2000):
            answer.write(b"x" * 1000)
        answer.end()
        pieces = [piece async for piece in answer.follow()]
        assert sum(map(len, pieces)) == 2_000_000
        assert max(map(len, pieces)) < 100_000

    asyncio.run(scene())


@pytest.mark.parametrize("how", ["close", "shut down"])
@pytest.mark.parametrize("asked", [{}, {"stream": True}, {"events": True}])
def test_who_asks_for_a_turn_and_is_gone_at_once_is_answered(
    play: Callable[..., None], how: str, asked: dict[str, bool]
) -> None:
    async def scene(front: Front) -> None:
        for number in range(5):
            turn = f"t{number}"
            hint = {"conversation_id": "c", "turn_id": turn, "events": "events" in asked}
            body = {"messages": [{"role": "user", "content": "a b c"}], "hint": hint} | asked
            body.pop("events", None)
            with socket.socket(socket.AF_UNIX) as peer:
                peer.connect(str(front.path))
                peer.sendall(request("POST", "/v1/chat/completions", json.dumps(body).encode()))
                if how == "shut down":
                    peer.shutdown(socket.SHUT_RDWR)
            async with asyncio.timeout(PATIENCE):
                while b" 200 " not in (said := await front.send(attach(turn))):
                    await asyncio.sleep(0.01)
            assert b'"c"' in said or b'" c"' in said

    def attach(turn: str) -> bytes:
        return request("GET", f"/hint/answers/{turn}")

    play(scene)


@pytest.mark.parametrize("hint", [{}, {"events": True}, {"conversation_id": "c", "events": True}])
def test_who_names_no_conversation_and_is_gone_at_once_is_not_answered(
    play: Callable[..., None], hint: dict[str, object]
) -> None:
    async def scene(front: Front) -> None:
        body = {"messages": [{"role": "user", "content": "a b c " * 300}], "hint": hint}
        body |= {"model": "echo:1"}
        for number in range(1, 6):
            with socket.socket(socket.AF_UNIX) as peer:
                peer.connect(str(front.path))
                peer.sendall(request("POST", "/v1/chat/completions", json.dumps(body).encode()))
            async with asyncio.timeout(PATIENCE):
                while len(front.house.served) < number:
                    await asyncio.sleep(0.01)
        assert {each.finish for each in front.house.served} == {"cancelled"}

    play(scene)


def test_what_nobody_reads_is_let_go(
    play: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "_MOST_KEPT", 3)

    async def leave(front: Front, turn: str) -> None:
        """Ask, and go before the answer is there."""
        hint = {"conversation_id": "c", "turn_id": turn, "events": True}
        body = {"messages": [{"role": "user", "content": "a b c d"}], "hint": hint}
        _, writer = await front.open()
        body |= {"model": "echo:20"}
        writer.write(request("POST", "/v1/chat/completions", json.dumps(body).encode()))
        async with asyncio.timeout(PATIENCE):
            while not front.desk.busy:
                await asyncio.sleep(0.001)
        writer.close()
        await front.until_idle()

    async def scene(front: Front) -> None:
        for turn in ("t0", "t1", "t2", "t3"):
            await leave(front, turn)
        assert [turn for _, turn in front.desk._by_turn] == ["t1", "t2", "t3"]
        for turn in ("t1", "t2", "t3"):
            assert b"[DONE]" in await front.send(request("GET", f"/hint/answers/{turn}"))
        assert not front.desk._by_turn
        monkeypatch.setattr(desk, "_KEPT_FOR", 0.1)
        await leave(front, "t4")
        async with asyncio.timeout(PATIENCE):
            while front.desk._by_turn:
                await asyncio.sleep(0.01)
        gc.collect()
        assert not [each for each in gc.get_objects() if isinstance(each, Answer)]

    play(scene)

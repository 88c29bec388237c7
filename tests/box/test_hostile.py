"""What strangers send to a shared box, and what it does about that: real sockets, the real service."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
import json
import os
import select
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from hinterland.engine import asgi
from hinterland.engine.service import desk, gate, reading
from hinterland.engine.service.answers import Answer
from hinterland.engine.service.house import Caller, Terms
from tests.box.front import PATIENCE, Front, request, serving

Scene = Callable[[Front], Awaitable[None]]


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def played(scene: Scene, terms: Terms | None = None, slots: int = 4) -> None:
        async def run() -> None:
            async with serving(tmp_path, monkeypatch, terms, slots) as front:
                await scene(front)

        asyncio.run(run())

    return played


async def until_cut(front: Front, *parts: bytes) -> bytes:
    """Send parts, some time between them, and return what was answered until the service hung up."""
    reader, writer = await front.open()
    for part in parts:
        writer.write(part)
        await asyncio.sleep(0.02)
    try:
        return await asyncio.wait_for(reader.read(), PATIENCE)
    finally:
        writer.close()


def test_half_a_request_is_cut(play: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "_HEAD_PATIENCE", 0.3)
    monkeypatch.setattr(gate, "_REQUEST_PATIENCE", 0.6)
    monkeypatch.setattr(reading, "_PATIENCE", 0.3)

    async def scene(front: Front) -> None:
        whole = request("POST", "/v1/chat/completions", b"x" * 100)
        halves = [
            (),  # nothing at all
            (whole[:20],),
            tuple(whole[n : n + 1] for n in range(10)),
        ]
        assert await asyncio.gather(*(until_cut(front, *half) for half in halves)) == [b""] * 3
        late = await until_cut(front, whole[:-50])  # the body never comes to its end
        assert b" 400 " in late.splitlines()[0]
        assert b"did not come to its end" in late
        unread = await until_cut(front, request("GET", "/hint/status", b"x" * 100)[:-50])
        assert b" 200 " in unread.splitlines()[0]  # it needs no body, and does not wait for one
        assert (await front.ask("Hello"))[0] == 200

    play(scene)


def test_garbage_is_refused_in_words(play: Callable[..., None]) -> None:
    async def scene(front: Front) -> None:
        chat = "/v1/chat/completions"
        broken, strange = b"Invalid HTTP request", b"is not a chat completion"
        for raw, said in (
            (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 50, broken),
            (b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n", broken),
            (b"POST / HTTP/1.1\r\n" + b"X-A: b\r\n" * 20_000 + b"\r\n", broken),
            (request("POST", chat, b"\xff\xfe{"), strange),
            (request("POST", chat, b"[" * 100_000), strange),
            (request("POST", chat, b'{"user": [' + b"[]," * 500_000 + b"0]}"), b"too many parts"),
            (
                request("POST", chat, b'{"messages": [{"role": "user", "content": "\\ud800"}]}'),
                strange,
            ),
            (
                request("POST", chat).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
                + b"1\r\n{\r\n0\r\n\r\n",
                b"with a Content-Length",
            ),
            (
                request("POST", chat).replace(b"Length: 0", b"Length: 99999999999999999999"),
                b"with a Content-Length",
            ),
        ):
            answer = await front.send(raw)
            assert b" 400 " in answer.splitlines()[0], (raw[:60], answer[:200])
            assert said in answer, (raw[:60], answer[:400])
        assert (await front.ask("Hello"))[0] == 200

    play(scene)


def test_a_body_of_100_mb_is_refused_before_it_is_read(play: Callable[..., None]) -> None:
    async def scene(front: Front) -> None:
        head = request("POST", "/v1/chat/completions").replace(b"h: 0", b"h: 104857600")
        for _ in range(5):
            reader, writer = await front.open()
            writer.write(head + b"x" * 1000)
            answer = await asyncio.wait_for(reader.read(), PATIENCE)
            assert b" 400 " in answer.splitlines()[0]
            assert b"larger than 8 MB" in answer
            writer.close()

    play(scene)


def test_nobody_holds_more_bytes_than_one_may(play: Callable[..., None]) -> None:
    async def scene(front: Front) -> None:
        head = request("POST", "/v1/chat/completions").replace(b"h: 0", b"h: 8000000")
        held = [await front.open() for _ in range(2)]
        for _, writer in held:
            writer.write(head)
        async with asyncio.timeout(PATIENCE):
            while reading._held[os.getuid()] < 16_000_000:
                await asyncio.sleep(0.01)
        assert b" 429 " in (await front.send(head)).splitlines()[0]
        for _, writer in held:
            writer.close()
        async with asyncio.timeout(PATIENCE):
            while reading._held[os.getuid()]:
                await asyncio.sleep(0.01)

    play(scene)


def test_a_flood_of_connections_is_turned_away_and_then_forgotten(
    play: Callable[..., None],
) -> None:
    async def scene(front: Front) -> None:
        idle = [await front.open() for _ in range(gate.MOST_CONNECTIONS)]
        turned = await asyncio.gather(*(front.send(b"") for _ in range(50)))
        assert all(b" 429 " in answer.splitlines()[0] for answer in turned)
        assert b"too many connections" in turned[0]
        for _, writer in idle:
            writer.close()
        answer = b""
        async with asyncio.timeout(PATIENCE):
            while b" 200 " not in answer[:20]:
                answer = await front.send(request("GET", "/hint/status"))

    play(scene)


def test_who_has_many_user_ids_has_no_more_connections(
    play: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of the group may be any of 65,536 others, of whom nobody is let in (subuid(5))."""
    uids = itertools.count(100_000)

    async def scene(front: Front) -> None:
        monkeypatch.setattr(gate, "peer_uid", lambda peer: next(uids))
        monkeypatch.setattr(front.house, "terms", lambda uid: Terms() if uid < 100_000 else None)
        idle = [await front.open() for _ in range(gate.MOST_CONNECTIONS)]
        turned = await asyncio.gather(*(front.send(b"") for _ in range(10)))
        assert all(b" 429 " in answer.splitlines()[0] for answer in turned)
        monkeypatch.setattr(gate, "peer_uid", lambda peer: 1000)
        assert (await front.ask("Hello"))[0] == 200
        for _, writer in idle:
            writer.close()

    play(scene)


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


def test_a_header_does_not_say_who_asks(
    play: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")

    async def scene(front: Front) -> None:
        monkeypatch.setattr(asgi, "peer_uid", lambda peer: 1234)
        words = b'{"messages": [{"role": "user", "content": "Hi"}]}'
        told = request("POST", "/v1/chat/completions", words, "X-Forwarded-For: 1.2.3.4")
        assert b" 200 " in (await front.send(told)).splitlines()[0]
        assert [each.uid for each in front.house.served] == [1234]

    play(scene)


def test_who_is_at_the_limit_is_told_and_the_others_are_not(play: Callable[..., None]) -> None:
    async def scene(front: Front) -> None:
        words = " ".join(["word"] * 400)
        slow = [
            asyncio.create_task(front.ask(words, model="echo:20", stream=True)) for _ in range(2)
        ]
        async with asyncio.timeout(PATIENCE):
            while len(front.desk._running) < 2:
                await asyncio.sleep(0.01)
        status, body = await front.ask("One more")
        assert status == 429
        assert "one person may have here: 2." in json.loads(body)["error"]["message"]
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
        await front.until_idle()
        assert (await front.ask("One more"))[0] == 200

    play(scene, Terms(at_once=2))


def test_a_days_tokens_come_to_an_end(play: Callable[..., None]) -> None:
    async def scene(front: Front) -> None:
        assert (await front.ask("one two three four five"))[0] == 200
        status, body = await front.ask("six")
        assert (status, b"10 tokens" in body) == (429, True)
        served = front.house.served[0]
        assert (served.prompt_tokens, served.completion_tokens, served.finish) == (5, 5, "stop")

    play(scene, Terms(tokens_a_day=10))


def test_the_terms_of_a_class_are_put_upon_every_request(play: Callable[..., None]) -> None:
    async def scene(front: Front) -> None:
        told = {"hint": {"events": True}, "stream": True}
        status, body = await front.ask("one two", **told)
        assert (status, b"event: hint.note" in body, b"Kept for the teacher." in body) == (
            200,
            True,
            True,
        )
        assert front.house.served[-1].prompt_tokens == 4  # the two words of the class besides
        status, body = await front.ask("word " * 30, **told)
        assert b"ContextError" in body
        assert b"engine.context" not in body  # nobody who reads it can raise that
        status, body = await front.ask("Hi", model="other")
        assert (status, b"not for you" in body) == (404, True)
        head = (
            await front.send(
                request(
                    "POST",
                    "/v1/chat/completions",
                    b'{"messages": [{"role": "user", "content": "Hi"}]}',
                )
            )
        ).partition(b"\r\n\r\n")[0]
        assert b"x-hint-notice: Kept%20for%20the%20teacher." in head.lower().replace(
            b"kept", b"Kept"
        )
        front.house.now = Terms(closed="The lesson is over.")
        status, body = await front.ask("Hi")
        assert (status, b"The lesson is over." in body) == (429, True)

    terms = Terms(system="Be kind", notice="Kept for the teacher.", models=("echo",), context=20)
    play(scene, terms)


def test_fields_that_would_harm_others_are_refused(play: Callable[..., None]) -> None:
    async def scene(front: Front) -> None:
        deep = '{"a":' * 60 + "1" + "}" * 60
        fields: list[dict[str, object]] = [
            {"id_slot": 0, "grammar": "root ::= root"},
            {"n_probs": 100_000},
            {"logprobs": True},
            {"lora": [{"id": 0, "scale": 1}]},
            {"cache_prompt": True},
            {"stop": ["x"] * 1000},
            {"stop": "x" * 1000},
            {"chat_template_kwargs": {"a": 1}},
            {"response_format": {"type": "json_object", "schema": {"maxLength": 10**9}}},
            {"response_format": {"type": "json_object", "schema": json.loads(deep)}},
        ]
        for field in fields:
            status, body = await front.ask("Hello", **field)
            assert (status, b"shared box" in body) == (400, True), field

    play(scene)


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

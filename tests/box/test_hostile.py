"""What strangers send to a shared box, and what it does about that: real sockets, the real service."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import threading
from collections.abc import Callable

import pytest

from hinterland.engine import asgi
from hinterland.engine.service import gate, newcomers, reading
from hinterland.engine.service.house import Terms
from tests.box.front import PATIENCE, Front, request


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


def test_who_has_many_user_ids_is_answered_no_more_often(
    play: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "_RATE", 1e-9)
    monkeypatch.setattr(gate, "_BURST", 3.0)
    uids = itertools.count(100_000)

    async def scene(front: Front) -> None:
        monkeypatch.setattr(gate, "peer_uid", lambda peer: next(uids))
        monkeypatch.setattr(asgi, "peer_uid", lambda peer: 100_000)
        monkeypatch.setattr(front.house, "terms", lambda uid: None)
        look = request("GET", "/hint/status")
        asked = {asyncio.create_task(front.send(look)) for _ in range(gate.MOST_CONNECTIONS + 4)}
        answers: list[bytes] = []
        async with asyncio.timeout(PATIENCE):
            while len(answers) < 4:
                done, asked = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
                answers += [each.result()[9:12] for each in done]
        assert answers.count(b"403") == 3
        assert set(answers) - {b"403"} <= {b"", b"429"}  # "": turned away before it had asked
        for each in asked:
            each.cancel()
        await asyncio.gather(*asked, return_exceptions=True)

    play(scene)


def test_nobody_waits_while_strangers_are_looked_up(
    play: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A directory of accounts may take its time, and no stranger keeps more than one thread waiting for
    it; neither a member nor who comes for the first time."""
    monkeypatch.setattr(newcomers, "_MOST_USERS", 40)
    new, member, uids = 1000, 99_000, itertools.count(100_000)
    found, sought = threading.Event(), 0

    def terms(uid: int) -> Terms | None:
        nonlocal sought
        if uid < 100_000:
            return Terms()
        sought += 1
        assert found.wait(PATIENCE)
        return None

    async def scene(front: Front) -> None:
        async def answered(uid: int) -> bool:
            monkeypatch.setattr(gate, "peer_uid", lambda peer: uid)
            async with asyncio.timeout(PATIENCE / 2):
                return (await front.ask("Hello"))[0] == 200

        monkeypatch.setattr(front.house, "terms", terms)
        assert await answered(member)
        monkeypatch.setattr(gate, "peer_uid", lambda peer: next(uids))
        idle = [await front.open() for _ in range(40)]
        try:
            async with asyncio.timeout(PATIENCE / 2):
                assert b" 429 " in await front.send(b"")
            assert await answered(member)
            assert await answered(new)
            assert sought == 1
        finally:
            found.set()
            for _, writer in idle:
                writer.close()

    play(scene)


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

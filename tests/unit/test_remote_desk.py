"""Remote engines at the service's desk: turns, stopping, offline, and what the status tells."""

from __future__ import annotations

import asyncio
import json
import threading
from contextlib import aclosing
from pathlib import Path

import pytest

from hinterland import config as configuration
from hinterland.engine import requests
from hinterland.engine.events import EventParser
from hinterland.engine.protocol import (
    Done,
    Event,
    FinishReason,
    Message,
    Request,
    Sampling,
    TextDelta,
)
from hinterland.engine.remote.dialect import Facts, Server, body_for
from hinterland.engine.service.desk import Desk
from hinterland.engine.service.house import Caller, Terms
from hinterland.engine.workers.spec import WorkerSpec
from hinterland.errors import EngineError, InputError
from hinterland.paths import Paths
from hinterland.worker_specs import resolver
from tests.answers import last, said
from tests.hostile import WELL, Call, Hostile, chunk, error, plain, start
from tests.remotes import ME, answered, desk_in, failure, spec_of

pytestmark = pytest.mark.usefixtures("hurried")


def test_stopping_an_answer_closes_the_connection(remote: Hostile, tmp_path: Path) -> None:
    closed = threading.Event()

    def endless(call: Call) -> None:
        start(call)
        call.send(chunk("On and on"))
        call.wait_until_gone()
        closed.set()

    remote.chat = [endless]

    async def run() -> list[Event]:
        spec = spec_of(remote)
        desk = desk_in(tmp_path, lambda _: spec)
        request = Request((Message("user", "Go on."),), "box", conversation_id="c", turn_id="t")
        parser = EventParser()
        events: list[Event] = []
        answer = desk.take(requests.decode(requests.encode(request)), ME)
        async with aclosing(answer.follow()) as pieces:
            async for piece in pieces:
                events += parser.feed(piece)
                if any(isinstance(event, TextDelta) for event in events):
                    desk.cancel("t", ME)
        await desk.close()
        return events

    done = last(asyncio.run(run()))
    assert isinstance(done, Done)
    assert done.finish_reason is FinishReason.CANCELLED
    assert closed.wait(60)


def test_turns_are_taken_at_a_remote_too(remote: Hostile, tmp_path: Path) -> None:
    together, most = 0, 0
    lock = threading.Lock()

    def counted(call: Call) -> None:
        nonlocal together, most
        with lock:
            together += 1
            most = max(most, together)
        WELL(call)
        with lock:
            together -= 1

    remote.chat = [counted]

    async def run() -> list[list[Event]]:
        spec = spec_of(remote, slots=2)
        desk = desk_in(tmp_path, lambda _: spec)
        request = Request((Message("user", "Well?"),), "box")
        try:
            return await asyncio.gather(*(answered(desk, request) for _ in range(8)))
        finally:
            await desk.close()

    assert all(said(events) == "All is well." for events in asyncio.run(run()))
    assert most <= 2
    assert len([call for call in remote.calls if call.path == "/v1/models"]) == 1


def test_a_remote_that_was_away_is_looked_at_again(remote: Hostile, tmp_path: Path) -> None:
    listed = remote.others["/v1/models"]
    remote.others["/v1/models"] = error(500, "not yet")

    async def run() -> tuple[list[Event], list[Event]]:
        spec = spec_of(remote)
        desk = desk_in(tmp_path, lambda _: spec)
        request = Request((Message("user", "Well?"),), "box")
        try:
            before = await answered(desk, request)
            remote.others["/v1/models"] = listed
            return before, await answered(desk, request)
        finally:
            await desk.close()

    before, after = asyncio.run(run())
    assert "not yet" in failure(before).message
    assert said(after) == "All is well."


# Offline


def test_offline_forbids_a_remote_before_any_connection(remote: Hostile, paths: Paths) -> None:
    """Also one that was used a moment ago: the settings hold from when they are written."""
    settings = f"model = 'box'\n[engines.box]\nurl = '{remote.url}'\n"
    paths.config_file.parent.mkdir(parents=True)
    paths.config_file.write_text(settings)

    async def run() -> list[list[Event]]:
        config = configuration.load(paths.config_file)
        desk = desk_in(paths.state, resolver(paths, config))
        request = Request((Message("user", "Well?"),))
        try:
            first = await answered(desk, request)
            connections = remote.connections
            paths.config_file.write_text("offline = true\n" + settings)
            second = await answered(desk, request)
            assert remote.connections == connections
            return [first, second]
        finally:
            await desk.close()

    first, second = asyncio.run(run())
    assert said(first) == "All is well."
    failed = failure(second)
    assert failed.kind == "ConfigError"
    assert "offline" in failed.message


def test_a_body_of_a_caller_that_knows_openai_only(remote: Hostile, tmp_path: Path) -> None:
    whole = {"choices": [{"message": {"content": "Well."}, "finish_reason": "stop"}]}
    remote.chat = [plain(200, json.dumps(whole).encode())]

    async def run() -> bytes:
        spec = spec_of(remote)
        desk = desk_in(tmp_path, lambda _: spec)
        answer = desk.take(requests.decode(b'{"messages":[{"role":"user","content":"Hi"}]}'), ME)
        try:
            async with aclosing(answer.follow()) as pieces:
                return b"".join([piece async for piece in pieces])
        finally:
            await desk.close()

    assert json.loads(asyncio.run(run())) == whole
    assert "stream_options" not in remote.chats[0].json


def test_the_status_counts_answers_and_tells_the_last_failure(
    remote: Hostile, tmp_path: Path
) -> None:
    found: list[tuple[int, str]] = []

    async def run() -> None:
        refusals = [EngineError("No such program."), None, None]

        def resolve(name: str | None) -> WorkerSpec:
            if refusal := refusals.pop(0):
                raise refusal
            return spec_of(remote)

        desk = desk_in(tmp_path, resolve)
        request = Request((Message("user", "Hi"),), "box")
        try:
            for work in (answered(desk, request), counted(desk, request), answered(desk, request)):
                await work
                status = desk.status(ME)
                found.append((status.answered, status.trouble))
        finally:
            await desk.close()

    asyncio.run(run())
    assert found == [(0, "No such program."), (0, "No such program."), (1, "")]


async def counted(desk: Desk, request: Request) -> None:
    answer = desk.count(requests.decode(requests.encode(request)), ME)
    async with aclosing(answer.follow()) as pieces:
        assert [piece async for piece in pieces]


@pytest.mark.parametrize(
    ("server", "added"),
    [
        (Server.LLAMA, {}),
        (Server.VLLM, {"continue_final_message": True, "add_generation_prompt": False}),
        (Server.OTHER, None),
    ],
)
def test_going_on_with_an_answer(server: Server, added: dict[str, bool] | None) -> None:
    """Each is asked in its own words; one that would begin anew is not asked."""
    facts = Facts(server=server, model="m")
    messages = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "We"}]
    body = {"messages": messages, "stream": True}
    if added is None:
        with pytest.raises(InputError, match="go on"):
            body_for(facts, "there", body)
    else:
        assert body_for(facts, "there", body) == body | {"model": "m"} | added


def test_whose_window_is_narrowed_has_turns_at_a_remote_that_tells_none(
    remote: Hostile, tmp_path: Path
) -> None:
    async def run() -> list[Event]:
        spec = spec_of(remote)
        desk = desk_in(tmp_path, lambda _: spec)
        request = Request((Message("user", "Go on."),), "box", Sampling(max_tokens=64))
        narrow = Caller(ME.uid, Terms(context=512))
        parser = EventParser()
        try:
            answer = desk.take(requests.decode(requests.encode(request)), narrow)
            async with aclosing(answer.follow()) as pieces:
                return [event async for piece in pieces for event in parser.feed(piece)]
        finally:
            await desk.close()

    events = asyncio.run(asyncio.wait_for(run(), 20))
    assert isinstance(last(events), Done), events

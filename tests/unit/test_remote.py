"""Remote engines: what is sent to them, what they may do to us, and what is said of it."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from hinterland import config as configuration
from hinterland.engine import requests
from hinterland.engine.events import EventParser
from hinterland.engine.prefix_store import PrefixStore
from hinterland.engine.protocol import (
    Done,
    Event,
    Failed,
    FinishReason,
    Message,
    ReasoningDelta,
    Request,
    Sampling,
    SentTo,
    TextDelta,
    Usage,
)
from hinterland.engine.remote import endpoint
from hinterland.engine.remote.dialect import Facts, Server, body_for
from hinterland.engine.service.desk import Desk
from hinterland.engine.service.house import Caller, Terms
from hinterland.engine.service.prefixes import Prefixes
from hinterland.engine.service.workers import Workers
from hinterland.engine.service.writer import Resolve
from hinterland.engine.workers.spec import RemoteSpec, WorkerSpec
from hinterland.errors import EngineError, InputError
from hinterland.paths import Paths
from hinterland.worker_specs import resolver
from tests.answers import last, said
from tests.hostile import (
    CERTIFICATE,
    DONE,
    WELL,
    Call,
    Hostile,
    Reply,
    chunk,
    error,
    models,
    plain,
    serving,
    start,
    stream,
)

KEY = "sk-zanzibar-quetzalcoatl-7731"
ME = Caller(os.getuid(), Terms(sees_all=True))


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again without a pause, unless the remote asks for one; a key in the environment."""
    monkeypatch.setattr(endpoint, "_FIRST_PAUSE", 0.0)
    monkeypatch.setenv("BOX_KEY", KEY)


@pytest.fixture
def remote() -> Iterator[Hostile]:
    with serving(Hostile()) as hostile:
        yield hostile


Ask = Callable[..., list[Event]]


def spec_of(hostile: Hostile, *, context: int = 0, slots: int = 0, **remote: object) -> WorkerSpec:
    settings = RemoteSpec(url=hostile.url, **{"timeout": 20.0, **remote})  # type: ignore[arg-type]
    return WorkerSpec(model="box", kind="remote", context=context, slots=slots, remote=settings)


def desk_in(folder: Path, resolve: Resolve) -> Desk:
    """Return a service's desk with everything it keeps in `folder`."""
    workers = Workers(folder, lambda: 1 << 40)
    prefixes = Prefixes(PrefixStore(folder / "prefixes", 0), workers, lambda *_: False)
    return Desk(resolve, workers, folder / "journal", 15, prefixes)


async def answered(desk: Desk, request: Request) -> list[Event]:
    """Return the events of the service's answer to `request`."""
    parser = EventParser()
    answer = desk.take(requests.decode(requests.encode(request)), ME)
    async with aclosing(answer.follow()) as pieces:
        return [event async for piece in pieces for event in parser.feed(piece)]


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """Asks a service of this process, which knows one remote engine, and ends it."""

    def asked(
        hostile: Hostile, *, sampling: Sampling | None = None, **settings: object
    ) -> list[Event]:
        async def run() -> list[Event]:
            spec = spec_of(hostile, **settings)  # type: ignore[arg-type]
            desk = desk_in(tmp_path, lambda _: spec)
            try:
                message = Message("user", "How are you?")
                return await answered(desk, Request((message,), "box", sampling or Sampling()))
            finally:
                await desk.close()

        return asyncio.run(asyncio.wait_for(run(), 60))

    return asked


def failure(events: list[Event]) -> Failed:
    failed = last(events)
    assert isinstance(failed, Failed), failed
    assert [event for event in events if isinstance(event, Failed)] == [failed]
    assert KEY not in f"{failed.message} {failed.hint}"
    return failed


# What is sent, and what comes back


def test_an_answer_comes_with_the_name_that_this_account_gave(ask: Ask, remote: Hostile) -> None:
    events = ask(remote)
    assert SentTo("box", remote.url) in events
    assert said(events) == "All is well."
    assert last(events) == Done(FinishReason.STOP, model="box")


def test_a_strict_server_is_sent_openais_fields_only(ask: Ask, remote: Hostile) -> None:
    ask(remote, sampling=Sampling(max_tokens=9, seed=1, temperature=0.5), key_variable="BOX_KEY")
    (call,) = remote.chats
    assert call.json == {
        "model": "there/model",
        "messages": [{"role": "user", "content": "How are you?"}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": 9,
        "seed": 1,
        "temperature": 0.5,
    }
    assert call.headers["authorization"] == f"Bearer {KEY}"


def test_what_a_strict_server_would_not_take_is_refused(ask: Ask, remote: Hostile) -> None:
    failed = failure(ask(remote, sampling=Sampling(top_k=5)))
    assert failed.kind == "InputError"
    assert "top_k" in failed.message
    assert not remote.chats


def test_vllm_counts_the_prompt_and_says_its_window(ask: Ask, remote: Hostile) -> None:
    entry: dict[str, object] = {"id": "there/model", "owned_by": "vllm", "max_model_len": 100}
    remote.others["/v1/models"] = models(entry)
    remote.others["/tokenize"] = plain(200, b'{"count": 30, "max_model_len": 100, "tokens": []}')
    assert said(ask(remote, sampling=Sampling(top_k=5)))
    assert remote.chats[0].json["max_tokens"] == 70
    assert remote.chats[0].json["top_k"] == 5
    failed = failure(ask(remote, context=30))
    assert failed.kind == "ContextError"
    assert "30 tokens and 29 fit" in failed.message
    assert "engines.box.context" in failed.hint
    assert len(remote.chats) == 1


def test_more_tokens_than_a_remote_can_have_are_its_own_affair(ask: Ask, remote: Hostile) -> None:
    """Where nobody here can count, asking for too much must not wait for room that never comes."""
    assert said(ask(remote, context=20, slots=1, sampling=Sampling(max_tokens=500)))
    assert remote.chats[0].json["max_tokens"] == 500


@pytest.mark.parametrize(
    "reply",
    [
        error(500, "cannot parse `How are you?`"),
        error(429, "`How are you?` is too much"),
        stream(chunk("All "), b'data: {"error": {"message": "bad text: How are you?"}}\n\n'),
    ],
)
def test_what_a_remote_repeats_of_a_prompt_is_told_and_not_logged(
    ask: Ask, remote: Hostile, reply: Reply, caplog: pytest.LogCaptureFixture
) -> None:
    remote.chat = [reply]
    with caplog.at_level("INFO", "hinterland"):
        failed = failure(ask(remote))
    assert "How are you?" in failed.message
    assert "How are you?" not in caplog.text
    assert "EngineError" in caplog.text


def test_one_of_several_models_has_to_be_named(ask: Ask, remote: Hostile) -> None:
    remote.others["/v1/models"] = models({"id": "a"}, {"id": "b"})
    failed = failure(ask(remote))
    assert failed.kind == "ConfigError"
    assert "a, b" in failed.message
    assert last(ask(remote, model="b")).model == "box"  # type: ignore[union-attr]
    assert remote.chats[0].json["model"] == "b"


def test_a_gateway_without_a_list_of_models_will_do(ask: Ask, remote: Hostile) -> None:
    del remote.others["/v1/models"]
    assert said(ask(remote, model="m")) == "All is well."


@pytest.mark.parametrize(
    ("pieces", "text", "thought"),
    [
        ([b"".join([chunk("a"), chunk("b", "stop"), DONE]).replace(b"\n", b"\r\n")], "ab", ""),
        ([b": ping\n\n", chunk("a"), b": ping\n\n", chunk("b", "stop"), DONE], "ab", ""),
        ([chunk("a"), chunk("b", "stop")], "ab", ""),
        ([chunk("a"), chunk("b", "stop").rstrip()], "ab", ""),
        ([chunk("a", ""), chunk("b", "stop"), DONE, chunk("c"), b"rubbish"], "ab", ""),
        ([b"event: hint.failed\n" + chunk("ab", "stop"), DONE], "ab", ""),
        ([*(bytes([b]) for b in chunk("ä🙂", "stop")), DONE], "ä🙂", ""),
        (
            [
                b'data: {"choices":[{"delta":{"reasoning":"hm"}}]}\n\n',
                b'data: {"choices":[{"delta":{"reasoning":"m","reasoning_content":"m"}}]}\n\n',
                b'data: {"choices":[{"delta":null,"finish_reason":null}],"usage":null}\n\n',
                chunk("ab", "stop"),
                DONE,
            ],
            "ab",
            "hmm",
        ),
    ],
    ids=[
        "CRLF",
        "comments",
        "no end",
        "no last line feed",
        "after the end",
        "our names",
        "cuts",
        "vLLM",
    ],
)
def test_streams_of_all_kinds(
    ask: Ask, remote: Hostile, pieces: list[bytes], text: str, thought: str
) -> None:
    remote.chat = [stream(*pieces)]
    events = ask(remote)
    assert said(events) == text
    assert "".join(e.text for e in events if isinstance(e, ReasoningDelta)) == thought
    done = last(events)
    assert isinstance(done, Done)
    assert done.finish_reason is FinishReason.STOP
    assert done.usage == Usage()


# Trouble


def test_a_busy_remote_is_asked_again_before_the_first_token(ask: Ask, remote: Hostile) -> None:
    remote.chat = [error(429, "slow down", "Retry-After: 0"), error(503, "loading"), WELL]
    assert said(ask(remote)) == "All is well."
    assert len(remote.chats) == 3


def test_a_connection_that_breaks_before_the_first_token_is_tried_again(
    ask: Ask, remote: Hostile
) -> None:
    remote.chat = [lambda call: None, stream(b": ping\n\n"), WELL]
    events = ask(remote)
    assert said(events) == "All is well."
    assert len(remote.chats) == 3


def test_a_remote_that_stays_busy_is_given_up(ask: Ask, remote: Hostile) -> None:
    remote.chat = [error(503, "overloaded")]
    failed = failure(ask(remote))
    assert failed.kind == "EngineError"
    assert "overloaded" in failed.message
    assert len(remote.chats) == endpoint.TRIES


def test_a_long_retry_after_is_told_and_not_waited_for(ask: Ask, remote: Hostile) -> None:
    remote.chat = [error(429, "quota", "Retry-After: 3600")]
    assert "3600 seconds" in failure(ask(remote)).hint
    assert len(remote.chats) == 1


@pytest.mark.parametrize(
    ("ending", "words"),
    [
        (b"", "stopped in the middle"),
        (b'data: {"error":{"message":"CUDA \\u001b out of memory"}}\n\n', "out of memory"),
        (b'data: {"error":"all gone"}\n\n', "all gone"),
        (b"data: <html>\n\n", "not an event"),
        (chunk(finish="content_filter") + DONE, "content_filter"),
        (DONE, "without saying why"),
    ],
)
def test_a_stream_that_dies_keeps_what_was_written_and_is_not_tried_again(
    ask: Ask, remote: Hostile, ending: bytes, words: str
) -> None:
    remote.chat = [stream(chunk("All "), chunk("is ") + ending), WELL]
    events = ask(remote)
    assert said(events) == "All is "
    failed = failure(events)
    assert failed.kind == "EngineError"
    assert words in failed.message
    assert "box at 127.0.0.1" in failed.message
    assert "\x1b" not in failed.message
    assert len(remote.chats) == 1


def test_a_connection_reset_in_mid_answer_is_the_same(ask: Ask, remote: Hostile) -> None:
    def reset(call: Call) -> None:
        body = chunk("All is ")
        head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 9999\r\n\r\n"
        call.send(head.encode() + body)

    remote.chat = [reset]
    events = ask(remote)
    assert said(events) == "All is "
    assert "broke the connection off" in failure(events).message
    assert len(remote.chats) == 1


VLLM_OVERFLOW = (
    "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens "
    "(4000 in the messages, 1000 in the completion). Please reduce the length."
)


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (error(401, "bad key", code="invalid_api_key"), "ConfigError", "bad key"),
        (plain(403, b"<html>no</html>", "text/html"), "ConfigError", "does not let"),
        (error(404, "The model `x` does not exist."), "ModelError", "has no model"),
        (plain(404, b'{"detail":"Not Found"}'), "ConfigError", "no chat completions"),
        (error(400, VLLM_OVERFLOW), "ContextError", "4096 tokens"),
        (
            error(400, "too long", type="exceed_context_size_error", n_prompt_tokens=7, n_ctx=5),
            "ContextError",
            "7 tokens",
        ),
        (error(400, "Failed to compile JSON schema"), "InputError", "schema"),
        (plain(422, b'{"detail":[{"msg":"top_k?"}]}'), "InputError", "top_k?"),
        *(
            (error(status, said), "InputError", "there/model at")
            for status, said in (
                (500, "image input is not supported - hint: you may need to provide the mmproj"),
                (400, "there/model is not a multimodal model"),
                (400, "At most 0 image(s) may be provided in one prompt."),
                (400, "Invalid content type. image_url is only supported by certain models."),
            )
        ),
        (error(500, "boom\x1b[2J"), "EngineError", "boom"),
        (error(500, "the image could not be decoded"), "EngineError", "500"),
        (plain(200, b"<html>Log in</html>", "text/html"), "EngineError", "text/html"),
        (plain(200, b'{"error":{"message":"late"}}'), "EngineError", "late"),
        (lambda call: call.send(b"rubbish\r\n\r\n"), "EngineError", "broke the connection"),
    ],
)
def test_a_refusal_is_mapped_and_cleaned(
    ask: Ask, remote: Hostile, reply: Reply, kind: str, words: str
) -> None:
    remote.chat = [reply]
    failed = failure(ask(remote))
    assert failed.kind == kind
    assert words in failed.message
    assert failed.hint
    assert "\x1b" not in failed.message


def test_a_remote_that_repeats_the_key_does_not_give_it_away(ask: Ask, remote: Hostile) -> None:
    told = f"Authorization: Bearer {KEY}"
    for reply in (
        error(401, told),
        error(500, told),
        plain(500, told.encode(), "text/plain"),
        plain(302, b"", "text/plain", f"Location: http://127.0.0.1:9/?{KEY}"),
        stream(chunk("a"), b'data: {"error":{"message":"' + told.encode() + b'"}}\n\n'),
    ):
        remote.chat = [reply]
        assert "[key]" in failure(ask(remote, key_variable="BOX_KEY")).message
    remote.chat = [stream(chunk(f"It is {KEY}.", "stop"), DONE)]
    assert said(ask(remote, key_variable="BOX_KEY")) == "It is [key]."


def test_a_redirect_is_told_and_not_followed(ask: Ask, remote: Hostile) -> None:
    with serving(Hostile()) as other:
        remote.chat = [plain(307, b"", "text/plain", f"Location: {other.url}")]
        failed = failure(ask(remote, key_variable="BOX_KEY"))
        assert failed.kind == "ConfigError"
        assert other.url in failed.message
        assert other.connections == 0


def test_a_remote_that_says_nothing_is_given_up(ask: Ask, remote: Hostile) -> None:
    remote.chat = [Call.wait_until_gone]
    failed = failure(ask(remote, timeout=1.0))
    assert failed.kind == "EngineError"
    assert "said nothing" in failed.message
    assert len(remote.chats) == 1


def test_nobody_there_is_one_sentence(ask: Ask) -> None:
    with serving(Hostile()) as hostile:
        pass
    failed = failure(ask(hostile))
    assert failed.kind == "EngineError"
    assert "cannot be reached" in failed.message


def test_an_unknown_certificate_is_refused_and_a_named_one_taken(ask: Ask) -> None:
    with serving(Hostile(tls=True)) as safe:
        failed = failure(ask(safe))
        assert failed.kind == "EngineError"
        assert "not safe" in failed.message
        assert not safe.calls
        assert said(ask(safe, ca_file=str(CERTIFICATE))) == "All is well."
        assert "cannot be used" in failure(ask(safe, ca_file="/nowhere.pem")).message


def test_a_proxy_of_the_environment_gets_no_words_for_this_machine(
    ask: Ask, remote: Hostile, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Hostile()) as proxy:
        for variable in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(variable, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        assert said(ask(remote)) == "All is well."
        assert proxy.connections == 0


@pytest.mark.parametrize("value", ["", "two words", "line\nfeed", "kéy"])
def test_a_key_that_is_not_there_or_cannot_be_sent(
    ask: Ask, remote: Hostile, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("BOX_KEY", value)
    failed = failure(ask(remote, key_variable="BOX_KEY"))
    assert failed.kind == "ConfigError"
    assert "BOX_KEY" in failed.message
    assert "hint engine stop" in failed.hint
    assert not value or value not in failed.message
    assert remote.connections == 0


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

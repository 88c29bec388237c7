"""Remote engines in trouble: what they may do to us, and what is said of it."""

from __future__ import annotations

import pytest

from hinterland.engine.remote import endpoint
from tests.answers import said
from tests.hostile import (
    CERTIFICATE,
    DONE,
    WELL,
    Call,
    Hostile,
    Reply,
    chunk,
    error,
    plain,
    serving,
    stream,
)
from tests.remotes import KEY, Ask, failure

pytestmark = pytest.mark.usefixtures("hurried")


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

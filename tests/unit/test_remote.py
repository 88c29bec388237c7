"""Remote engines: what is sent to them, and what comes back."""

from __future__ import annotations

import pytest

from hinterland.engine.protocol import (
    Done,
    FinishReason,
    ReasoningDelta,
    Sampling,
    SentTo,
    Usage,
)
from tests.answers import last, said
from tests.hostile import DONE, Hostile, Reply, chunk, error, models, plain, stream
from tests.remotes import KEY, Ask, failure

pytestmark = pytest.mark.usefixtures("hurried")


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


def test_a_count_that_is_none_leaves_it_to_the_answer(ask: Ask, remote: Hostile) -> None:
    entry: dict[str, object] = {"id": "there/model", "owned_by": "vllm", "max_model_len": 100}
    remote.others["/v1/models"] = models(entry)
    remote.others["/tokenize"] = plain(200, b'{"count": ' + b"[" * 5000)
    assert said(ask(remote)) == "All is well."


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
    done = last(ask(remote, model="b"))
    assert isinstance(done, Done)
    assert done.model == "box"
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

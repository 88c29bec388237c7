"""What a template says of thinking, and how a request is put to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hinterland.engine import requests
from hinterland.engine.protocol import Message, Request, Sampling, Think
from hinterland.engine.service.thinking import LOW_BUDGET, steer
from hinterland.engine.workers.spec import WorkerSpec
from hinterland.models import template

TEMPLATES = Path(__file__).parents[1] / "families" / "templates"

SAID = {
    "meta-llama-Llama-3.2-3B-Instruct": (),
    "Qwen-Qwen2.5-7B-Instruct": (),
    "Qwen-Qwen3-0.6B": ("enable_thinking", "marked"),
    "Qwen3.5-4B": ("enable_thinking", "marked"),
    "deepseek-ai-DeepSeek-R1-Distill-Llama-8B": ("marked",),
    "deepseek-ai-DeepSeek-R1-Distill-Qwen-32B": ("enable_thinking", "marked"),
    "deepseek-ai-DeepSeek-V3.1": ("enable_thinking", "thinking", "marked"),
    "zai-org-GLM-4-9B-0414": (),
    "GLM-4.6": ("enable_thinking", "marked"),
    "tencent-Hy-MT2-1.8B": (),
    "openai-gpt-oss-120b": ("reasoning_effort", "marked"),
    "google-gemma-3-4b-it": (),
    "HuggingFaceTB-SmolLM2-135M-Instruct": (),
    "HuggingFaceTB-SmolLM3-3B": ("enable_thinking", "marked"),
}


@pytest.mark.parametrize("name", SAID)
def test_what_a_template_says(name: str) -> None:
    text = (TEMPLATES / f"{name}.jinja").read_text("utf-8")
    assert template.thinking(text) == SAID[name]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{# enable_thinking #}{{ message.thinking }}{% if 'thinking' in m %}", ()),
        ("{% if thinking %}", ("thinking", "marked")),
        ("{{ reasoning_effort if reasoning_effort else 'no_think' }}", ("reasoning_effort", "no_think", "marked")),
        ("enable_thinking", ()),
        ("{{ '<think>' }}…{{ '</think>' }}", ("marked",)),
    ],
)  # fmt: skip
def test_only_variables_count(text: str, said: tuple[str, ...]) -> None:
    assert template.thinking(text) == said


@given(st.text(st.sampled_from("{}%#'\"\\ \nthinking</>ab")))
def test_no_template_is_too_odd_to_look_at(text: str) -> None:
    template.thinking(text)


def steered(
    think: Think | None,
    *words: str,
    most: int | None = None,
    kind: str = "llamacpp",
    usual: bool = False,
) -> tuple[dict[str, Any], str]:
    """Return what is added to the body of a request, and the note."""
    request = Request(
        (Message("user", "x"),), sampling=Sampling(max_tokens=most), think=think, usual=usual
    )
    order = requests.decode(requests.encode(request))
    fitted, note = steer(order, WorkerSpec(model="m", kind=kind, thinking=words))
    return {key: fitted.body[key] for key in fitted.body.keys() - order.body.keys()}, note


@pytest.mark.parametrize("part", ["{%", "{{", "{#", "{{ '\\'", '{{ "\\'])
def test_what_is_never_closed_is_looked_through_once(part: str) -> None:
    """Each of them, looked through from every beginning, would take hours."""
    assert template.thinking(part * 500_000 + "enable_thinking") == ()


def test_nothing_asked_is_nothing_said() -> None:
    assert steered(None, "enable_thinking", "marked") == ({}, "")


@pytest.mark.parametrize("switch", ["enable_thinking", "thinking"])
def test_a_switch_is_turned(switch: str) -> None:
    said = {think: steered(think, switch, "marked")[0]["chat_template_kwargs"] for think in Think}
    assert said == {Think.OFF: {switch: False}, Think.LOW: {switch: True}, Think.HIGH: {switch: True}}  # fmt: skip


def test_low_is_a_budget_of_which_an_answer_keeps_half() -> None:
    budgets = [
        steered(Think.LOW, "enable_thinking", "marked", most=most)[0]["reasoning_budget_tokens"]
        for most in (None, 10_000, 100, 1)
    ]
    assert budgets == [LOW_BUDGET, LOW_BUDGET, 50, 1]
    told = [
        "reasoning_budget_message" in steered(Think.LOW, "marked", most=most)[0]
        for most in (None, 10_000, 100)
    ]
    assert told == [True, True, False]
    assert "reasoning_budget_tokens" not in steered(Think.HIGH, "enable_thinking", "marked")[0]


def test_an_effort_is_named() -> None:
    for think in (Think.LOW, Think.HIGH):
        fields, note = steered(think, "reasoning_effort", "marked")
        assert fields == {"chat_template_kwargs": {"reasoning_effort": think.value}}
        assert note == ""


def test_a_model_that_cannot_stop_thinking_says_so() -> None:
    fields, note = steered(Think.OFF, "reasoning_effort", "marked")
    assert fields == {"chat_template_kwargs": {"reasoning_effort": "low"}}
    assert "always thinks" in note
    fields, note = steered(Think.OFF, "reasoning_effort", "no_think", "marked")
    assert fields == {"chat_template_kwargs": {"reasoning_effort": "no_think"}}
    assert note == ""


def test_reasoning_without_a_switch_is_ended_by_the_budget() -> None:
    assert steered(Think.OFF, "marked") == ({"reasoning_budget_tokens": 1}, "")
    assert steered(Think.HIGH, "marked") == ({}, "")


@pytest.mark.parametrize("kind", ["llamacpp", "echo"])
def test_a_model_that_does_not_think_says_so_unless_that_is_wished_for(kind: str) -> None:
    words = () if kind == "llamacpp" else ("enable_thinking",)
    assert steered(Think.OFF, *words, kind=kind) == ({}, "")
    for think in (Think.LOW, Think.HIGH):
        fields, note = steered(think, *words, kind=kind)
        assert fields == {}
        assert note == f"m does not think, so `--think {think.value}` changes nothing."


def test_what_only_the_settings_say_is_not_remarked_on() -> None:
    assert steered(Think.LOW, usual=True) == ({}, "")
    fields, note = steered(Think.OFF, "reasoning_effort", "marked", usual=True)
    assert (fields, note) == ({"chat_template_kwargs": {"reasoning_effort": "low"}}, "")


def test_a_remote_engine_is_told_in_openais_words() -> None:
    said = [steered(think, kind="remote") for think in Think]
    assert said == [({"reasoning_effort": word}, "") for word in ("none", "low", "high")]


def test_what_a_caller_says_to_the_template_stays() -> None:
    body = (
        b'{"messages":[{"role":"user","content":"x"}],"hint":{"think":"off"},'
        b'"chat_template_kwargs":{"language":"nl","enable_thinking":true}}'
    )
    spec = WorkerSpec(model="m", kind="llamacpp", thinking=("enable_thinking", "marked"))
    order, _ = steer(requests.decode(body), spec)
    assert order.body["chat_template_kwargs"] == {"language": "nl", "enable_thinking": False}


def test_tokens_that_end_an_answer_are_named_beside_the_callers_own() -> None:
    request = Request((Message("user", "x"),), sampling=Sampling(stop=("END",)))
    order = requests.decode(requests.encode(request))
    fitted, _ = steer(order, WorkerSpec(model="m", kind="llamacpp", stop=("<eos>",)))
    assert fitted.body["stop"] == ["END", "<eos>"]

"""Which server an endpoint is, what it says of itself, and what may be sent to it.

All of them speak OpenAI's chat completions; beyond that each has words of its own, and strict ones
refuse what they do not know.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

from hinterland.errors import ConfigError, InputError
from hinterland.text import clean_line


class Server(StrEnum):
    LLAMA = "llama-server"
    VLLM = "vLLM"
    SGLANG = "SGLang"
    OLLAMA = "Ollama"
    OTHER = "OpenAI-compatible"


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an endpoint."""

    server: Server = Server.OTHER
    model: str = ""
    models: tuple[str, ...] = ()
    context: int = 0
    """Tokens of context for each request; 0 is unknown."""
    slots: int = 0
    """Requests it works on at once; 0 is unknown."""


class _Meta(msgspec.Struct):
    n_ctx: int | None = None


class _Model(msgspec.Struct):
    id: str
    owned_by: str | None = None
    max_model_len: int | None = None
    meta: _Meta | None = None


class _Models(msgspec.Struct):
    data: list[_Model] | None = None


class _Defaults(msgspec.Struct):
    n_ctx: int = 0


class _Props(msgspec.Struct):
    default_generation_settings: _Defaults = msgspec.field(default_factory=_Defaults)
    total_slots: int = 0


_BY_OWNER = {
    "llamacpp": Server.LLAMA,
    "vllm": Server.VLLM,
    "sglang": Server.SGLANG,
    "library": Server.OLLAMA,
}


def recognise(body: bytes, wanted: str) -> Facts:
    """Return what `GET /v1/models` tells of the endpoint and of the model `wanted`.

    Raises ValueError when `body` is no list of models.
    """
    try:
        listed = msgspec.json.decode(body, type=_Models).data or []
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError("no list of models") from error
    models = tuple(each.id for each in listed)
    only = models[0] if len(models) == 1 else ""
    model = wanted or only
    entry = next((each for each in listed if each.id == model), None)
    if entry is None:  # an alias, or a server that does not look at the name
        servers = {_BY_OWNER.get(each.owned_by or "", Server.OTHER) for each in listed}
        server = servers.pop() if len(servers) == 1 else Server.OTHER
        return Facts(server=server, model=model, models=models)
    return Facts(
        server=_BY_OWNER.get(entry.owned_by or "", Server.OTHER),
        model=model,
        models=models,
        context=max(0, entry.max_model_len or (entry.meta.n_ctx if entry.meta else 0) or 0),
    )


def with_props(facts: Facts, body: bytes) -> Facts:
    """Return `facts` with what llama-server's `GET /props` adds; as they are if it cannot be read."""
    try:
        props = msgspec.json.decode(body, type=_Props)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return facts
    return msgspec.structs.replace(
        facts,
        context=max(0, props.default_generation_settings.n_ctx) or facts.context,
        slots=max(0, props.total_slots),
    )


def model_needed(engine: str, name: str, facts: Facts) -> ConfigError:
    """Return the error for an endpoint of which nobody said which model is meant."""
    known = ", ".join(clean_line(each, 60) for each in facts.models[:8])
    return ConfigError(
        f"{engine} has {f'several models: {known}' if known else 'no list of models'}.",
        f"Say which with `hint config set engines.{name}.model …`.",
    )


_OPENAI = frozenset(
    [
        "model",
        "messages",
        "stream",
        "stream_options",
        "max_tokens",
        "temperature",
        "top_p",
        "stop",
        "seed",
        "n",
        "presence_penalty",
        "frequency_penalty",
        "logit_bias",
        "logprobs",
        "top_logprobs",
        "response_format",
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "user",
        "reasoning_effort",
    ]
)
_SAMPLERS = frozenset(
    [
        "top_k",
        "min_p",
        "repetition_penalty",
        "chat_template_kwargs",
        "continue_final_message",
        "add_generation_prompt",
    ]
)
_TEMPLATED = frozenset([Server.VLLM, Server.SGLANG])
"""Servers that render a model's own chat template."""
_NO_MATTER = frozenset(["return_progress", "timings_per_token", "cache_prompt", "stream_options"])
"""Fields that change nothing in an answer: left out where they are not known."""


def body_for(facts: Facts, engine: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return what the endpoint is sent of a request; raises InputError for what it would not take."""
    sent = body | {"model": facts.model}
    if facts.server is Server.LLAMA:
        return sent
    if facts.server in _TEMPLATED and (effort := sent.get("reasoning_effort")):
        # Their `reasoning_effort` knows no `none`; most templates that think know this switch.
        given = sent.get("chat_template_kwargs")
        thinking = {"enable_thinking": effort != "none"}
        sent["chat_template_kwargs"] = (given if isinstance(given, dict) else {}) | thinking
        if effort == "none":
            del sent["reasoning_effort"]
    if sent.get("messages", ({},))[-1].get("role") == "assistant":
        if facts.server not in _TEMPLATED:
            raise InputError(
                f"{engine} is not known to go on with an answer that was cut off.",
                "Ask it to go on in a prompt of your own.",
            )
        sent["continue_final_message"] = True
        sent["add_generation_prompt"] = False
    known = _OPENAI | (_SAMPLERS if facts.server in _TEMPLATED else frozenset())
    unknown = sent.keys() - known - _NO_MATTER
    if unknown:
        field = min(unknown)
        raise InputError(
            f"{engine} is not known to take {clean_line(field, 40)}.",
            f"Leave --{field.replace('_', '-')} out." if field == "top_k" else "Leave it out.",
        )
    if not sent.get("stream"):
        sent.pop("stream_options", None)
    return {field: value for field, value in sent.items() if field in known}

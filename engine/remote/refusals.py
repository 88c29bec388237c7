"""What a remote engine refuses, as an error of ours: cleaned, without the key, with what to do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from hinterland.errors import (
    ConfigError,
    ContextError,
    EngineError,
    HinterlandError,
    InputError,
    ModelError,
)
from hinterland.text import clean_line

LARGEST = 64 * 1024
"""Bytes of a refusal that are read."""

# llama-server's type, OpenAI's code, and the words of vLLM, SGLang, Ollama and gateways.
_OVERFLOW = re.compile(
    r"exceed_context_size|context_length_exceeded|context (length|size|window)|maximum context"
    r"|longer than the model|prompt is too long",
    re.IGNORECASE,
)
# llama-server without a projector (its status is 500), vLLM, Ollama, OpenAI and gateways.
_BLIND = re.compile(
    r"(image|vision|multi-?modal)[^.]{0,60}(not|n't|only|un)[ -]?support"
    r"|(not|n't) support[^.]{0,40}(image|vision|multi-?modal)"
    r"|not a multi-?modal|at most 0 image|required for image input|mmproj",
    re.IGNORECASE,
)
_LONGEST = 300


class AgainError(Exception):
    """A try failed in a way that may pass; `error` is what to say if it does not."""

    def __init__(self, error: HinterlandError, pause: float | None = None) -> None:
        super().__init__(error.message)
        self.error = error
        self.pause = pause
        """Seconds that the remote asks to be left alone."""


class _Error(msgspec.Struct):
    message: str = ""
    type: str | None = None
    code: str | int | None = None
    n_prompt_tokens: int | None = None
    n_ctx: int | None = None


def refused(
    engine: str,
    name: str,
    status: int,
    body: bytes,
    *,
    model: str = "",
    models: Sequence[str] = (),
    location: str = "",
) -> HinterlandError:
    """Return the error for an answer with `status`. `engine` says who it was, `name` is its name in
    the settings; `location` is where a redirect points. The key is already out of all of them."""
    found = _refused(engine, name, status, _read(body), model, models, location)
    found.quotes = True  # whatever it is, the remote chose the words
    return found


def _refused(
    engine: str,
    name: str,
    status: int,
    error: _Error,
    model: str,
    models: Sequence[str],
    location: str,
) -> HinterlandError:
    said = clean_line(error.message, _LONGEST).rstrip(".")
    because = f": {said}" if said else ""
    if 300 <= status < 400:
        return ConfigError(
            f"{engine} sends callers elsewhere, to {clean_line(location, 120) or 'nowhere'}.",
            f"If that is right, set engines.{name}.url to it; redirects are not followed.",
        )
    if status in (401, 403):
        return ConfigError(
            f"{engine} does not let this account in{because}.",
            f"engines.{name}.api_key_env names the environment variable with the key; "
            "after a change `hint engine stop` and ask again.",
        )
    if _OVERFLOW.search(f"{error.type} {error.code} {error.message}") and 400 <= status < 500:
        return _overflow(engine, error, because)
    if status == 404:
        return _not_found(engine, name, error, because, model, models)
    if status >= 400 and _BLIND.search(error.message):
        return InputError(
            f"The model {clean_line(model or name, 80)} at {engine} cannot see images{because}.",
            "Ask a model that sees, or leave the image out.",
        )
    if "schema" in error.message.lower() and 400 <= status < 500:
        return InputError(
            f"{engine} cannot enforce this schema{because}.", "Simplify the schema and try again."
        )
    if status == 429:
        return EngineError(f"{engine} has too much to do{because}.", "Ask again later.")
    if 400 <= status < 500:
        return InputError(f"{engine} refused the request{because}.", "Check the options.")
    return EngineError(
        f"{engine} failed with status {status}{because}.",
        "Ask again; if it goes on, its own log says why.",
    )


def _overflow(engine: str, error: _Error, because: str) -> ContextError:
    if error.n_prompt_tokens and error.n_ctx:
        return ContextError(
            f"The prompt has {error.n_prompt_tokens} tokens and {engine} takes "
            f"{error.n_ctx}, answer included.",
            "Shorten it; nothing was cut.",
        )
    return ContextError(
        f"The prompt does not fit in the context of {engine}{because}.",
        "Shorten it, or ask for less with --max-tokens; nothing was cut.",
    )


def _not_found(
    engine: str, name: str, error: _Error, because: str, model: str, models: Sequence[str]
) -> HinterlandError:
    about_model = "model" in f"{error.type} {error.code} {error.message}".lower()
    if about_model or (models and model not in models):
        known = ", ".join(clean_line(each, 60) for each in models[:8])
        return ModelError(
            f"{engine} has no model {clean_line(model, 80)}{because}.",
            (f"It has {known}; " if known else "") + f"set engines.{name}.model.",
        )
    return ConfigError(
        f"{engine} has no chat completions there{because}.",
        f"Check engines.{name}.url; it usually ends in /v1.",
    )


def _read(body: bytes) -> _Error:
    """Return what a body says: OpenAI's `error`, FastAPI's `detail`, or a plain sentence."""
    try:
        said: Any = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        text = body.decode("utf-8", "replace").strip()
        return _Error("" if text.startswith("<") else text)
    if isinstance(said, dict):
        said = said.get("error") or said.get("detail") or said
    if isinstance(said, dict):
        try:
            return msgspec.convert(said, _Error)
        except msgspec.ValidationError:
            return _Error(str(said.get("message") or said))
    return _Error(said if isinstance(said, str) else str(said))

"""The value of a setting, from the words that somebody typed for it."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from hinterland.config import Config, RemoteEngine, Value, flat, flat_table, suggestion
from hinterland.config_checks import (
    check_engine_name,
    check_engine_url,
    check_language,
    reason_of,
)
from hinterland.errors import ConfigError

_CHAT_KEY = re.compile(r"keys\..+", re.DOTALL)
_ENGINE_KEY = re.compile(r"engines\.([^.]+)\.([^.]+)")


def from_words(key: str, words: str) -> Value:
    """Return the value of `key` that somebody typed; a list is `a,b` or `["a", "b"]`.

    Raises ConfigError for an unknown key, and for a value that this key cannot have.
    """
    if _CHAT_KEY.fullmatch(key):
        return words.strip()
    known = flat(Config())
    if engine := _ENGINE_KEY.fullmatch(key):
        known |= flat_table({"engines": {engine[1]: RemoteEngine()}})
    default = known.get(key)
    if default is None:
        raise ConfigError(f"There is no setting {key}.", suggestion(key))
    value = _typed(default, words)
    nested: Any = value
    for name in reversed(key.split(".")):
        nested = {name: nested}
    try:
        if engine:
            check_engine_name(engine[1])
        read: Value = flat(msgspec.convert(nested, Config))[key]
        if engine and engine[2] == "url":
            check_engine_url(engine[1], words)
        if key == "ui.language":
            check_language(words)
        return read
    except msgspec.ValidationError as error:
        if engine and engine[2] == "api_key_env":  # it may be the key: it is not said again
            raise ConfigError(
                f"{key} has to be the name of an environment variable, in capitals.",
                "The key itself is never kept in the settings.",
            ) from error
        raise ConfigError(f"{key} cannot be {words!r}: {reason_of(error)[0]}.") from error
    except ValueError as error:
        reason = str(error).removeprefix(f"{key}: ")
        raise ConfigError(f"{key} cannot be set: {reason}.") from error


def _typed(default: Value, words: str) -> object:
    if isinstance(default, bool):
        yes_or_no = {
            "true": True,
            "yes": True,
            "on": True,
            "false": False,
            "no": False,
            "off": False,
        }
        return yes_or_no.get(words.strip().lower(), words)
    if isinstance(default, int | float):
        try:
            return type(default)(words)
        except ValueError:
            return words
    if isinstance(default, tuple):
        return _listed(words)
    return words


def _listed(words: str) -> object:
    if not words.lstrip().startswith("["):
        return [name.strip() for name in words.split(",") if name.strip()]
    import tomllib

    from hinterland import toml_text

    try:
        return toml_text.loads(f"list = {words}")["list"]
    except tomllib.TOMLDecodeError:
        return words

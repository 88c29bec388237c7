"""The settings, as typed TOML: what may be set, its default, and an error that names file and place."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import msgspec

from hinterland.errors import ConfigError

Value = str | int | float | bool | tuple[str, ...]

_A_YEAR = 525_600  # minutes; a bound keeps `inf` out
_TYPES = {
    "`str`": "text",
    "`int`": "a whole number",
    "`float`": "a number",
    "`bool`": "true or false",
    "`array`": "a list",
    "`object`": "a section",
}


class EngineSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[engine]`: read by the service when it starts."""

    context: Annotated[int, msgspec.Meta(ge=256)] = 4096
    """Tokens of context each caller may use, prompt and answer together."""
    slots: Annotated[int, msgspec.Meta(ge=0, le=64)] = 0
    """Requests that may run at once; 0 chooses by free RAM and processors."""
    threads: Annotated[int, msgspec.Meta(ge=0, le=1024)] = 0
    """Threads that compute; 0 takes the measured best of this box, else one per core."""
    server: str = "auto"
    """What runs the models: `auto` is what `hint engine bench --tune` found fastest here, `bundled`
    the llama.cpp that came with Hinterland; anything else is a llama-server, by path or name."""
    gpu_layers: Annotated[int, msgspec.Meta(ge=-1)] = -1
    """Layers given to a GPU; -1 lets the engine choose."""
    keep_alive: Annotated[float, msgspec.Meta(gt=0, le=_A_YEAR)] = 15.0
    """Minutes without a request after which the engine leaves memory."""


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    model: str = ""
    """The model to use when a command names none; empty means the one that was installed last."""
    system: str = ""
    """A system prompt for every conversation; empty leaves it to the model."""
    history: bool = True
    """Keep conversations on disk."""
    plugins: tuple[str, ...] = ()
    """Plugins from elsewhere that may be loaded."""
    disabled_plugins: tuple[str, ...] = ()
    """Shipped plugins that are off."""
    engine: EngineSettings = EngineSettings()


def load(path: Path) -> Config:
    """Return the settings in `path`, or the defaults when there is no such file; raises ConfigError."""
    return parse(read(path), path)


def read(path: Path) -> bytes:
    """Return what is in the settings file, nothing when there is none; raises ConfigError."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return b""
    except OSError as error:
        raise ConfigError(
            f"The settings file {path} cannot be read: {error.strerror}.",
            "Mend its permissions or move it away.",
        ) from error


def parse(text: bytes, path: Path) -> Config:
    """Return the settings in the TOML `text`; `path` is only for the error. Raises ConfigError."""
    if not text:
        return Config()
    try:
        return msgspec.convert(table(text, path), Config)
    except msgspec.ValidationError as error:
        reason, key = _reason(error)
        unknown = re.fullmatch(r"Object contains unknown field `(.*)`", reason)
        if unknown:
            name = f"{key}.{unknown[1]}" if key else unknown[1]
            raise ConfigError(
                f"The settings file {path} sets {name}, which is no setting.", suggestion(name)
            ) from error
        raise ConfigError(
            f"The settings file {path} cannot be used: {key}: {reason}.",
            "Edit it, or set the value with `hint config set`.",
        ) from error


def table(text: bytes, path: Path) -> dict[str, Any]:
    """Return the TOML `text` as it is, unchecked; `path` is only for the error. Raises ConfigError."""
    import tomllib

    try:
        return tomllib.loads(text.decode("utf-8"))
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        reason = f"it is not UTF-8 text (at line {line})"
        raise ConfigError(f"The settings file {path} cannot be used: {reason}.") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"The settings file {path} cannot be used: {error}.", "Edit it or move it away."
        ) from error


def flat(settings: Config) -> dict[str, Value]:
    """Return every setting by its key, such as `engine.context`, in the order of the file."""
    return flat_table(msgspec.structs.asdict(settings))


def flat_table(table: dict[str, Any], above: str = "") -> dict[str, Any]:
    """Return a nested table with its keys joined by dots."""
    found: dict[str, Any] = {}
    for name, value in table.items():
        nested = msgspec.structs.asdict(value) if isinstance(value, msgspec.Struct) else value
        if isinstance(nested, dict):
            found |= flat_table(nested, f"{above}{name}.")
        else:
            found[above + name] = value
    return found


def from_words(key: str, words: str) -> Value:
    """Return the value of `key` that somebody typed; a list is `a,b` or `["a", "b"]`.

    Raises ConfigError for an unknown key, and for a value that this key cannot have.
    """
    default = flat(Config()).get(key)
    if default is None:
        raise ConfigError(f"There is no setting {key}.", suggestion(key))
    value = _typed(default, words)
    nested: Any = value
    for name in reversed(key.split(".")):
        nested = {name: nested}
    try:
        return flat(msgspec.convert(nested, Config))[key]
    except msgspec.ValidationError as error:
        raise ConfigError(f"{key} cannot be {words!r}: {_reason(error)[0]}.") from error


def suggestion(key: str) -> str:
    """Return the hint that goes with a key which is no setting."""
    import difflib

    known = list(flat(Config()))
    close = [name for name in known if name.startswith(f"{key}.") or name.endswith(f".{key}")]
    close += [
        name
        for name in difflib.get_close_matches(key, known, n=2, cutoff=0.75)
        if name not in close
    ]
    if close:
        return f"Did you mean {' or '.join(close)}?"
    return "`hint config show` lists all settings."


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

    try:
        return tomllib.loads(f"list = {words}")["list"]
    except tomllib.TOMLDecodeError:
        return words


def _reason(error: msgspec.ValidationError) -> tuple[str, str]:
    """Return what is wrong, and the key it is wrong at."""
    reason, _, place = str(error).partition(" - at `$")
    for kind, words in _TYPES.items():
        reason = reason.replace(kind, words)
    return reason.replace("Expected", "expected"), place.rstrip("`").lstrip(".")

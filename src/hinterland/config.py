"""The settings, as typed TOML: what may be set, its default, and an error that names file and line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec

from hinterland.errors import ConfigError

Positive = Annotated[int, msgspec.Meta(ge=1)]


class EngineSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[engine]`: read by the service when it starts."""

    context: Annotated[int, msgspec.Meta(ge=256)] = 4096
    """Tokens of context each caller may use, prompt and answer together."""
    slots: Annotated[int, msgspec.Meta(ge=0, le=64)] = 0
    """Requests that may run at once; 0 chooses by free RAM and processors."""
    threads: Annotated[int, msgspec.Meta(ge=0, le=1024)] = 0
    """Threads that compute; 0 takes the measured best of this box, else one per core."""
    gpu_layers: Annotated[int, msgspec.Meta(ge=-1)] = -1
    """Layers given to a GPU; -1 lets the engine choose."""
    keep_alive: Annotated[float, msgspec.Meta(gt=0)] = 15.0
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
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return Config()
    except OSError as error:
        raise ConfigError(
            f"The settings file {path} cannot be read: {error.strerror}.",
            "Mend its permissions or move it away.",
        ) from error
    return parse(text, path)


def parse(text: bytes, path: Path) -> Config:
    """Return the settings in the TOML `text`; `path` is only for the error."""
    import tomllib

    try:
        return msgspec.convert(tomllib.loads(text.decode("utf-8")), Config)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(
            f"The settings file {path} cannot be used: {error}.",
            "Edit it, or set the value with `hint config set`.",
        ) from error

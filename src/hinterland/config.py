"""The settings, as typed TOML: what may be set, its default, and an error that names file and place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

import msgspec

from hinterland.config_checks import (
    check_engine_name,
    check_engine_url,
    check_language,
    reason_of,
)
from hinterland.errors import ConfigError

if TYPE_CHECKING:
    from hinterland.address import Address

Value = str | int | float | bool | tuple[str, ...]

_KEYS = "keys."
_A_YEAR = 525_600  # minutes; a bound keeps `inf` out
Theme = Literal["terminal", "dark", "light", "contrast", "none"]
THEMES: tuple[Theme, ...] = get_args(Theme)


class EngineSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[engine]`: read by the service when it starts."""

    context: Annotated[int, msgspec.Meta(ge=256)] = 4096
    """Tokens of context each caller may use, prompt and answer together."""
    slots: Annotated[int, msgspec.Meta(ge=0, le=64)] = 0
    """Requests that may run at once; 0 chooses by free RAM and processors."""
    threads: Annotated[int, msgspec.Meta(ge=0, le=1024)] = 0
    """Threads that compute; 0 takes the measured best of this box, else one per core."""
    server: Annotated[str, msgspec.Meta(min_length=1)] = "auto"
    """What runs the models: `auto` is what `hint engine bench --tune` found fastest here, `bundled`
    the llama.cpp that came with Hinterland; anything else is a llama-server, by path or name."""
    gpu_layers: Annotated[int, msgspec.Meta(ge=-1)] = -1
    """Layers given to a GPU; -1 lets the engine choose."""
    keep_alive: Annotated[float, msgspec.Meta(gt=0, le=_A_YEAR)] = 15.0
    """Minutes without a request after which the engine leaves memory."""
    saved_prefixes: Annotated[int, msgspec.Meta(ge=0)] = 1024
    """MB of disk for what was read of long prompts, so that it is not read again; 0 keeps none."""


class RemoteEngine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[engines.NAME]`: an OpenAI-compatible endpoint that answers to NAME as a model does."""

    url: str = ""
    """Where it is, such as `https://gpu.example.org/v1`."""
    model: str = ""
    """What it calls the model; empty takes the only one it has."""
    api_key_env: Annotated[str, msgspec.Meta(pattern="^([A-Z_][A-Z0-9_]*)?$")] = ""
    """The environment variable that holds its key; never the key."""
    context: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Tokens of context for each request; 0 takes what the endpoint says of itself."""
    slots: Annotated[int, msgspec.Meta(ge=0, le=256)] = 0
    """Requests it is sent at once; 0 takes what the endpoint says, else 8."""
    timeout: Annotated[float, msgspec.Meta(gt=0, le=86_400)] = 300.0
    """Seconds to wait for its next byte."""
    ca_file: str = ""
    """Certificates to trust instead of the system's; relative to the settings file."""

    @property
    def address(self) -> Address:
        """Where its URL leads."""
        from hinterland import address

        return address.parse(self.url)


class UiSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[ui]`: how Hinterland looks, speaks and is used."""

    vim: bool = False
    """Move with j, k, g and G where the conversation or a list has the keys."""
    mouse: bool = True
    """Take the mouse; without it the terminal selects text as it does everywhere."""
    theme: Theme = "terminal"
    """Its colours: the terminal's own sixteen, a palette of its own, or none."""
    slow: Literal["auto", "on", "off"] = "auto"
    """Send the terminal as little as can be; `auto` measures the line when the chat begins."""
    language: str = ""
    """Such as `fr`, `nl`, `zh_CN` or `en`; empty takes that of the environment."""
    shaping: Literal["auto", "on", "off"] = "auto"
    """Put right-to-left text in order for terminals that do not: `auto` for those known not to."""
    titles: bool = True
    """Whether the model gives conversations a title when it has nothing else to do."""


class DiagnosisSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[diagnosis]`: what triage has to know of the place it is used in."""

    setting: Literal["lay", "facility"] = "lay"
    """Which rules are used: `lay` for people at home, `facility` adds those for a health post."""
    role: Literal["lay", "health-worker"] = "lay"
    """Who uses it: doses are shown to a `health-worker` alone."""
    emergency_number: str = ""
    """What to call in an emergency; empty says “your local emergency number”."""
    malaria_risk: bool = True
    """Whether there is malaria where patients live or travel."""
    chest_indrawing_red: bool = True
    """Whether chest indrawing in a child is an emergency, as in older national booklets."""
    language: str = ""
    """The language of the advice; empty takes that of the interface."""
    accept_draft: str = ""
    """Who answers, by name, for using rules that no clinician has approved yet."""
    audit: bool = False
    """Keep a log of results on this box, without names."""


class TranslationSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[translation]`: what `hint translate` does where a command does not say otherwise."""

    model: str = ""
    """The model that translates; empty takes the usual one."""
    to: str = ""
    """The language that is translated into, as `--to` takes it."""


class TutoringSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[tutoring]`: what `hint tutor` does where a command does not say otherwise."""

    model: str = ""
    """The model that words hints and explains; empty takes the usual one."""
    language: str = ""
    """The language of the lessons, as `--language` takes it; empty takes the interface's."""


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    model: str = ""
    """The model to use when a command names none; empty means the one that was installed last."""
    system: str = ""
    """A system prompt for every conversation; empty leaves it to the model."""
    think: Literal["", "off", "low", "high"] = ""
    """How much a model that thinks may think before it answers; empty leaves it to the model."""
    history: bool = True
    """Keep conversations on disk."""
    keep_days: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Delete conversations in which nobody spoke for so many days, when a chat ends; those that
    are pinned stay. 0 keeps them all."""
    plugins: tuple[str, ...] = ()
    """Plugins from elsewhere that may be loaded."""
    disabled_plugins: tuple[str, ...] = ()
    """Shipped plugins that are off."""
    offline: bool = False
    """Forbid whatever touches a network: remote engines, and fetching models."""
    ui: UiSettings = UiSettings()
    engine: EngineSettings = EngineSettings()
    diagnosis: DiagnosisSettings = DiagnosisSettings()
    translation: TranslationSettings = TranslationSettings()
    tutoring: TutoringSettings = TutoringSettings()
    engines: dict[str, RemoteEngine] = {}
    """Remote engines by name."""
    keys: dict[str, str] = {}
    """`[keys]`: the chat's keys by what they do, such as `chat.stop = "escape,f12"`. Which there are
    is known to the chat (`hinterland.tui.keys`), which checks them."""

    def remote(self, name: str | None) -> RemoteEngine | None:
        """Return the remote engine called `name`; None when that is no remote engine.

        Raises ConfigError when it is one and the settings say `offline`.
        """
        engine = self.engines.get(name or self.model)
        if engine is not None and self.offline:
            raise ConfigError(
                f"{name or self.model} is a remote engine, and the settings say offline.",
                "Name a model of this box with -m, or `hint config set offline false`.",
            )
        return engine


def load(path: Path) -> Config:
    """Return the settings in `path`, or the defaults when there is no such file; raises ConfigError."""
    return _ruled(parse(read(path), path))


class _Rules(msgspec.Struct):
    """What holds in this process beside what the settings say."""

    keeps_history: bool = True
    disabled_plugins: tuple[str, ...] = ()


_rules = _Rules()


def impose(*, keeps_history: bool, disabled_plugins: Sequence[str]) -> None:
    """Have the rules of a class hold for all settings that this process loads from now on."""
    _rules.keeps_history = keeps_history
    _rules.disabled_plugins = tuple(disabled_plugins)


def _ruled(config: Config) -> Config:
    off = dict.fromkeys((*config.disabled_plugins, *_rules.disabled_plugins))
    history = config.history and _rules.keeps_history
    return msgspec.structs.replace(config, disabled_plugins=tuple(off), history=history)


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
    settings = table(text, path)
    if isinstance(settings.get("keys"), dict):  # `chat.stop = …` is a table in a table to TOML
        settings["keys"] = _keys(settings["keys"], path)
    try:
        config = msgspec.convert(settings, Config)
    except msgspec.ValidationError as error:
        reason, key = reason_of(error)
        if key == "keys[...]":
            wrong = (name for name, value in settings["keys"].items() if not isinstance(value, str))
            key = _KEYS + next(wrong, "NAME")
        elif "[...]" in key:
            key = key.replace("[...]", f".{_broken(settings['engines'])}")
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
    if config.engines:
        _check_engines(config.engines, path)
    if config.ui.language:
        try:
            check_language(config.ui.language)
        except ValueError as error:
            raise ConfigError(
                f"The settings file {path} cannot be used: ui.language: {error}.",
                "Edit it, or set the value with `hint config set`.",
            ) from error
    return config


def _keys(nested: dict[str, Any], path: Path) -> dict[str, Any]:
    """Return the section `[keys]` with whole ids; raises ConfigError for one that is there twice."""
    found: dict[str, Any] = {}
    for name, value in _leaves(nested):
        if name in found:
            raise ConfigError(
                f"The settings file {path} sets {_KEYS}{name} twice.", "Leave one of them."
            )
        found[name] = value
    return found


def _leaves(nested: dict[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in nested.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{above}{name}.")
        else:
            yield above + name, value


def _broken(engines: dict[str, Any]) -> str:
    """Return the name of the first remote engine that cannot be one: the library does not tell."""
    for name, engine in engines.items():
        try:
            msgspec.convert(engine, RemoteEngine)
        except msgspec.ValidationError:
            return name
    return "NAME"


def _check_engines(engines: dict[str, RemoteEngine], path: Path) -> None:
    for name, engine in engines.items():
        try:
            check_engine_name(name)
            check_engine_url(name, engine.url)
        except ValueError as error:
            raise ConfigError(
                f"The settings file {path} cannot be used: {error}.",
                "`hint config set engines.NAME.url https://HOST/v1` is how one begins.",
            ) from error


def table(text: bytes, path: Path) -> dict[str, Any]:
    """Return the TOML `text` as it is, unchecked; `path` is only for the error. Raises ConfigError."""
    import tomllib

    from hinterland import toml_text

    try:
        return toml_text.loads(text)
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


def suggestion(key: str) -> str:
    """Return the hint that goes with a key which is no setting."""
    import difflib

    known = list(flat(Config()))
    name = key.removeprefix("engines.").partition(".")[0] or "NAME"
    if key.startswith("engines"):
        name = "NAME" if key == "engines" else name
        known += flat_table({"engines": {name: RemoteEngine()}})
    close = [name for name in known if name.startswith(f"{key}.") or name.endswith(f".{key}")]
    close += [
        name
        for name in difflib.get_close_matches(key, known, n=2, cutoff=0.75)
        if name not in close
    ]
    if close:
        return f"Did you mean {' or '.join(close)}?"
    return "`hint config show` lists all settings."

"""Every error a user can meet, and the exit code it ends a command with.

HinterlandError
├── InputError      2   an input that cannot be used: a file, a schema
│   ├── ConfigError 2   the configuration
│   └── ContextError 2  a prompt that does not fit the context window
├── ModelError      3   a model that is missing, invalid or not to be had (hash, network)
│   └── NoModelError 3  no model is installed at all: a terminal is offered the starter
├── EngineError     4   the engine failed or cannot be reached
├── StorageError    5   history or another file could not be read or written
├── PluginError     6   a plugin failed or is off
└── JobError        7   a job finished, with failed or flagged items
"""

from __future__ import annotations

__all__ = [
    "ConfigError",
    "ContextError",
    "EngineError",
    "HinterlandError",
    "InputError",
    "JobError",
    "ModelError",
    "NoModelError",
    "PluginError",
    "StorageError",
    "by_name",
    "name_of",
]


class HinterlandError(Exception):
    """One sentence that says what is wrong, and one that says what to do about it."""

    exit_code = 1
    quotes = False
    """Whether the message may repeat words of a prompt or an answer: then no log has it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InputError(HinterlandError):
    exit_code = 2
    quotes = True


class ConfigError(InputError):
    pass


class ContextError(InputError):
    pass


class ModelError(HinterlandError):
    exit_code = 3


class NoModelError(ModelError):
    pass


class EngineError(HinterlandError):
    exit_code = 4


class StorageError(HinterlandError):
    exit_code = 5


class PluginError(HinterlandError):
    exit_code = 6


class JobError(HinterlandError):
    exit_code = 7


_BY_NAME: dict[str, type[HinterlandError]] = {
    kind.__name__: kind
    for kind in (
        InputError,
        ConfigError,
        ContextError,
        ModelError,
        NoModelError,
        EngineError,
        StorageError,
        PluginError,
        JobError,
    )
}


def name_of(error: HinterlandError) -> str:
    """Return the name under which an error crosses a socket: that of the nearest class of the tree."""
    return next(kind.__name__ for kind in type(error).__mro__ if kind.__name__ in _BY_NAME)


def by_name(name: str, message: str, hint: str = "") -> HinterlandError:
    """Return the error that crossed a socket as its class name; an unknown name is an engine error."""
    return _BY_NAME.get(name, EngineError)(message, hint)

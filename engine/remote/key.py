"""The key of a remote engine: read from the environment, sent to it, and never shown."""

from __future__ import annotations

import os

from hinterland.errors import ConfigError

HIDDEN = "[key]"

# A shorter one is a stand-in such as `EMPTY` or `ollama`: in an answer it is a word like any other.
_SECRET = 16
_LEAST = 4


class Key:
    """A key that no `repr`, log or error shows."""

    def __init__(self, value: str) -> None:
        self._value = value

    def __repr__(self) -> str:
        return f"Key({HIDDEN})" if self._value else "Key()"

    @property
    def header(self) -> dict[str, str]:
        """The header that presents it; none when there is no key."""
        return {"Authorization": f"Bearer {self._value}"} if self._value else {}

    def hide(self, text: str) -> str:
        """Return `text`, which a remote sent, without the key."""
        if len(self._value) < _LEAST:
            return text
        return text.replace(self._value, HIDDEN).replace(_in_json(self._value), HIDDEN)

    def hide_in_answer(self, line: bytes) -> bytes:
        """Return a line of an answer without the key, if that is long enough to be a secret."""
        if len(self._value) < _SECRET:
            return line
        hidden = HIDDEN.encode()
        line = line.replace(self._value.encode(), hidden)
        return line.replace(_in_json(self._value).encode(), hidden)


def _in_json(value: str) -> str:
    """Return the value as those JSON writers put it that escape slashes."""
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("/", "\\/")


def read(variable: str, engine: str) -> Key:
    """Return the key in the environment variable, an empty one when none is named.

    Raises ConfigError when it is not set, or cannot be sent in a header.
    """
    if not variable:
        return Key("")
    value = os.environ.get(variable, "").strip()
    again = f"Set {variable} in this shell, then `hint engine stop` and ask again."
    if not value:
        raise ConfigError(
            f"The key of {engine} is not there: {variable} is not set where the engine runs.", again
        )
    if not value.isascii() or not value.isprintable() or " " in value:
        raise ConfigError(f"What {variable} holds cannot be the key of {engine}.", again)
    return Key(value)

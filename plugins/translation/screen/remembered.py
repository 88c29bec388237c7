"""The two languages that were chosen last, and a memory for those who want nothing kept."""

from __future__ import annotations

import msgspec

from hinterland import durable, language, paths
from hinterland.plugins.translation.memory import Memory, Remembered
from hinterland.plugins.translation.units import Parts

_FILE = "translation-languages.json"


class Pair(msgspec.Struct, frozen=True):
    """Codes of languages."""

    source: str = ""
    """"" has it found out from the text."""
    target: str = ""
    """"" when none was chosen yet."""


def recall(found: paths.Paths) -> Pair:
    """Return what was chosen last; where nothing was, into the interface's language if that is not
    English. A file that cannot be read counts as none."""
    try:
        return msgspec.json.decode((found.state / _FILE).read_bytes(), type=Pair)
    except (OSError, msgspec.DecodeError, msgspec.ValidationError):
        code = next(iter(language.wanted()), "")
        return Pair(target=code.partition("_")[0])


def keep(found: paths.Paths, pair: Pair) -> None:
    """Keep what was chosen; raises StorageError."""
    path = paths.private_folder(found.state) / _FILE
    with durable.locked(path):
        durable.replace_file(path, msgspec.json.encode(pair))


class NoMemory(Memory):
    """Remembers while it is there, and touches no disk."""

    def __init__(self) -> None:
        self._known: dict[Parts, Remembered] = {}

    def __len__(self) -> int:
        return len(self._known)

    def find(self, parts: Parts) -> Remembered | None:
        return self._known.get(parts)

    def add(self, parts: Parts, remembered: Remembered) -> None:
        self._known[parts] = remembered

    @property
    def full(self) -> bool:
        return False

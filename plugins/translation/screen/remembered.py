"""The two languages that were chosen last, kept in a small file of the account."""

from __future__ import annotations

import msgspec

from hinterland import durable, language, paths

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

"""Conversations from elsewhere: our own exports, ChatGPT's, and those of `llm`.

What is read is somebody else's file: it is bounded, checked, and never taken for more than text.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from hinterland.errors import HinterlandError, InputError
from hinterland.history.imported import Imported
from hinterland.history.importing import chatgpt, llm, own
from hinterland.text import clean_line

__all__ = ["Imported", "read"]

MOST_BYTES = 512 << 20
"""Bytes of one file: some hundred thousand messages."""
_MOST_FILES = 200_000  # in a zip
_SQLITE = b"SQLite format 3\0"


def read(path: Path, warn: Callable[[HinterlandError], None]) -> Iterator[Imported]:
    """Yield the conversations in a file, which may be a zip of several; `warn` hears of parts that
    had to be left out. Raises InputError for a file that has none."""
    try:
        with path.open("rb") as file:
            head = file.read(16)
        if head == _SQLITE:
            return llm.from_database(path)
        if zipfile.is_zipfile(path):
            return _zipped(path, warn)
        if path.stat().st_size > MOST_BYTES:
            raise InputError(f"{path} is larger than {MOST_BYTES >> 20} MB.", "Import it in parts.")
        return iter(_conversations(path.read_bytes(), str(path)))
    except OSError as error:
        raise InputError(
            f"The file {path} cannot be read: {error.strerror or error}.",
            "Check its name and permissions.",
        ) from error


def _conversations(data: bytes, subject: str) -> list[Imported]:
    for from_json in (own.from_json, chatgpt.from_json, llm.from_json):
        found = from_json(data)
        if found is not None:
            return found
    raise InputError(
        f"{subject} is no export that can be read.",
        "Hinterland's own JSON and zip can, ChatGPT's conversations.json or zip, llm's logs.db and"
        " `llm logs --json`.",
    )


def _zipped(path: Path, warn: Callable[[HinterlandError], None]) -> Iterator[Imported]:
    any_found = False
    try:
        with zipfile.ZipFile(path) as archive:
            names = [each for each in archive.infolist() if each.filename.endswith(".json")]
            if len(names) > _MOST_FILES:
                raise InputError(f"{path} has more than {_MOST_FILES:,} files.", "Import parts.")
            for member in names:
                subject = f"{path} ({clean_line(member.filename, 100)})"
                if member.file_size > MOST_BYTES:
                    warn(InputError(f"{subject} is larger than {MOST_BYTES >> 20} MB.", ""))
                    continue
                try:
                    for found in _conversations(archive.read(member), subject):
                        any_found = True
                        yield own.with_images(found, archive)
                except (InputError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
                    # Beside its conversations, ChatGPT's zip has JSON of other kinds.
                    if member.filename.rpartition("/")[2].startswith(("conv", "hint")):
                        warn(_as_input_error(error, subject))
    except zipfile.BadZipFile as error:
        raise InputError(f"{path} is a damaged zip: {error}.", "Copy it anew.") from error
    if not any_found:
        raise InputError(f"{path} has no conversations.", "See docs/history.md for what is read.")


def _as_input_error(error: Exception, subject: str) -> InputError:
    if isinstance(error, InputError):
        return error
    return InputError(f"{subject} cannot be read: {str(error).rstrip('.')}.", "")

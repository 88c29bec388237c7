"""Reads PDF and Word files where they can do no harm: in a confined child process."""

from __future__ import annotations

import msgspec

from hinterland.confined import Limits, UnreadableError, run

MOST_MEMORY = 1 << 30
"""Bytes of address space for the parser."""
MOST_SECONDS = 60
"""Seconds of processor time for the parser; on the clock it may take twice that."""
MOST_CHARACTERS = 8_000_000
"""The longest text: twice what the largest context windows of today hold."""

_PARSERS = {"pdf": "hinterland.documents.pdf:extract", "word": "hinterland.documents.word:extract"}
_ANOTHER_WAY = "Convert it to plain text with another program and attach that."


class Extracted(msgspec.Struct, frozen=True):
    text: str
    note: str = ""
    """What the text lacks, in words that follow the file's name; empty when it lacks nothing."""
    page_starts: tuple[int, ...] = ()
    """Where each page begins in the text, in characters; () for a format without pages."""


def extract(kind: str, data: bytes) -> Extracted:
    """Return the text of a document of that kind ("pdf", "word"); raises UnreadableError."""
    content = run(_PARSERS[kind], data, Limits(MOST_MEMORY, MOST_SECONDS, _ANOTHER_WAY))
    return msgspec.convert(content, Extracted)


def bounded(text: str) -> str:
    """Return `text` fit for a prompt; raises UnreadableError when longer than MOST_CHARACTERS."""
    if len(text) > MOST_CHARACTERS:
        raise UnreadableError(
            f"holds more than {MOST_CHARACTERS:,} characters of text",
            "Attach the part of it that matters.",
        )
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")

"""Documents for a prompt: files as text, and how they are put into the user's message."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from hinterland.errors import InputError
from hinterland.reading import read_file
from hinterland.text import clean_line

MOST_BYTES = 64 << 20
"""The largest file that is read."""

# The longer mark first: UTF-32's begins like UTF-16's.
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # Office files before 2007, and encrypted ones since
_CLAIMED = (b"%PDF-", b"PK\x03\x04", _OLE, b"{\\rtf")


class Kind(StrEnum):
    TEXT = "text"
    MARKDOWN = "markdown"
    PDF = "pdf"
    WORD = "word"
    STDIN = "stdin"


@dataclass(frozen=True, slots=True)
class Document:
    name: str
    text: str
    kind: Kind
    note: str = ""
    """What the text lacks of the file, as a sentence for the user; empty when it lacks nothing."""
    page_starts: tuple[int, ...] = field(default=(), compare=False)
    """Where each page of a PDF begins in the text, in characters; () for what has no pages."""


def read(path: Path) -> Document:
    """Return the file's text; raises InputError for one that is missing, too large or unreadable."""
    return _document(_bytes(path), path.name, f"The file {path}", _kind_by_name(path))


def standard_input(piped: str | bytes) -> Document:
    """Return what was piped in, a PDF or Word file too if it is bytes; raises InputError."""
    if isinstance(piped, str):
        return Document("standard input", piped.replace("\0", ""), Kind.STDIN)
    return _document(piped, "standard input", "Standard input", Kind.STDIN)


def attach(prompt: str, documents: Sequence[Document], config_folder: Path | None = None) -> str:
    """Return the user's message: `prompt` and the documents, as the prompt file `attach` says.

    The documents go first, so that a second question about the same file finds it in the engine's
    prefix cache: answers were as right either way (docs/prompts.md). Raises ConfigError for a
    prompt file of the user's own that cannot be used.
    """
    if not documents:
        return prompt
    from hinterland.prompts import load

    named = [Document(_label(one.name), one.text, one.kind) for one in documents]
    message = load("attach", config_folder).render(documents=named, prompt=prompt)
    return message if prompt else message.rstrip("\n")


def _label(name: str) -> str:
    """Return a name that cannot end the quoted name in a tag."""
    return clean_line(name).translate(str.maketrans('"<>', "'‹›"))


def _kind_by_name(path: Path) -> Kind:
    return Kind.MARKDOWN if path.suffix.lower() in {".md", ".markdown"} else Kind.TEXT


def _bytes(path: Path) -> bytes:
    return read_file(
        path,
        MOST_BYTES,
        subject=f"The file {path}",
        wanted="Attach a text, PDF or Word file.",
        too_large="Attach the part of it that matters.",
    )


def _document(data: bytes, name: str, subject: str, kind: Kind) -> Document:
    note = ""
    pages: tuple[int, ...] = ()
    found = _format(data, subject)
    if found is not None:
        from hinterland.confined import UnreadableError
        from hinterland.documents.child import extract

        try:
            extracted = extract(found.value, data)
        except UnreadableError as error:
            raise InputError(f"{subject} {error.reason}.", error.hint) from error
        text, kind, pages = extracted.text, found, extracted.page_starts
        note = f"{subject} {extracted.note}." if extracted.note else ""
    else:
        text = _decoded(data, subject)
    if not text.strip():
        raise InputError(f"{subject} is empty.", "There is nothing to read in it.")
    return Document(name, text.replace("\0", ""), kind, note, pages)


def _format(data: bytes, subject: str) -> Kind | None:
    """Return PDF, WORD (or another ZIP) or None for text; raises InputError for other kinds."""
    head = data[:1024].lstrip()
    if not head.startswith(_CLAIMED):
        # A PDF's mark may stand anywhere in the first kilobyte (ISO 32000-1, annex H.3.4.1).
        return Kind.PDF if b"%PDF-" in head and b"\0" in data else None
    if head.startswith(b"%PDF-"):
        return Kind.PDF
    if head.startswith(b"PK"):
        return Kind.WORD
    what = "a rich text (RTF)" if head.startswith(b"{") else "an old or an encrypted Office"
    raise InputError(
        f"{subject} is {what} file, not a text, PDF or Word file.",
        "Save it as .docx, .pdf or .txt first.",
    )


def _decoded(data: bytes, subject: str) -> str:
    """Return text in UTF-8, or in what its byte order mark says; raises InputError."""
    mark, encoding = next(
        ((mark, name) for mark, name in _MARKS.items() if data.startswith(mark)), (b"", "utf-8")
    )
    if not mark and b"\0" in data:
        raise InputError(
            f"{subject} is not a text, PDF or Word file.",
            "A program or a picture cannot be attached.",
        )
    try:
        return data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        offset = len(mark) + error.start
        raise InputError(
            f"{subject} is not {encoding.upper()} text: the byte at offset {offset} "
            f"(0x{data[offset]:02X}) is wrong.",
            "Convert it first, for instance `iconv -f ISO-8859-1 -t UTF-8 IN > OUT`.",
        ) from error

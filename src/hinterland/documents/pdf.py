"""The text of a PDF file; runs in the child process of `child`."""

from __future__ import annotations

import logging
from io import BytesIO

from hinterland.confined import UnreadableError
from hinterland.documents.child import MOST_CHARACTERS, Extracted, bounded


def extract(data: bytes) -> Extracted:
    """Return the text of all pages, one blank line between them.

    Raises UnreadableError for a file that is encrypted, or that is pictures of text, and whatever
    pypdf makes of a broken one.
    """
    import pypdf
    from pypdf.errors import DependencyError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    reader = pypdf.PdfReader(BytesIO(data))
    try:
        if reader.is_encrypted and not reader.decrypt(""):
            raise _encrypted()
        pages: list[str] = []
        length = 0
        for page in reader.pages:
            pages.append(page.extract_text().replace("\0", "").strip())
            length += len(pages[-1])
            if length > MOST_CHARACTERS:
                break
    except DependencyError as error:  # AES needs a library that is not among ours
        raise _encrypted() from error
    empty = [number for number, text in enumerate(pages, start=1) if not text]
    if len(empty) == len(pages):
        raise UnreadableError(
            f"has no text on its {len(pages)} pages: it seems to be scanned",
            "Run text recognition on it first, for instance `ocrmypdf IN.pdf OUT.pdf`.",
        )
    note = f"has no text on {_listed(empty)} of {len(pages)}" if empty else ""
    starts: list[int] = []
    length = 0
    for text in pages:
        starts.append(length)
        length += len(text) + 2 if text else 0
    return Extracted(bounded("\n\n".join(text for text in pages if text)), note, tuple(starts))


def _encrypted() -> UnreadableError:
    return UnreadableError(
        "is encrypted",
        "Make a copy without a password, for instance `qpdf --decrypt IN.pdf OUT.pdf`.",
    )


def _listed(pages: list[int]) -> str:
    """Return "page 3", or "pages 3, 4 and 12 more"."""
    shown = ", ".join(map(str, pages[:8]))
    more = f" and {len(pages) - 8} more" if len(pages) > 8 else ""
    return f"page{'s' if len(pages) > 1 else ''} {shown}{more}"

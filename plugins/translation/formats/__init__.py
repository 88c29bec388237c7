"""Documents as units and back: one module for each format, imported when it is needed.

A module has `open_document(data, form, wishes)`, which returns a `document.Document` and raises
InputError where the data is not of its format.
"""

from __future__ import annotations

import importlib
from pathlib import PurePath
from typing import Any

from hinterland.errors import InputError
from hinterland.plugins.translation.formats.document import Document, Wishes

FORMATS = {
    "text": ("plain", (".txt", ".text")),
    "markdown": ("markdown", (".md", ".markdown")),
    "srt": ("subtitles", (".srt",)),
    "vtt": ("subtitles", (".vtt",)),
    "po": ("gettext", (".po", ".pot")),
    "json": ("json_strings", (".json",)),
    "toml": ("toml_strings", (".toml",)),
    "csv": ("table", (".csv", ".tsv")),
    "html": ("html", (".html", ".htm", ".xhtml")),
    "docx": ("docx", (".docx",)),
    "epub": ("epub", (".epub",)),
}
"""The formats: the module of each, and the endings of file names that are taken for it."""


def format_of(name: str) -> str:
    """Return the format of a file by its name; raises InputError where that says nothing."""
    ending = PurePath(name).suffix.lower()
    for form, (_module, endings) in FORMATS.items():
        if ending in endings:
            return form
    raise InputError(
        f"The name {name} does not say what format it has.",
        f"Say so with --format; there are: {', '.join(FORMATS)}.",
    )


def open_document(data: bytes, form: str, wishes: Wishes) -> Document:
    """Return a document of a format; raises InputError where it is broken or not of that format."""
    module: Any = importlib.import_module(f"{__name__}.{FORMATS[form][0]}")
    document: Document = module.open_document(data, form, wishes)
    return document

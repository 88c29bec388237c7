"""Term bases from files: tables as CSV or TSV, and TBX, told apart by what is in them."""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from pathlib import Path

from hinterland import reading
from hinterland.errors import InputError
from hinterland.plugins.translation.terms.base import Term, TermBase
from hinterland.text import clean_line

MOST = 64_000_000
"""Bytes of one file."""


def load(paths: Iterable[Path], source: str, target: str) -> TermBase:
    """Return the terms of some files for one pair of languages, by their codes.

    Raises InputError, with the line, where a file is broken or has nothing for these languages.
    """
    terms: list[Term] = []
    for path in paths:
        data = reading.read_file(
            path,
            MOST,
            subject=f"The term base {path}",
            wanted="Name a CSV, TSV or TBX file.",
            too_large="Part it into smaller ones.",
        )
        try:
            terms += _terms(data, source, target)
        except ValueError as error:
            raise InputError(
                f"The term base {clean_line(str(path))} cannot be used: {clean_line(str(error))}.",
                "It is a table whose first line names languages, such as en,fr,note, or TBX: "
                "see docs/translation-terms.md.",
            ) from error
    return TermBase(terms, source, target)


def _terms(data: bytes, source: str, target: str) -> list[Term]:
    """Return the terms in a file; raises ValueError with what is wrong with it."""
    beginning = data[:1000].lstrip(codecs.BOM_UTF8).replace(b"\0", b"").strip(b"\xff\xfe \t\r\n")
    if beginning.startswith(b"<"):
        from hinterland.plugins.translation.terms import tbx

        return tbx.terms_in(data, source, target)
    from hinterland.plugins.translation.terms import tables

    return tables.terms_in(data, source, target)

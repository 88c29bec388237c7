"""Term bases from files, by what they hold."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path

from hinterland import reading
from hinterland.errors import InputError
from hinterland.plugins.translation.terms.base import Term, TermBase

MOST = 64_000_000
"""Bytes of one term base."""


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
        terms.extend(_rows(path, data.decode("utf-8-sig"), source, target))
    return TermBase(terms, source, target)


def _rows(path: Path, text: str, source: str, target: str) -> Iterator[Term]:
    rows = csv.reader(io.StringIO(text, newline=""))
    header = [cell.strip().lower() for cell in next(rows, [])]
    try:
        columns = [
            header.index(name) if name in header else header.index(other)
            for name, other in ((source.lower(), "source"), (target.lower(), "target"))
        ]
    except ValueError:
        raise InputError(
            f"The term base {path} has no columns {source} and {target}.",
            "Its first line names the languages of its columns, such as: en,fr,note.",
        ) from None
    note = header.index("note") if "note" in header else len(header)
    for row in rows:
        cells = [*(cell.strip() for cell in row), *[""] * (len(header) + 1 - len(row))]
        if cells[columns[0]] and cells[columns[1]]:
            yield Term(cells[columns[0]], cells[columns[1]], note=cells[note])

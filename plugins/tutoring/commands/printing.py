"""What the commands print for people and for programs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click

from hinterland import durable
from hinterland.cells import cells, padded
from hinterland.errors import InputError
from hinterland.text import clean_line

_LONGEST = 80  # characters of a cell


def write_json(value: Any) -> None:
    """Write JSON in ASCII, in which no character of a foreign text can reach the terminal."""
    import json

    click.echo(json.dumps(value, indent=2))


def write_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write rows in columns as wide as their widest cell, foreign text made harmless."""
    table = [tuple(headings), *(tuple(clean_line(cell, _LONGEST) for cell in row) for row in rows)]
    widths = [max(cells(row[column]) for row in table) for column in range(len(headings))]
    for row in table:
        click.echo("  ".join(map(padded, row, widths)).rstrip())


def asks() -> bool:
    """Whether there is a person who can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def say(sentence: str) -> None:
    """Write a sentence to standard error."""
    click.echo(f"hint: {clean_line(sentence, 600)}", err=True)


def check_new(file: Path, *, overwrite: bool) -> None:
    """Raise InputError where a file cannot be written, before anything is done for it, and
    StorageError where it cannot even be looked for."""
    try:
        is_there, has_folder = file.exists(), file.parent.is_dir()
    except OSError as error:  # its name is too long
        raise durable.not_written(file, error) from error
    if is_there and not overwrite:
        raise InputError(
            f"There is a file {file} already.", "Name another one, or add --overwrite."
        )
    if not has_folder:
        raise InputError(f"There is no folder {file.parent}.", "Make it first.")


def write_file(file: Path, content: str | bytes) -> None:
    """Write a whole file or none of it; raises StorageError."""
    try:
        with durable.replacing(file) as out:
            out.write(content.encode() if isinstance(content, str) else content)
        os.chmod(file, 0o666 & ~_umask())  # a sheet is there to be handed on
    except OSError as error:
        raise durable.not_written(file, error) from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask

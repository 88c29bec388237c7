"""What commands print for people and for programs: tables, JSON, and a sentence beside them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import Any

import click

from hinterland.cells import cells, padded, wrapped
from hinterland.text import clean_line


def write_json(value: Any) -> None:
    """Write JSON in ASCII, in which no character of a foreign text can reach the terminal."""
    import json

    click.echo(json.dumps(value, indent=2))


def write_table(
    headings: tuple[str, ...], rows: Iterable[tuple[str, ...]], width: int | None = None
) -> None:
    """Write rows in columns as wide as their widest cell, foreign text made harmless. Where that is
    wider than `width`, each row is written as lines, a cell in each."""
    table = [headings, *(tuple(clean_line(cell, 60) for cell in row) for row in rows)]
    widths = [max(cells(row[column]) for row in table) for column in range(len(headings))]
    if width is not None and sum(widths) + 2 * (len(widths) - 1) > width:
        _write_in_lines(table, width)
        return
    for row in table:
        click.echo("  ".join(map(padded, row, widths)).rstrip())


def _write_in_lines(table: list[tuple[str, ...]], width: int) -> None:
    """Write each row as its first cell, and what the others are called, beneath it."""
    headings, *rows = table
    room = max(width, 10)
    for first, *others in rows:
        click.echo("\n".join(wrapped(first, room)))
        for heading, cell in zip(headings[1:], others, strict=True):
            if cell:
                named = f"{heading}: {cell}" if heading else cell
                click.echo("\n".join(wrapped(named, room, "  ", "    ")))


def terminal_width() -> int | None:
    """Return the columns of the terminal; None where it does not know, and in a pipe."""
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or None
    except (OSError, ValueError):  # no file at all
        return None


def say(sentence: str) -> None:
    """Write a sentence to standard error."""
    click.echo(clean_line(sentence, 600), err=True)


def asks() -> bool:
    """Whether there is a person who can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()

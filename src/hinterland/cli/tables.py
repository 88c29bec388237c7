"""What commands print for people and for programs: tables, JSON, and a sentence beside them."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

import click

from hinterland.text import clean_line


def write_json(value: Any) -> None:
    """Write JSON in ASCII, in which no character of a foreign text can reach the terminal."""
    import json

    click.echo(json.dumps(value, indent=2))


def write_table(headings: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    """Write rows in columns as wide as their longest cell, foreign text made harmless."""
    table = [headings, *(tuple(clean_line(cell, 60) for cell in row) for row in rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(headings))]
    for row in table:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo(line.rstrip())


def say(sentence: str) -> None:
    """Write a sentence to standard error."""
    click.echo(clean_line(sentence, 600), err=True)


def asks() -> bool:
    """Whether there is a person who can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()

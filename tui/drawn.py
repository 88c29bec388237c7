"""A finished text as lines, drawn as the chat draws an answer: for screens of plugins."""

from __future__ import annotations

from rich.console import Console
from textual.strip import Strip

from hinterland.tui import markdown
from hinterland.tui.pieces import split
from hinterland.tui.shaping import Shaping


def strips(text: str, width: int, console: Console, shaping: Shaping) -> list[Strip]:
    """Return clean Markdown as lines of at most `width` cells."""
    found: list[Strip] = []
    for piece in split(text):
        if found and not piece.continued:
            found.append(Strip([]))
        lines = markdown.render(piece, width, console)
        found += shaping.shape(lines, width, code=piece.language is not None)
    return found

"""An answer in plain lines that break between words, so that a screen reader is not read half ones.

Nothing is ever written twice: a word waits until it is known whether it still fits its line.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import TextIO

from rich.cells import cell_len, get_character_cell_size

from hinterland.text import clean

_PART = re.compile(r"\n|[^\S\n]+|[^\s]+")
_FENCE = re.compile(r"\s*(```|~~~)")


class WordView:
    """Writes an answer as it comes, a word at a time; code keeps its lines as they are."""

    def __init__(self, send: Callable[[str], None], columns: int | None) -> None:
        self._send = send
        self._columns = columns
        self._line = ""
        """What the answer's own line is so far, to see where code begins and ends."""
        self._at = 0
        self._gap = ""
        self._word = ""
        self._in_code = False

    def write(self, text: str) -> None:
        """Take in a piece of the answer; its last word may wait for the next piece."""
        out = ""
        for part in _PART.findall(clean(text)):
            if part == "\n":
                out += self._end_word() + part
                self._end_line()
            elif part.isspace():
                out += self._end_word()
                self._gap += part
            else:
                out += self._take(part)
            self._line += part if part != "\n" else ""
        if out:
            self._send(out)

    def make_way(self) -> None:
        """End the line where it is."""
        self.finish()

    def finish(self, interrupted: bool = False) -> None:
        """Write the last word and end the line, if there is one."""
        del interrupted
        out = self._end_word()
        if self._at or out:
            self._send(f"{out}\n")
        self._end_line()
        self._in_code = False

    def _take(self, part: str) -> str:
        """Add to the word; return what of it can be written already."""
        if self._columns is None or self._in_code:
            return self._put(part)
        out = ""
        for character in part:
            if get_character_cell_size(character) > 1:  # these scripts break anywhere
                out += self._end_word()
            self._word += character
        return out

    def _put(self, text: str) -> str:
        out, self._gap = self._gap + text, ""
        self._at += cell_len(out)
        return out

    def _end_word(self) -> str:
        if not self._word:
            return ""
        word, self._word = self._word, ""
        room = self._columns or 0
        if self._at and self._at + cell_len(self._gap + word) > room:
            self._gap, self._at = "", 0
            return "\n" + self._put(word)
        return self._put(word)

    def _end_line(self) -> None:
        if _FENCE.match(self._line):
            self._in_code = not self._in_code
        self._line = self._gap = ""
        self._at = 0


def columns_of(stream: TextIO) -> int | None:
    """Return how many cells a line of the terminal has for text; None where there is none, or where
    it does not say."""
    try:
        columns = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        return None
    # Terminals differ in where the cursor is after the last column.
    return columns - 1 if columns > 1 else None

"""Lines of a subtitle: as few as a reader can take in, of even length, broken where speech pauses.

42 columns for most scripts and 16 wide characters for Chinese, Japanese and Korean are what the
BBC's and Netflix's public guides for subtitles come down to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hinterland.plugins.translation.formats.decoding import columns
from hinterland.plugins.translation.formats.wrapping import line_pieces
from hinterland.plugins.translation.units import Code, Parts

_WIDE_LANGUAGES = frozenset({"zh", "yue", "ja", "ko", "wuu", "nan", "hak", "cmn", "lzh"})
_PAUSES = frozenset(",.;:!?…、。，；：！？،؛؟।")
_DASHES = ("-", "–", "—", "―", "‐")
_MOST_TRIED = 60  # pieces: a cue is short, and what is longer is no cue to polish


@dataclass(frozen=True, slots=True)
class Room:
    """How much a line takes, in columns; `most` where that saves a third line."""

    line: int
    most: int

    @property
    def letters(self) -> int:
        """Characters of the language's script that a line should not exceed."""
        return self.line if self.line == self.most else self.line // 2


def room_for(language: str) -> Room:
    """Return how long lines are in a language; empty is one of 42 columns."""
    if language.lower().partition("-")[0] in _WIDE_LANGUAGES:
        return Room(32, 40)
    return Room(42, 42)


@dataclass(frozen=True, slots=True)
class _Bit:
    written: str
    wide: int
    breaks: bool
    """Whether a line may begin with it."""


def broken(parts: Parts, room: Room) -> list[str]:
    """Return parts as lines."""
    bits = list(_bits(parts))
    wide = sum(bit.wide for bit in bits)
    if wide <= room.line or len(bits) < 2:
        return ["".join(bit.written for bit in bits).strip()]
    lines = _greedy(bits, room.line)
    if len(lines) > 2 and len(fewer := _greedy(bits, room.most)) < len(lines):
        lines, room = fewer, Room(room.most, room.most)
    if len(lines) == 2 and len(bits) <= _MOST_TRIED:
        lines = _even(bits, room.line)
    return [text for line in lines if (text := "".join(bit.written for bit in line).strip())]


def _bits(parts: Parts) -> Iterator[_Bit]:
    spaced = False
    for part in parts:
        if isinstance(part, Code):
            yield _Bit(part.source, 0, spaced and not part.source.startswith("</"))
            spaced = part.is_space
            continue
        if part[:1].isspace() and not spaced:
            yield _Bit(" ", 1, breaks=False)
            spaced = True
        for at, piece in enumerate(line_pieces(part)):
            breaks = (spaced or at > 0) and not piece.startswith(_DASHES)
            written = " ".join(piece.split()) + " " * piece[-1:].isspace()
            yield _Bit(written, columns(written), breaks)
            spaced = piece[-1:].isspace()


def _greedy(bits: list[_Bit], width: int) -> list[list[_Bit]]:
    lines: list[list[_Bit]] = [[]]
    wide = 0
    for bit in bits:
        full = wide + columns(bit.written.rstrip()) * bool(bit.wide) > width
        if lines[-1] and full and bit.breaks:
            lines.append([])
            wide = 0
        lines[-1].append(bit)
        wide += bit.wide
    return lines


def _even(bits: list[_Bit], width: int) -> list[list[_Bit]]:
    """Return two lines, as even as can be; a pause is worth some unevenness."""
    best, least = len(bits), float("inf")
    for at in range(1, len(bits)):
        if not bits[at].breaks:
            continue
        above, below = _wide(bits[:at]), _wide(bits[at:])
        cost = abs(above - below) + (above > below) + 100 * max(0, max(above, below) - width - 1)
        before = "".join(bit.written for bit in bits[:at]).rstrip()
        cost -= 12 * (before[-1:] in _PAUSES)
        if cost < least:
            best, least = at, cost
    return [bits[:best], bits[best:]]


def _wide(bits: list[_Bit]) -> int:
    return sum(bit.wide for bit in bits)

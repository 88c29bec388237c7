"""One line of Markdown as styled rows of a terminal: emphasis, code, links, and breaking at words.

The line may still be growing. Emphasis that is open is shown as if it will be closed, which it
nearly always is; what cannot be told yet (a trailing `*`) is held back for a token. So rows
seldom change once they are shown, and a terminal only has to append.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from rich.cells import get_character_cell_size

# A style is a sum of these.
BOLD, DIM, ITALIC, UNDERLINE, STRIKE, CODE, HEADING = 1, 2, 4, 8, 16, 32, 64

_LONGEST = 400
"""Emphasis that spans more characters is none: what is further up may have left the screen."""
_EDGE = 8
"""Columns at the end of a row in which a growing word waits: it would move to the next row."""

# Only what would be markup: the backslashes of \( and \[ belong to formulas.
_ESCAPABLE = frozenset("*_`~#+-.!|<>\\")
_LINK = re.compile(
    r"!?\[((?:[^\[\]\\]|\\.){0,300})\]"
    r"\(\s*<?([^\s<>()]*(?:\([^\s<>()]*\)[^\s<>()]*)*)>?(?:\s+\"[^\"]*\")?\s*\)"
)
_HALF_A_LINK = re.compile(r"!?\[[^\[\]]{0,120}(?:\](?:\([^\s()]{0,300})?)?$")
_HALF_A_FORMULA = re.compile(r"\\[(\[].{0,200}$|\$[^\s\d$][^$]{0,60}$|\$\d?$")
_UNDECIDED = re.compile(r"[*_~`\\]+$")
_WORD = re.compile(r"[^\W_]")
# The one wilful difference from CommonMark: these keep their underscores.
_DUNDER = re.compile(
    r"__(?:init|new|del|name|main|file|doc|dict|class|str|repr|len|iter|next|call|enter|exit|eq|ne"
    r"|lt|le|gt|ge|hash|bool|add|contains|[gs]etitem|[gs]etattr|all|slots|version|future|pycache"
    r"|import|post_init)__(?!\w)"
)

# CJK punctuation that may not begin a row, and brackets that may not end one.
_NEVER_FIRST = frozenset("、。，．！？；：）」』】》〉〕］｝’”…ー々%,.!?;:)]}")
_NEVER_LAST = frozenset("（「『【《〈〔［｛‘“([{")


class Row(NamedTuple):
    """One row of the screen."""

    runs: tuple[tuple[str, int], ...]
    """Texts and their styles."""
    end: int = 0
    """Where in the source line the next row begins."""
    verbatim: bool = False
    """A line of code: it may be longer than the screen is wide, so that it is copied as one line."""


class Cell(NamedTuple):
    """One character with whatever combines with it."""

    text: str
    style: int
    width: int
    source: int

    def after(self, cut: int) -> Cell | None:
        """Return what of it comes from the source's characters from `cut` on."""
        text = self.text[max(0, cut - self.source) :]
        return self._replace(text=text) if text else None


class _Piece:
    """Text of one style, or a run of delimiters that may turn out to be text."""

    __slots__ = ("closes", "left", "opens", "size", "source", "style", "text")

    def __init__(self, text: str, style: int, source: int) -> None:
        self.text, self.style, self.source = text, style, source
        self.opens = self.closes = False
        self.size = self.left = 0  # delimiters of this run, and how many have no use yet


def cells(
    text: str, style: int, *, final: bool, source: int = 0, formulas: bool = True
) -> list[Cell]:
    """Return the visible characters of a line of Markdown; `final` says that it will not grow.
    Without `formulas`, LaTeX stays as it was written."""
    if not final:
        text = text[: len(text) - len(_undecided(text))]
    pieces = _pieces(text, style, source, final, formulas)
    _emphasise([piece for piece in pieces if piece.left], pieces)
    if not final:
        _trust(pieces, source + len(text))
    return _clusters(pieces)


def plain_cells(text: str) -> list[Cell]:
    """Return the characters of text without markup."""
    return _clusters([_Piece(text, 0, 0)])


def width_of(row: Iterable[Cell]) -> int:
    """Return how many columns the cells take at most."""
    return sum(cell.width for cell in row)


def _undecided(text: str) -> str:
    found = _UNDECIDED.search(text)
    return found[0] if found else ""


def _pieces(text: str, style: int, source: int, final: bool, formulas: bool) -> list[_Piece]:
    pieces: list[_Piece] = []
    at = 0
    while at < len(text):
        char = text[at]
        here = source + at
        if char == "\\" and text[at + 1 : at + 2] in _ESCAPABLE and at + 1 < len(text):
            pieces.append(_Piece(text[at + 1], style, here))
            at += 2
        elif formulas and char in "\\$":
            if not final and _HALF_A_FORMULA.match(text, at) and not _formula(text, at):
                return pieces
            shown, end = _formula(text, at) or (char, at + 1)
            pieces.append(_Piece(shown, style, here))
            at = end
        elif char == "`":
            at = _code(text, at, style, source, final, pieces)
        elif dunder := _DUNDER.match(text, at):
            pieces.append(_Piece(dunder[0], style, here))
            at = dunder.end()
        elif char in "*_~":
            at = _delimiters(text, at, style, source, pieces)
        elif char == "[" or text.startswith("![", at):
            link = _LINK.match(text, at)
            if link is None and not final and _HALF_A_LINK.match(text, at):
                return pieces
            if link is None:
                pieces.append(_Piece(char, style, here))
                at += 1
                continue
            _link(link, style, source, pieces)
            at = link.end()
        else:
            end = at + 1
            while end < len(text) and text[end] not in "\\$`*_~[!":
                end += 1
            pieces.append(_Piece(text[at:end], style, here))
            at = end
    return pieces


def _formula(text: str, at: int) -> tuple[str, int] | None:
    """Return the formula that begins here as it is shown, and where the text goes on, if one does."""
    from hinterland.tui import latex  # most answers have none

    found = latex.inline(text, at)
    return (found.shown, found.end) if found else None


def _code(text: str, at: int, style: int, source: int, final: bool, pieces: list[_Piece]) -> int:
    """Add a code span, or the backticks that open none; return where the text goes on."""
    start = at
    while at < len(text) and text[at] == "`":
        at += 1
    mark = text[start:at]
    close = re.compile(f"(?<!`){mark}(?!`)").search(text, at)
    if close and close.start() - at <= _LONGEST:
        inner, end = text[at : close.start()], close.end()
    elif not final and not close and len(text) - at <= _LONGEST:
        inner, end = text[at:], len(text)
    else:
        pieces.append(_Piece(mark, style, source + start))
        return at
    if inner.strip() and inner[0] == " " and inner[-1] == " ":
        pieces.append(_Piece(inner[1:-1], style | CODE, source + at + 1))
    else:
        pieces.append(_Piece(inner, style | CODE, source + at))
    return end


def _link(link: re.Match[str], style: int, source: int, pieces: list[_Piece]) -> None:
    label, address = link[1], link[2]
    inner = cells(label, style | UNDERLINE, final=True, source=source + link.start(1))
    pieces += [_Piece(cell.text, cell.style, cell.source) for cell in inner]
    if address and address != label:
        before = " (" if label else "("
        for part, at in (
            (before, link.start(2) - len(before)),
            (address, link.start(2)),
            (")", link.end() - 1),
        ):
            pieces.append(_Piece(part, style | DIM, source + at))


def _delimiters(text: str, at: int, style: int, source: int, pieces: list[_Piece]) -> int:
    """Add a run of `*`, `_` or `~` and whether it may open or close (CommonMark 0.31, 6.2)."""
    end = at
    while end < len(text) and text[end] == text[at]:
        end += 1
    run = _Piece(text[at:end], style, source + at)
    before, after = text[at - 1 : at] or " ", text[end : end + 1] or " "
    left = not after.isspace() and (_is_word(after) or before.isspace() or not _is_word(before))
    right = not before.isspace() and (_is_word(before) or after.isspace() or not _is_word(after))
    if text[at] == "_":
        run.opens = left and (not right or not _is_word(before))
        run.closes = right and (not left or not _is_word(after))
    else:
        run.opens, run.closes = left, right
    if text[at] != "~" or end - at == 2:  # one ~ says "about"
        run.size = run.left = end - at
    pieces.append(run)
    return end


def _is_word(char: str) -> bool:
    return _WORD.match(char) is not None


def _emphasise(runs: list[_Piece], pieces: list[_Piece]) -> None:
    """Match closing runs with opening ones, nearest first, and style what is between them."""
    place = {id(piece): index for index, piece in enumerate(pieces)}
    openers: list[_Piece] = []
    for run in runs:
        while run.closes and run.left:
            opener = next((one for one in reversed(openers) if _pairs(one, run)), None)
            if opener is None:
                break
            used = 2 if opener.left >= 2 and run.left >= 2 else 1
            style = STRIKE if run.text[0] == "~" else BOLD if used == 2 else ITALIC
            for piece in pieces[place[id(opener)] + 1 : place[id(run)]]:
                piece.style |= style
            within = openers.index(opener) + 1
            for one in openers[within:]:
                one.opens = False
            del openers[within:]
            for one in (opener, run):
                one.left -= used
                one.text = one.text[used:]
            if not opener.left:
                openers.remove(opener)
        if run.opens and run.left:
            openers.append(run)
        openers = [one for one in openers if run.source - one.source <= _LONGEST]


def _pairs(opener: _Piece, closer: _Piece) -> bool:
    if not opener.text or opener.text[0] != closer.text[0]:
        return False
    if (opener.closes or closer.opens) and (opener.size + closer.size) % 3 == 0 != opener.size % 3:
        return False
    return closer.source - opener.source <= _LONGEST


def _trust(pieces: list[_Piece], end: int) -> None:
    """Style the end of a growing line as the emphasis that is still open will have it."""
    style = 0
    for piece in pieces:
        if piece.opens and piece.left and end - piece.source <= _LONGEST:
            if piece.text[0] == "~":
                style |= STRIKE
            else:
                style |= {1: ITALIC, 2: BOLD}.get(piece.left, BOLD | ITALIC)
            piece.text = ""
        piece.style |= style


def _clusters(pieces: list[_Piece]) -> list[Cell]:
    found: list[Cell] = []
    for piece in pieces:
        for offset, char in enumerate(piece.text):
            if char == "\t":
                char = " "
            width = get_character_cell_size(char)
            code = ord(char)
            joins = found and (
                width == 0
                or found[-1].text[-1] == "\u200d"  # zero width joiner
                or 0x1F3FB <= code <= 0x1F3FF  # skin tones
            )
            if not joins:
                found.append(Cell(char, piece.style, width, piece.source + offset))
                continue
            # Terminals disagree about emoji of several characters: count the widest.
            if 0x1F3FB <= code <= 0x1F3FF:
                width = 2
            elif code == 0xFE0F and found[-1].width == 1:
                width = 1
            last = found[-1]
            found[-1] = last._replace(text=last.text + char, width=last.width + width)
    return found


def wrap(
    line: list[Cell],
    first: tuple[str, int],
    hang: tuple[str, int],
    width: int,
    *,
    growing: bool = False,
) -> list[Row]:
    """Return the rows of a line: `first` stands before the first, `hang` before the others.

    Of a `growing` line the last word is held back where it may turn out too long for its row.
    """
    rows: list[Row] = []
    start = at = 0
    prefix = first
    x, brk = len(prefix[0]), 0
    while at < len(line):
        cell = line[at]
        if x + cell.width > width and at > start:
            if cell.text == " " or brk <= start:
                brk = at
            after = brk
            while after < len(line) and line[after].text == " ":
                after += 1
            rows.append(_row(prefix, line[start:brk], line, after)._replace(end=_end(line[:after])))
            start = at = after
            prefix = hang
            x, brk = len(prefix[0]), after
            continue
        x += cell.width
        at += 1
        if at < len(line) and _may_break(cell, line[at]):
            brk = at
    rest = line[start:]
    if growing and brk > start and x > width - _EDGE and rest and rest[-1].text != " ":
        rest = line[start:brk]
    if rest or not rows:
        rows.append(_row(prefix, rest, line, len(line))._replace(end=_end(rest)))
    return rows


def _end(shown: list[Cell]) -> int:
    """Return up to where the source has been shown."""
    return shown[-1].source + len(shown[-1].text) if shown else 0


def _may_break(cell: Cell, following: Cell) -> bool:
    if cell.text == " ":
        return True
    wide = cell.width > 1 or following.width > 1
    return wide and cell.text not in _NEVER_LAST and following.text not in _NEVER_FIRST


def _row(prefix: tuple[str, int], part: list[Cell], line: list[Cell], after: int) -> Row:
    runs = [prefix] if prefix[0] else []
    text, style = "", 0
    for cell in part:
        if cell.style != style and text:
            runs.append((text, style))
            text = ""
        style = cell.style
        text += cell.text
    if text:
        runs.append((text, style))
    return Row(tuple(runs), line[after].source if after < len(line) else 0)

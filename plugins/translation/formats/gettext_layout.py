"""How a message is laid out: its paragraphs, its columns, and what stands fixed between them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hinterland.plugins.translation.formats.run_on import runs_on
from hinterland.plugins.translation.units import Code, Parts, text_of

NEW_LINE = Code("\\n", is_space=True)
_GAP = re.compile(r"\t+ *|(?<![.!?:]) {2,}| {3,}")
_OPTIONS = re.compile(r"-{1,2}\w[-\w=\[\],. /<>]*")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a message: a text, or something fixed between texts."""

    parts: Parts
    fixed: bool = False
    width: int = 0
    """Where its lines were wrapped, 0 where it has one."""
    indent: int = 0
    """How far its lines but the first stand in."""
    taken: int = 0
    """What stands before it in its first line, more than `indent`."""


def laid_out(tokens: Sequence[str | Code]) -> list[Piece]:
    """Return a message as its pieces; line feeds are NEW_LINE."""
    found: list[Piece] = []
    for number, paragraph in enumerate(_paragraphs(_lines(tokens))):
        if number:
            found.append(Piece(("\n",), fixed=True))
        found += _closed(paragraph)
    return [piece for piece in found if piece.parts]


def _lines(tokens: Sequence[str | Code]) -> list[list[str | Code]]:
    lines: list[list[str | Code]] = [[]]
    for token in tokens:
        if token is NEW_LINE:
            lines.append([])
        else:
            lines[-1].append(token)
    return [list(merged(line)) for line in lines]


def merged(tokens: Sequence[str | Code]) -> Iterator[str | Code]:
    """Yield the tokens with neighbouring strings as one."""
    words: list[str] = []
    for token in tokens:
        if isinstance(token, str):
            words.append(token)
            continue
        if words:
            yield "".join(words)
            words.clear()
        yield token
    if words:
        yield "".join(words)


def _paragraphs(lines: list[list[str | Code]]) -> Iterator[list[list[str | Code]]]:
    """Yield lines that belong together."""
    texts = [text_of(tuple(line)) for line in lines]
    begin = 0
    for number in range(1, len(lines) + 1):
        if number == len(lines) or not (
            runs_on(texts, number) or _goes_on_below(texts, begin, number)
        ):
            yield lines[begin:number]
            begin = number


def _goes_on_below(texts: Sequence[str], begin: int, number: int) -> bool:
    """Whether a line goes on with the last column of the line that a paragraph begins with."""
    gaps = list(_GAP.finditer(texts[begin].rstrip(), _indent(texts[begin])))
    if not gaps or "\t" in texts[number]:
        return False
    indent = _indent(texts[number])
    bare = texts[number].strip()
    return (
        gaps[-1].end() <= indent <= gaps[-1].end() + 2  # programs of GNU indent these by two
        and indent == _indent(texts[begin + 1])
        and bare[:1].islower()
        and texts[number - 1].rstrip()[-1] not in ".!?:"
    )


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip(" "))


def _closed(paragraph: list[list[str | Code]]) -> Iterator[Piece]:
    first = paragraph[0]
    if len(paragraph) == 1:
        if text_of(tuple(first)).strip():
            yield from _columns(first)
        else:
            yield Piece(tuple(first), fixed=True)
        return
    widest = max(len(text_of(tuple(line)).rstrip()) for line in paragraph)
    indent = _indent(text_of(tuple(paragraph[1])))
    begun = list(_columns(_bare(first))) if indent else [Piece(tuple(_bare(first)))]
    joined: list[str | Code] = list(begun.pop().parts)
    taken = sum(len(text_of(piece.parts)) for piece in begun)
    for line in paragraph[1:]:
        bare = _bare(line)
        if isinstance(bare[0], str):
            bare[0] = bare[0].lstrip()
        joined += [" ", *bare]
    if not indent and isinstance(joined[0], str):
        taken = _indent(joined[0])
        begun = [Piece((" " * taken,), fixed=True)]
        joined[0] = joined[0][taken:]
    yield from begun
    yield Piece(
        tuple(part for part in merged(joined) if part),
        width=widest - indent,
        indent=indent,
        taken=taken - indent,
    )


def _bare(line: list[str | Code]) -> list[str | Code]:
    """Return a line without the white space at its end."""
    bare = list(line)
    if isinstance(bare[-1], str):
        bare[-1] = bare[-1].rstrip()
    return bare


def _columns(line: list[str | Code]) -> Iterator[Piece]:
    """Yield the columns of a line and the gaps between; options of a command are fixed."""
    column: list[str | Code] = []
    is_first = True
    for part in line:
        if isinstance(part, Code):
            column.append(part)
            continue
        at = 0
        ends = re.match(r"\s+", part) if part is line[0] else None
        if ends:
            yield Piece((ends[0],), fixed=True)
            at = ends.end()
        for gap in _GAP.finditer(part, at):
            if gap.start() > at:
                column.append(part[at : gap.start()])
            if column:
                yield _column(column, is_first=is_first)
                is_first = False
                column = []
            yield Piece((gap[0],), fixed=True)
            at = gap.end()
        if at < len(part):
            column.append(part[at:])
    tail = ""
    if column and isinstance(column[-1], str):
        text = column[-1].rstrip()
        tail = column[-1][len(text) :]
        column[-1] = text
    if any(column):
        yield _column([part for part in column if part], is_first=False)
    if tail:
        yield Piece((tail,), fixed=True)


def _column(column: list[str | Code], *, is_first: bool) -> Piece:
    text = text_of(tuple(column))
    fixed = not any(map(str.isalpha, text)) or (is_first and _OPTIONS.fullmatch(text) is not None)
    return Piece(tuple(column), fixed=fixed)

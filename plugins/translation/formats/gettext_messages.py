r"""A message of a catalogue as text to translate, and the translation as a message again.

A message can hold several texts: the paragraphs of a help page, the columns of a list of options.
Lines that a person wrapped are one text, whose translation is wrapped again; what parts the texts
stays as it is. `%d` and its like are codes where the entry's flags say that they mean something,
numbered (`%2$d`) when a translation needs them in another order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hinterland.plugins.translation.formats.run_on import may_begin, runs_on
from hinterland.plugins.translation.formats.wrapping import wrapped
from hinterland.plugins.translation.units import Code, Parts, text_of

_PERCENT_FORMATS = frozenset({"c-format", "objc-format", "python-format", "php-format"})
_NUMBERED_FORMATS = frozenset({"c-format", "objc-format", "php-format"})

_NEW_LINE = Code("\\n", is_space=True)
_TAB = Code("\\t", is_space=True)
_WRITTEN = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_WRITE = str.maketrans(_WRITTEN)
_READ = {'\\"': '"', "\\\\": "\\"}

_WIDTH = r"(?:\*|\d+)?"
_DIRECTIVE = (
    r"%(?:\d+\$|\([^)\s]*\))?[-+ #0'I]*" + _WIDTH + r"(?:\." + _WIDTH + ")?"
    r"(?:(?:hh|h|ll|l|L|q|j|z|t)?[diouxXeEfFgGaAcsSCpnmrb@]|<PRI[A-Za-z0-9]+>)"
)
_ESCAPE = r"\\(?:[0-7]{1,3}|x[0-9A-Fa-f]+|.)"
_PLAIN = re.compile(_ESCAPE)
_PERCENT = re.compile(f"{_ESCAPE}|%%|{_DIRECTIVE}")
_NUMBERLESS = re.compile(r"%(?!\d+\$|\()")

_GAP = re.compile(r"\t+ *|(?<![.!?:]) {2,}| {3,}")
_OPTIONS = re.compile(r"-{1,2}\w[-\w=\[\],. /<>]*")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a message: a text, or something fixed between texts."""

    parts: Parts
    fixed: bool = False
    width: int = 0
    """Where its lines were wrapped, 0 where it has one."""


def has_directives(flags: Sequence[str]) -> bool:
    """Whether the flags of an entry say that `%d` and its like stand for arguments."""
    return not _PERCENT_FORMATS.isdisjoint(flags)


def can_number(flags: Sequence[str]) -> bool:
    """Whether arguments may be taken in another order, as `%2$d`."""
    return not _NUMBERED_FORMATS.isdisjoint(flags)


def directives(raw: str) -> list[str]:
    """Return the directives of a message as written."""
    return [found for found in _PERCENT.findall(raw) if found[0] == "%" and found != "%%"]


def pieces(raw: str, flags: Sequence[str]) -> list[Piece]:
    """Return a message, written with escapes, as its pieces; one of them at least is a text."""
    tokens = list(_tokens(raw, has_directives(flags)))
    found: list[Piece] = []
    for number, paragraph in enumerate(_paragraphs(_lines(tokens))):
        if number:
            found.append(Piece(("\n",), fixed=True))
        found += _closed(paragraph)
    found = [piece for piece in found if piece.parts]
    if all(piece.fixed for piece in found):
        return [Piece(tuple(_merged(tokens)))]
    return found


def written(texts: Sequence[Piece], raw: str, flags: Sequence[str]) -> tuple[str, bool]:
    """Return pieces as a message with escapes, and whether its arguments are in an order that can
    be written. `raw` is the message that they were the pieces of."""
    percent = has_directives(flags)
    text = "".join(_escaped(piece, percent=percent) for piece in texts)
    if not percent:
        return text, True
    once = [found for found in directives(raw) if _NUMBERLESS.match(found)]
    if len(once) < 2:
        return text, True
    numbered = _numbered(once)
    order = [found for found in directives(text) if found in numbered]
    if order != numbered and can_number(flags):
        return text, True
    back = dict(zip(numbered, once, strict=True))
    plain = _PERCENT.sub(lambda found: back.get(found[0], found[0]), text)
    return plain, order == numbered


def _tokens(raw: str, percent: bool) -> Iterator[str | Code]:
    once: list[str] = []
    if percent:
        once = [found for found in directives(raw) if _NUMBERLESS.match(found)]
        once = _numbered(once) if len(once) > 1 else once
    numberless = iter(once)
    at = 0
    for found in (_PERCENT if percent else _PLAIN).finditer(raw):
        if found.start() > at:
            yield raw[at : found.start()]
        at = found.end()
        mark = found[0]
        if mark == "\\n":
            yield _NEW_LINE
        elif mark == "\\t":
            yield "\t"
        elif mark in _READ:
            yield _READ[mark]
        elif mark == "%%":
            yield "%"
        elif _NUMBERLESS.match(mark):
            yield Code(next(numberless))
        else:
            yield Code(mark)
    if at < len(raw):
        yield raw[at:]


def _numbered(once: Sequence[str]) -> list[str]:
    """Return directives without numbers with the number of the argument that each takes."""
    numbered = []
    argument = 0
    for directive in once:
        rest = directive[1:]
        while "*" in rest:
            argument += 1
            rest = rest.replace("*", f"\0{argument}$", 1)
        rest = rest.replace("\0", "*")
        if directive.endswith("m"):  # what errno says: no argument
            numbered.append(directive)
            continue
        argument += 1
        numbered.append(f"%{argument}${rest}")
    return numbered


def _lines(tokens: Sequence[str | Code]) -> list[list[str | Code]]:
    lines: list[list[str | Code]] = [[]]
    for token in tokens:
        if token is _NEW_LINE:
            lines.append([])
        else:
            lines[-1].append(token)
    return [list(_merged(line)) for line in lines]


def _merged(tokens: Sequence[str | Code]) -> Iterator[str | Code]:
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
        if number == len(lines) or not runs_on(texts, number):
            yield lines[begin:number]
            begin = number


def _closed(paragraph: list[list[str | Code]]) -> Iterator[Piece]:
    if len(paragraph) == 1:
        if text_of(tuple(paragraph[0])).strip():
            yield from _columns(paragraph[0])
        else:
            yield Piece(tuple(paragraph[0]), fixed=True)
        return
    longest = max(len(text_of(tuple(line))) for line in paragraph)
    joined: list[str | Code] = []
    for line in paragraph:
        text = list(line)
        if isinstance(text[-1], str):
            text[-1] = text[-1].rstrip()
        joined += [" ", *text] if joined else text
    parts = list(_merged(joined))
    indent = ""
    if isinstance(parts[0], str):
        indent = parts[0][: len(parts[0]) - len(parts[0].lstrip())]
        parts[0] = parts[0][len(indent) :]
    if indent:
        yield Piece((indent,), fixed=True)
    yield Piece(tuple(part for part in parts if part), width=longest)


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


def _escaped(piece: Piece, *, percent: bool) -> str:
    text = "".join(
        part.source
        if isinstance(part, Code)
        else (part.replace("%", "%%") if percent else part).translate(_WRITE)
        for part in piece.parts
    )
    return "\\n".join(wrapped(text, piece.width, may_begin=may_begin)) if piece.width else text

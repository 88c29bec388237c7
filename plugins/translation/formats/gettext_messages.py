r"""A message of a catalogue as text to translate, and the translation as a message again.

A message can hold several texts: the paragraphs of a help page, the columns of a list of options.
Lines that a person wrapped are one text, whose translation is wrapped again; what parts the texts
stays as it is. `%d` and its like are codes where the entry's flags say that they mean something,
numbered (`%2$d`) when a translation needs them in another order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from hinterland.plugins.translation.formats.gettext_layout import NEW_LINE, Piece, laid_out, merged
from hinterland.plugins.translation.formats.run_on import may_begin
from hinterland.plugins.translation.formats.wrapping import wrapped
from hinterland.plugins.translation.units import Code

_PERCENT_FORMATS = frozenset({"c-format", "objc-format", "python-format", "php-format"})
_NUMBERED_FORMATS = frozenset({"c-format", "objc-format", "php-format"})

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
    found = laid_out(tokens)
    if all(piece.fixed for piece in found):
        return [Piece(tuple(merged(tokens)))]
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
            yield NEW_LINE
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


def _escaped(piece: Piece, *, percent: bool) -> str:
    text = "".join(
        part.source
        if isinstance(part, Code)
        else (part.replace("%", "%%") if percent else part).translate(_WRITE)
        for part in piece.parts
    )
    if not piece.width:
        return text
    lines = wrapped(text, piece.width, first=piece.taken, may_begin=may_begin)
    return ("\\n" + " " * piece.indent).join(lines)

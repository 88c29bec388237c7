"""The text of a Markdown block as a translator gets it: words, and codes for the mark-up."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from markdown_it.token import Token
from markdown_it.utils import EnvType

from hinterland.plugins.translation.formats.decoding import with_controls_coded
from hinterland.plugins.translation.formats.markdown.reading import SPAN, inline_tokens
from hinterland.plugins.translation.formats.wrapping import is_unspaced
from hinterland.plugins.translation.units import Code, Kind, Parts

_MARKED = re.compile(r"[\\`*_\[<&~$^{\n@:]|www\.")  # most texts have no mark-up: they are quick
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9-]*)[^>]*?(/?)>", re.DOTALL)
_VOID = frozenset({"area", "br", "col", "embed", "hr", "img", "input", "link", "source", "wbr"})
_VERBATIM = frozenset({"code", "kbd", "pre", "samp", "script", "style", "svg", "tt", "var"})


@dataclass(slots=True)
class Piece:
    """Mark-up as it stands in a block's text."""

    source: str
    begin: int
    end: int
    kind: Kind = Kind.ALONE
    name: str = ""
    """What opens and closes alike: two of one name can be a pair."""
    partner: Piece | None = None
    is_space: bool = False
    is_break: bool = False
    """Whether it is a line end that means no more than a space."""
    is_image: bool = False


def pieces_of(text: str, env: EnvType) -> list[str | Piece]:
    """Return words and mark-up of a block's text, in their order."""
    if not _MARKED.search(text):
        return [text]
    pieces: list[str | Piece] = []
    _gather(inline_tokens(text, env), text, 0, pieces)
    return _paired(_verbatim_kept(pieces, text))


def parts_of(pieces: Sequence[str | Piece]) -> Parts:
    """Return pieces as parts: pairs are numbered, line ends without meaning are spaces."""
    numbers: dict[int, int] = {}
    parts: list[str | Code] = []
    text = ""
    for at, piece in enumerate(pieces):
        if isinstance(piece, str):
            text += piece
            continue
        if piece.is_break:
            text += _glue(text, pieces[at + 1] if at + 1 < len(pieces) else "")
            continue
        parts.extend(with_controls_coded(text))
        text = ""
        number = 0
        if piece.partner:
            number = numbers.setdefault(min(id(piece), id(piece.partner)), len(numbers) + 1)
        parts.append(Code(piece.source, piece.kind, number, piece.is_space))
    parts.extend(with_controls_coded(text))
    return tuple(parts)


def _glue(text: str, following: str | Piece) -> str:
    first = following[:1] if isinstance(following, str) else ""
    return "" if is_unspaced(text[-1:]) and is_unspaced(first) else " "


def _gather(tokens: list[Token], text: str, offset: int, pieces: list[str | Piece]) -> None:
    """Append the pieces of some tokens, which were read from `offset` on."""
    linked = False
    for token in tokens:
        begin, end = (at + offset for at in token.meta.get(SPAN, (0, 0)))
        source = text[begin:end]
        if linked:
            linked = token.type != "link_close"
        elif token.type == "text":
            pieces.append(token.content)
        elif token.type == "text_special":
            if token.info == "entity" and not token.content.isprintable():
                is_space = token.content.isspace()
                pieces.append(Piece(token.markup, begin, end, is_space=is_space))
            else:
                pieces.append(token.content)
        elif token.type in {"softbreak", "hardbreak"}:
            soft = token.type == "softbreak"
            pieces.append(Piece(source, begin, end, is_space=True, is_break=soft))
        elif token.type == "link_open" and token.markup == "autolink":
            linked = True
            pieces.append(Piece(source, begin, end))
        elif token.type == "link_close":
            pieces.append(_closing(pieces, text, begin, end))
        elif token.type == "image":
            inner = begin + 2
            pieces.append(Piece("![", begin, inner, Kind.OPEN, "image", is_image=True))
            _gather(token.children or [], text, inner, pieces)
            pieces.append(_closing(pieces, text, inner + len(token.content), end))
        elif token.nesting:
            kind = Kind.OPEN if token.nesting > 0 else Kind.CLOSE
            source = source if token.type == "link_open" else token.markup
            name = token.type.rpartition("_")[0]
            pieces.append(Piece(source, begin, end, kind, name))
        else:
            pieces.append(Piece(source, begin, end, name=token.type))


def _closing(pieces: list[str | Piece], text: str, begin: int, end: int) -> Piece:
    """Return the end of a link or image; one whose label is its text gets the label beside it."""
    open_ones: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, Piece) and piece.name in {"link", "image"}:
            if piece.kind is Kind.OPEN:
                open_ones.append(piece)
            else:
                open_ones.pop()
    opening = open_ones[-1]
    source = text[begin:end]
    if source in {"]", "][]"}:
        source = f"][{' '.join(text[opening.end : begin].split())}]"
    return Piece(source, begin, end, Kind.CLOSE, opening.name, opening, is_image=opening.is_image)


def _verbatim_kept(pieces: list[str | Piece], text: str) -> list[str | Piece]:
    """Return the pieces with what is inside <code> and its like as one of them."""
    kept: list[str | Piece] = []
    at = 0
    while at < len(pieces):
        piece = pieces[at]
        tag = _tag(piece)
        if isinstance(piece, Piece) and tag and tag[0] == Kind.OPEN and tag[1] in _VERBATIM:
            for further in range(at + 1, len(pieces)):
                end = pieces[further]
                if isinstance(end, Piece) and _tag(end) == (Kind.CLOSE, tag[1]):
                    piece = Piece(text[piece.begin : end.end], piece.begin, end.end)
                    at = further
                    break
        kept.append(piece)
        at += 1
    return kept


def _tag(piece: str | Piece) -> tuple[Kind, str] | None:
    if isinstance(piece, str) or piece.name != "html_inline":
        return None
    found = _TAG.fullmatch(piece.source)
    if not found:
        return None
    name = found[2].lower()
    if found[3] or name in _VOID:
        return Kind.ALONE, name
    return Kind.CLOSE if found[1] else Kind.OPEN, name


def _paired(pieces: list[str | Piece]) -> list[str | Piece]:
    """Find what belongs together; tags without a partner stand alone."""
    waiting: list[tuple[str, Piece]] = []
    for piece in pieces:
        if isinstance(piece, str):
            continue
        tag = _tag(piece)
        if tag:
            piece.is_space = tag == (Kind.ALONE, "br")
        kind, name = (tag[0], f"<{tag[1]}") if tag else (piece.kind, piece.name)
        if kind is Kind.OPEN:
            waiting.append((name, piece))
        elif kind is Kind.CLOSE:
            _close(piece, name, waiting, bool(tag))
    return pieces


def _close(piece: Piece, name: str, waiting: list[tuple[str, Piece]], is_tag: bool) -> None:
    if is_tag and (not waiting or waiting[-1][0] != name):
        return
    while waiting:
        opened, partner = waiting.pop()
        if opened == name:
            partner.partner, piece.partner = piece, partner
            partner.kind, piece.kind = Kind.OPEN, Kind.CLOSE
            return

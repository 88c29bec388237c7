"""Translated words as Markdown: nothing in them turns into mark-up, and what was mark-up stays it.

What is written is read again; where that is not what was meant, it is written more carefully.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from enum import StrEnum

import msgspec
from markdown_it.utils import EnvType

from hinterland.plugins.translation.formats.decoding import columns
from hinterland.plugins.translation.formats.document import Unwritable
from hinterland.plugins.translation.formats.markdown.inline import parts_of, pieces_of
from hinterland.plugins.translation.formats.markdown.reading import top_blocks
from hinterland.plugins.translation.formats.markdown.runs import runs_of
from hinterland.plugins.translation.formats.wrapping import is_unspaced, wrapped
from hinterland.plugins.translation.units import Code, Kind, Parts

_ENDING = re.compile(r"\r\n|\r|\n")
_PREFIX = re.compile(r"[ \t]*(?:>[ \t]?)*[ \t]*")
# Not those that mean something only where a line begins or ends, such as 1\. and #.
_ESCAPED = re.compile(r"\\([\\`*_\[\]<>~$|{}^])|(&#?\w+;)")
_SPECIAL = re.compile(r"[\\`*_{}\[\]<>~$^|#:!@&]")
_USUALLY_SPECIAL = re.compile(r"[\\`*_\[\]<>]|(?<!\S)#|#\Z|&(?=#?\w+;)")
_WWW = re.compile(r"(?<=www)\.")
_LEADING = re.compile(r"(\d{1,9})([.)])|([-+=])")
_OPENS_BLOCK = re.compile(
    r"(?:[-+*]|=+|#{1,6}|\d+[.)])\Z|[>|<:]|[-*_]{3}|```|~~~|\$\$|!!!|\?\?\?|\[.*\]:|\\begin"
)
_ADDRESS = re.compile(r"https?://[^\s<>]+|[^\s<>@/]+@[^\s<>@/]+")
_HTML = {"*": "em", "_": "em", "**": "strong", "__": "strong", "~~": "del", "~": "del"}
_SAME = {"_": "*", "__": "**", "<em>": "*", "</em>": "*", "<strong>": "**", "</strong>": "**"}
_SAME |= {"<del>": "~~", "</del>": "~~", "~": "~~"}
_HELD = {ord(" "): "\ufdd0", ord("\t"): "\ufdd1"}
"""Spaces inside mark-up, where no line may end; no text has these characters."""
_FREED = {ord(held): chr(space) for space, held in _HELD.items()}


class Place(StrEnum):
    """What kind of block a text is of."""

    PROSE = "prose"
    HEADING = "heading"
    UNDERLINED = "underlined"
    CELL = "cell"


def written(old: str, source: Parts, parts: Parts, place: Place, env: EnvType) -> str:
    """Return a translation as it stands in the document, in place of `old`.

    The mark-up of `parts` is that of `source` in another order; raises Unwritable where Markdown has
    no way to write it in this one, as for a link inside a link.
    """
    parts = _on_one_line(parts)
    if _reads(old, parts, env):
        return old
    for held in _tries(old, parts):
        text = held.translate(_FREED)
        if not _reads(text, parts, env):
            continue
        if place is Place.CELL:
            return _in_cell(text)
        if _stands(text, place):
            return _in_lines(held, old, source, parts, place, env)
    raise Unwritable("Markdown has no way to write its mark-up in this order.")


def _in_cell(text: str) -> str:
    """Return text whose pipes are its own; a backslash at its end would take the cell's."""
    text = re.sub(r"(?<!\\)\|", r"\\|", text)
    return re.sub(r"\\{1,2}\Z", "&#92;", text)


def _in_lines(held: str, old: str, source: Parts, parts: Parts, place: Place, env: EnvType) -> str:
    """Return the text in lines as wide as those it had, each behind what they were behind."""
    text = held.translate(_FREED)
    ending = _ENDING.search(old)
    if not ending:
        return text
    lines = _ENDING.split(old)
    prefix = _PREFIX.match(lines[1])
    own = sum(part.source.count("\n") for part in source if isinstance(part, Code))
    if own < len(lines) - 1:
        width = max(columns(_PREFIX.sub("", line, count=1).rstrip()) for line in lines)
        forced = (wrapped(line, width, may_begin=_begins_a_line) for line in held.split("\n"))
        new = "\n".join(line for some in forced for line in some).translate(_FREED)
        is_one = [run[:2] for run in runs_of(new, pieces_of(new, env))] == [(0, len(new))]
        if is_one and _reads(new, parts, env) and _stands(new, place):
            text = new
    return re.sub(r"\n[ \t]*", ending[0] + (prefix[0] if prefix else ""), text)


def _begins_a_line(piece: str) -> bool:
    return not _OPENS_BLOCK.match(piece.strip())


def _stands(text: str, place: Place) -> bool:
    """Whether the text is one block of its kind, and all of it."""
    if place is Place.HEADING:
        block, kind = f"# {text}", "heading_open"
    elif place is Place.UNDERLINED:
        block, kind = f"{text}\n---", "heading_open"
    else:
        block, kind = text, "paragraph_open"
    tokens = [token for some in top_blocks(block, {}) for token in some]
    if len(tokens) != 3 or tokens[0].type != kind:
        return False
    return "".join(tokens[1].content.split()) == "".join(text.split())


def _reads(text: str, parts: Parts, env: EnvType) -> bool:
    """Whether the text is read as the parts, however many spaces and line ends are in it."""
    return _bare(parts_of(pieces_of(text, env))) == _bare(parts)


def _bare(parts: Parts) -> list[str]:
    bare = [""]
    for part in parts:
        if isinstance(part, str):
            bare[-1] += "".join(part.split())
        else:
            source = "".join(part.source.split())
            source = source[1:-1] if _ADDRESS.fullmatch(source[1:-1]) else source
            bare += [f"{part.kind} {_SAME.get(source, source)}", ""]
    return bare


def _on_one_line(parts: Parts) -> Parts:
    return tuple(
        part if isinstance(part, Code) else re.sub(r"[ \t]*[\r\n]+[ \t]*", " ", part)
        for part in parts
    )


def _tries(old: str, parts: Parts) -> Iterator[str]:
    """Yield ways to write it, from how the document does to the most careful."""
    usual = {found[1]: found[0] for found in _ESCAPED.finditer(old) if found[1]}
    for found in _ESCAPED.finditer(old):
        if found[2] and (letter := html.unescape(found[0])).isprintable():
            usual[letter] = found[0]

    def as_usual(text: str) -> str:
        return "".join(usual.get(letter, letter) for letter in text) if usual else text

    aired = _aired(parts)
    yield _joined(parts, as_usual)
    for some, escaped in (
        (parts, as_usual),
        (aired, as_usual),
        (aired, _most_escaped),
        (parts, _all_escaped),
        (aired, _all_escaped),
    ):
        yield _joined(some, escaped, leads=True)
    # A line with a pipe above one of dashes is a table, escaped or not.
    yield _joined(_tagged(parts), _all_escaped, leads=True).replace("\\|", "&#124;")


def _most_escaped(text: str) -> str:
    return _USUALLY_SPECIAL.sub(r"\\\g<0>", text)


def _all_escaped(text: str) -> str:
    return _WWW.sub(r"\.", _SPECIAL.sub(r"\\\g<0>", text))


def _joined(parts: Parts, escaped: Callable[[str], str], *, leads: bool = False) -> str:
    """Return parts as text with the spaces of mark-up held.

    `leads` escapes what would begin a list.
    """
    text = ""
    for part in parts:
        if isinstance(part, Code):
            text += part.source.translate(_HELD)
            continue
        if leads and (not text or text.endswith("\n")) and (lead := _LEADING.match(part)):
            text += f"{lead[1]}\\{lead[2]}" if lead[1] else f"\\{lead[3]}"
            part = part[lead.end() :]
        text += escaped(part)
    return text


def _aired(parts: Parts) -> Parts:
    """Return parts where emphasis is sure to be seen: no space inside it at its ends.

    Beside a script without spaces it stands between spaces, as its writers set it: `**注意：** 请`.
    """
    out: list[str | Code] = []
    for part in parts:
        if isinstance(part, Code) and part.source in _HTML:
            out.append(msgspec.structs.replace(part, source=part.source.replace("_", "*")))
        else:
            out.append(part)
    for at in range(1, len(out) - 1):
        part, before, after = out[at], out[at - 1], out[at + 1]
        if isinstance(part, str) or part.source not in _HTML:
            continue
        if not isinstance(before, str) or not isinstance(after, str):
            continue
        if part.kind is Kind.OPEN:
            inner, edge, end = after.lstrip(), before[-1:], after[:1]
            out[at - 1] = before + " " * _needs_space(edge, end)
            out[at + 1] = inner
        else:
            inner, edge, end = before.rstrip(), after[:1], before[-1:]
            out[at - 1] = inner
            out[at + 1] = " " * _needs_space(edge, end) + after
    return tuple(out)


def _needs_space(outside: str, inside: str) -> bool:
    """Whether a space belongs outside an emphasis, by the characters beside its mark."""
    if not outside or outside.isspace():
        return False
    return inside.isspace() or (is_unspaced(outside) and not inside.isalnum())


def _tagged(parts: Parts) -> Parts:
    """Return parts with emphasis as HTML and addresses in brackets: both hold within a word."""
    out: list[str | Code] = []
    for part in parts:
        if isinstance(part, Code):
            source = part.source
            if source in _HTML and part.kind is not Kind.ALONE:
                source = f"<{'/' * (part.kind is Kind.CLOSE)}{_HTML[source]}>"
            elif _ADDRESS.fullmatch(source):
                source = f"<{source}>"
            part = msgspec.structs.replace(part, source=source)
        out.append(part)
    return tuple(out)

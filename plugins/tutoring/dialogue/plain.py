"""Markdown as plain lines: marks that mean nothing without a screen are left out, the rest stays.

Only marks at the edges of words go: in `2*x + 3*y` and in a gap `___` nothing is emphasis.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from hinterland.plugins.forms.columns import wrapped

_FENCE = re.compile(r"\s{0,3}(`{3,}|~{3,})")
_ITEM = re.compile(r"(\s*)([-*+]|\d{1,9}[.)])\s+(.*)")
_HEADING = re.compile(r"\s{0,3}#{1,6}\s+(.*?)\s*#*\s*$")
_QUOTED = re.compile(r"\s{0,3}>\s?(.*)")
_EMPHASIS = re.compile(r"(?<![\w*])(\*{1,3})(?=[^\s*])([^*\n]+?)(?<=[^\s*])\1(?![\w*])")
_UNDERLINED = re.compile(r"(?<!\w)(_{1,2})(?=[^\s_])([^_\n]+?)(?<=[^\s_])\1(?!\w)")
_LINK = re.compile(r"!?\[([^\]]*)\]\(([^)\s]*)(?:\s+\"[^\"]*\")?\)")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_SPAN = re.compile(r"(?<![\\`])(`+)(.+?)(?<!`)\1(?!`)")
_OUT = {code: 0x10FF00 + code for code in range(0x80)}
"""Where code and escaped characters wait, beyond all letters, while marks are looked for."""
_BACK = {away: code for code, away in _OUT.items()}
_CODE_MARGIN = "    "


def lines(text: str, width: int) -> list[str]:
    """Return Markdown in lines of at most `width` columns; code and tables stay as they are."""
    found = list(_lines(text.split("\n"), width))
    while found and not found[-1]:
        found.pop()
    return found


class _Paragraph:
    """The lines of a paragraph, and what stands before its first line and the others."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._begin()

    def _begin(self, first: str = "", rest: str = "", *lines: str) -> None:
        self.first, self._rest, self.lines = first, rest, list(lines)

    def item(self, found: re.Match[str]) -> None:
        """Begin an item of a list."""
        first = f"{found[1]}{found[2]} "
        self._begin(first, " " * len(first), found[3])

    def quote(self, line: str) -> None:
        """Go on with a quotation."""
        self.first = self._rest = "> "
        self.lines.append(line)

    def taken(self, *, broken: bool = False) -> list[str]:
        """Return it wrapped, and begin another; after a `broken` line it is the same one."""
        if not self.lines:
            return []
        text = inline(" ".join(self.lines).removesuffix("\\" if broken else ""))
        found = wrapped(text, self._width, self.first, self._rest)
        self._begin(*[self._rest] * 2 if broken else "")
        return found


def _lines(source: list[str], width: int) -> Iterator[str]:
    paragraph, fence = _Paragraph(width), ""
    for line in [*source, ""]:
        mark = _FENCE.match(line)
        if fence and mark and mark[1].startswith(fence) and not line.strip(" `~"):
            fence = ""
        elif fence:
            yield f"{_CODE_MARGIN}{line}".rstrip()
        elif mark:
            yield from paragraph.taken()
            fence = mark[1]
        else:
            yield from _line(line, paragraph, width)


def _line(line: str, paragraph: _Paragraph, width: int) -> Iterator[str]:
    if item := _ITEM.match(line):
        yield from paragraph.taken()
        paragraph.item(item)
    elif quoted := _QUOTED.match(line):
        if paragraph.first != "> ":
            yield from paragraph.taken()
        paragraph.quote(quoted[1])
    elif heading := _HEADING.match(line):
        yield from paragraph.taken()
        yield from wrapped(inline(heading[1]), width)
    elif line.lstrip().startswith("|"):
        yield from paragraph.taken()
        yield line.strip()
    elif line.strip():
        paragraph.lines.append(line.strip())
        if line.endswith(("  ", "\\")):
            yield from paragraph.taken(broken=True)
    else:
        yield from paragraph.taken()
        yield ""


def inline(text: str) -> str:
    """Return a paragraph's words without the marks around them."""
    text = _SPAN.sub(lambda code: (code[2].strip() or code[2]).translate(_OUT), text)
    text = _ESCAPED.sub(lambda found: found[1].translate(_OUT), text)
    text = _LINK.sub(lambda link: f"{link[1]} ({link[2]})" if link[2] else link[1], text)
    for pattern in (_EMPHASIS, _UNDERLINED):
        text = pattern.sub(r"\2", text)
    return text.translate(_BACK)

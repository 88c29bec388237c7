"""Writes the parts of a Word file anew, with translations in the places of paragraphs.

Only the content of a translated paragraph is written; all other bytes are copied.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hinterland.plugins.translation.formats.docx.shapes import (
    Item,
    Paragraph,
    Part,
    Property,
    Run,
    Span,
)
from hinterland.plugins.translation.formats.docx.wording import Wording
from hinterland.plugins.translation.units import Code, Kind, Parts, codes_of

_PREFIX = re.compile(rb"<([^\s/>:]+:)?")
# What XML 1.0 cannot hold, and what a paragraph has its own elements for.
_NO_CHARACTERS = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_SPACES = re.compile(r"[\t\r\n\u2028\u2029]+")

Written = list[bytes | Span]
"""New bytes, and spans of the old ones."""


@dataclass(frozen=True, slots=True)
class Patch:
    """What stands instead of a span."""

    span: Span
    content: Written


class PartWriter:
    """One part of a document, and the translations of its paragraphs so far."""

    def __init__(self, xml: bytes, part: Part, wording: Wording) -> None:
        self.xml = xml
        self._part = part
        self._wording = wording
        self._patches: list[Patch] = []

    def put(self, place: int, parts: Parts) -> None:
        """Note the translation of the paragraph at a place of the part.

        Raises ValueError where its codes are not the paragraph's.
        """
        paragraph = self._part.paragraphs[place]
        content = _Content(self.xml, self._part.runs, self._wording)
        content.keep(paragraph.head)
        content.write(paragraph, parts)
        content.keep(paragraph.tail)
        properties = self._properties(paragraph)
        begin, end = paragraph.properties_span
        if properties and begin != end:
            self._patches.append(Patch((begin, end), properties))
            properties = []
        self._patches.append(Patch(paragraph.span, [*properties, *content.finished()]))

    @property
    def is_changed(self) -> bool:
        return bool(self._patches)

    def finished(self) -> bytes:
        """Return the part."""
        self._patches.sort(key=lambda patch: (patch.span[0], -patch.span[1]))
        self._starts = [patch.span[0] for patch in self._patches]
        return b"".join(self._copied((0, len(self.xml)), 0))

    def _copied(self, span: Span, first: int) -> Iterator[bytes]:
        """Yield the bytes of a span with its patches, of which none comes before `first`."""
        at, end = span
        place = bisect_left(self._starts, at, lo=first)
        while place < len(self._patches) and self._starts[place] < end:
            patch = self._patches[place]
            place += 1
            if patch.span[0] < at:  # within one that is written already
                continue
            yield self.xml[at : patch.span[0]]
            for piece in patch.content:
                if isinstance(piece, bytes):
                    yield piece
                else:
                    yield from self._copied(piece, place)
            at = patch.span[1]
        yield self.xml[at:end]

    def _properties(self, paragraph: Paragraph) -> Written:
        """Return the properties of a paragraph where the language changes them, else nothing."""
        start, end = paragraph.properties_span
        prefix = _prefix(self.xml, self._part.runs[paragraph.run])
        moved = [
            Property(each.name, (each.span[0] - start, each.span[1] - start))
            for each in paragraph.properties
        ]
        changed = self._wording.paragraph(self.xml[start:end], moved, prefix)
        return [] if changed is None else [changed]


class _Content:
    """The content of one paragraph: texts in their runs, and what is kept between them."""

    def __init__(self, xml: bytes, runs: Sequence[Run], wording: Wording) -> None:
        self._xml = xml
        self._runs = runs
        self._wording = wording
        self._written: Written = []
        self._in: tuple[int, bool] | None = None
        """The run that is open, and whether it holds text of the translation."""

    def write(self, paragraph: Paragraph, parts: Parts) -> None:
        pieces = dict(zip(codes_of(paragraph.parts), paragraph.pieces, strict=True))
        looks = [paragraph.run]
        open_pairs: list[int] = []
        for part in _joined(parts):
            if isinstance(part, str):
                self._text(looks[-1], part)
                continue
            piece = pieces.pop(part, None)
            if piece is None:
                raise ValueError(f"a code that is not the paragraph's, or twice: {part}")
            if part.kind is Kind.OPEN:
                open_pairs.append(part.pair)
                looks.append(piece.run)
            elif part.kind is Kind.CLOSE:
                if not open_pairs or open_pairs.pop() != part.pair:
                    raise ValueError(f"codes that are not nested: {part}")
                looks.pop()
            self.keep(piece.items)
        if pieces:
            raise ValueError(f"codes are missing: {list(pieces)}")

    def keep(self, items: list[Item]) -> None:
        for item in items:
            self._enter(item.run, text=False)
            self._written.append(item.span)

    def finished(self) -> Written:
        self._enter(-1, text=False)
        return self._written

    def _text(self, run: int, text: str) -> None:
        text = _SPACES.sub(" ", _NO_CHARACTERS.sub("", text))
        if not text:
            return
        self._enter(run, text=True)
        escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").encode()
        prefix = _prefix(self._xml, self._runs[run])
        keep = b' xml:space="preserve"' if text != text.strip() or "  " in text else b""
        self._written.append(b"<%st%s>%s</%st>" % (prefix, keep, escaped, prefix))

    def _enter(self, run: int, *, text: bool) -> None:
        """Close the run that is open and open another; -1 opens none."""
        wanted = (run, text and bool(self._wording.code)) if run >= 0 else None
        if self._in == wanted:
            return
        if self._in is not None:
            self._written.append(b"</%sr>" % _prefix(self._xml, self._runs[self._in[0]]))
        self._in = wanted
        if wanted is None:
            return
        self._written.append(self._runs[run].tag)
        elements = [
            (each.name, self._xml[slice(*each.span)]) for each in self._runs[run].properties
        ]
        prefix = _prefix(self._xml, self._runs[run])
        if wanted[1]:
            elements = self._wording.run(elements, prefix)
        if elements:
            inner = b"".join(xml for _name, xml in elements)
            self._written.append(b"<%srPr>%s</%srPr>" % (prefix, inner, prefix))


def _prefix(xml: bytes, run: Run) -> bytes:
    """Return the prefix that a run's element has, as `w:`."""
    found = _PREFIX.match(xml, run.tag[0])
    assert found is not None
    return found[1] or b""


def _joined(parts: Parts) -> Iterator[str | Code]:
    """Yield the parts with neighbouring texts as one."""
    text = ""
    for part in parts:
        if isinstance(part, str):
            text += part
            continue
        if text:
            yield text
        text = ""
        yield part
    if text:
        yield text

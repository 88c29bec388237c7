"""What the reader of a Word file tells about it: paragraphs with their texts, and the bytes of each.

It crosses from the confined child process that reads to the process that writes. All spans are
bytes of the part's XML.
"""

from __future__ import annotations

import msgspec

from hinterland.plugins.translation.units import Parts

Span = tuple[int, int]


class Property(msgspec.Struct, frozen=True, array_like=True):
    """An element of a paragraph's or a run's properties."""

    name: str
    span: Span


class Run(msgspec.Struct, array_like=True):
    """A stretch of one format: its start tag, and its properties."""

    tag: Span
    properties: list[Property]
    look: str
    """The properties that are seen, to tell whether two runs look the same."""


class Item(msgspec.Struct, frozen=True, array_like=True):
    """Something that is kept as it is, and the run that it stands in; -1 beside runs."""

    run: int
    span: Span


class Piece(msgspec.Struct, frozen=True, array_like=True):
    """What a code stands for: something that is kept, and the run of text after an opening code."""

    items: list[Item]
    run: int = -1


class Paragraph(msgspec.Struct, array_like=True):
    """A paragraph with words in it. Its bytes are those after its properties."""

    span: Span
    parts: Parts
    pieces: list[Piece]
    """One for each code of the parts, in their order."""
    run: int
    """The run of the text outside of codes."""
    head: list[Item]
    """What is kept before the text."""
    tail: list[Item]
    """What is kept after it."""
    number: int
    """Counted from 1 in its part, for people."""
    properties: list[Property]
    properties_span: Span
    """Where all of them stand; empty where it has none."""
    twin: int = -1
    """The paragraph of which this one is a copy for older programs."""


class Part(msgspec.Struct, array_like=True):
    """A part of the document that holds text: the body, a header, the footnotes."""

    paragraphs: list[Paragraph]
    runs: list[Run]

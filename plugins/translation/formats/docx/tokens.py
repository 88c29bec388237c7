"""A paragraph as the reader meets it: texts, things between them, and elements that enclose."""

from __future__ import annotations

from enum import Enum

from hinterland.plugins.translation.formats.docx.fields import Field, Within, computed
from hinterland.plugins.translation.formats.docx.shapes import Property, Span

Mark = tuple[Field, str]
"""A field, and which of its marks: `begin`, `separate` or `end`."""


class What(Enum):
    TEXT = "text"
    SIGN = "sign"
    """Something that is kept as it is."""
    OPEN = "open"
    CLOSE = "close"
    ASIDE = "aside"
    """Something that is kept, and for which any place in the paragraph will do."""


class Token:
    """One of them, with its span."""

    __slots__ = ("end", "is_space", "label", "mark", "run", "start", "text", "what", "within")

    def __init__(
        self, what: What, start: int, run: int = -1, *, label: str = "", within: Within = ()
    ) -> None:
        self.what = what
        self.start = start
        self.end = start
        self.run = run
        self.label = label
        self.text = ""
        self.is_space = False
        self.within = within
        self.mark: Mark | None = None

    @property
    def is_words(self) -> bool:
        return self.what is What.TEXT and not computed(self.within)


class Raw:
    """A paragraph as it was read."""

    __slots__ = ("number", "properties", "properties_span", "span", "tokens", "twin")

    def __init__(self, number: int) -> None:
        self.number = number
        self.span: Span = (0, 0)
        self.properties_span: Span = (0, 0)
        self.properties: list[Property] = []
        self.tokens: list[Token] = []
        self.twin = -1
        """Its copy in a text box for newer programs, by its place in the part."""

"""The elements of Word's XML that the reader knows, by what becomes of them (ECMA-376-1, 17)."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

WRAPS = frozenset({"hyperlink", "ins", "moveTo", "smartTag", "customXml", "dir", "bdo"})
"""They enclose runs of a paragraph."""
WRAP_PROPERTIES = frozenset({"smartTagPr", "customXmlPr", "fldData"})
DROPPED = frozenset({"proofErr", "lastRenderedPageBreak"})
"""What programs found, and find again."""
SPACE_SIGNS = {"tab": "tab", "ptab": "tab", "br": "br", "cr": "br"}
HYPHENS = {"noBreakHyphen": "\u2011", "softHyphen": ""}
"""They are part of a word."""
UNSEEN = frozenset({"lang", "noProof", "rtl", "cs"})
"""Properties of a run that say its language, and what goes with it."""
LAST_EDIT = "_GoBack"
"""The bookmark that Word sets where somebody wrote last."""
XML_SPACE = "http://www.w3.org/XML/1998/namespace space"

_W = frozenset(
    {
        "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
        "http://purl.oclc.org/ooxml/wordprocessingml/main",
    }
)
_MC = "http://schemas.openxmlformats.org/markup-compatibility/2006"


class In(Enum):
    """What kind of place the reader is in."""

    BLOCK = auto()
    PARAGRAPH = auto()
    CONTROL = auto()
    RUN = auto()
    TEXT = auto()
    LEAF = auto()
    KEPT = auto()
    DELETED = auto()
    RUBY = auto()
    PARAGRAPH_PROPERTIES = auto()
    RUN_PROPERTIES = auto()
    RUN_PROPERTY = auto()
    DROPPED = auto()


class Frame:
    """An element that has begun."""

    __slots__ = ("finish", "mode", "name", "run", "start")

    def __init__(self, mode: In, name: str, start: int, run: int) -> None:
        self.mode = mode
        self.name = name
        self.start = start
        self.run = run
        self.finish: Callable[[int, int], None] | None = None
        """Told where the element's end tag begins and where it ends."""


def name_of(tag: str) -> str:
    """Return the local name of Word's elements, with a prefix for those of others."""
    uri, _, local = tag.rpartition(" ")
    if uri in _W:
        return local
    return f"mc:{local}" if uri == _MC else f"other:{local}"


def value_of(attributes: dict[str, str], name: str) -> str:
    """Return an attribute by its local name, or nothing."""
    return next((value for key, value in attributes.items() if key.split(" ")[-1] == name), "")

"""Languages: what they are called, how they are written, and which one a text is in."""

from hinterland.plugins.translation.languages.table import Language, find, known

__all__ = ["Language", "find", "known"]

"""Languages: what they are called, how they are written, and which one a text is in."""

from hinterland.plugins.languages.detecting import (
    Detected,
    can_detect,
    chinese_writing,
    detect,
)
from hinterland.plugins.languages.table import Language, are_alike, find, known

__all__ = [
    "Detected",
    "Language",
    "are_alike",
    "can_detect",
    "chinese_writing",
    "detect",
    "find",
    "known",
]

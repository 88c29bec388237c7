"""Segments: a unit cut into sentences, masked for a model, and its answers read and checked."""

from hinterland.plugins.translation.segments.answering import read_answer
from hinterland.plugins.translation.segments.cutting import LONGEST, Segment, cut, join
from hinterland.plugins.translation.segments.masking import Masked, Style, mask
from hinterland.plugins.translation.segments.unfit import Trouble, Unfit

__all__ = [
    "LONGEST",
    "Masked",
    "Segment",
    "Style",
    "Trouble",
    "Unfit",
    "cut",
    "join",
    "mask",
    "read_answer",
]

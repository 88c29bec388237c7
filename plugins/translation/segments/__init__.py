"""Segments: a unit cut into sentences, masked for a model, and its answers read and checked."""

from hinterland.plugins.translation.segments.answering import read_answer
from hinterland.plugins.translation.segments.comparing import doses, negation_differs, negations
from hinterland.plugins.translation.segments.cutting import LONGEST, Segment, cut, join
from hinterland.plugins.translation.segments.masking import Mark, Masked, Style, mask
from hinterland.plugins.translation.segments.unfit import Trouble, Unfit

__all__ = [
    "LONGEST",
    "Mark",
    "Masked",
    "Segment",
    "Style",
    "Trouble",
    "Unfit",
    "cut",
    "doses",
    "join",
    "mask",
    "negation_differs",
    "negations",
    "read_answer",
]

"""Exact numbers as people write them in any script, and expressions that cannot do harm."""

from hinterland.plugins.tutoring.arithmetic.characters import is_reordered, plain
from hinterland.plugins.tutoring.arithmetic.conventions import (
    Convention,
    Digits,
    convention,
    digits_at,
)
from hinterland.plugins.tutoring.arithmetic.expressions import Unreadable, Value, evaluate
from hinterland.plugins.tutoring.arithmetic.number_words import in_digits, negative, signed
from hinterland.plugins.tutoring.arithmetic.reading import (
    NumberForm,
    Written,
    read,
    read_at,
    read_number,
)
from hinterland.plugins.tutoring.arithmetic.writing import write

__all__ = [
    "Convention",
    "Digits",
    "NumberForm",
    "Unreadable",
    "Value",
    "Written",
    "convention",
    "digits_at",
    "evaluate",
    "in_digits",
    "is_reordered",
    "negative",
    "plain",
    "read",
    "read_at",
    "read_number",
    "signed",
    "write",
]

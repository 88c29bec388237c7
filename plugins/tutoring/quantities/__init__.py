"""Units of measure as data, and quantities as people write them."""

from hinterland.plugins.tutoring.quantities.reading import (
    Quantity,
    read,
    same,
    unit_at,
    unit_called,
    units_at,
)
from hinterland.plugins.tutoring.quantities.units import Unit

__all__ = ["Quantity", "Unit", "read", "same", "unit_at", "unit_called", "units_at"]

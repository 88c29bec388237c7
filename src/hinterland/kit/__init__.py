"""The kit: everything a box needs on a stick, signed, for a machine without a network."""

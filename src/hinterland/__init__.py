"""Hinterland: an offline AI box in a terminal, over one warm local engine."""

__version__ = "0.1.0"

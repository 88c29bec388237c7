"""A lesson in lines: for serial consoles, screen readers, dumb terminals and pipes."""

from hinterland.plugins.tutoring.dialogue.dialogue import Dialogue

__all__ = ["Dialogue"]

"""Hints: which one fits, how a model may word it, and a guard that keeps the answer unsaid."""

from hinterland.plugins.tutoring.hints.guard import Guard
from hinterland.plugins.tutoring.hints.guide import Guide, Hint, Work
from hinterland.plugins.tutoring.hints.ladder import LessonGuide
from hinterland.plugins.tutoring.hints.model_guide import ModelGuide

__all__ = ["Guard", "Guide", "Hint", "LessonGuide", "ModelGuide", "Work"]

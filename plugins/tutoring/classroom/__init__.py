"""What a teacher makes of lessons and results: sheets with their answer key, and a view of a class."""

from hinterland.plugins.tutoring.classroom.quiz import Question, Quiz, draw, one_sheet

__all__ = ["Question", "Quiz", "draw", "one_sheet"]

"""Lessons as files that a teacher can read: what is in one, and how it is read."""

from hinterland.plugins.tutoring.lessons.lesson import (
    AnswerKind,
    Exercise,
    Form,
    Given,
    Lesson,
    Mistake,
    Posed,
)

__all__ = ["AnswerKind", "Exercise", "Form", "Given", "Lesson", "Mistake", "Posed"]

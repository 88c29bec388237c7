"""What is said of a lesson that cannot be used: the file, the line, and what to do."""

from __future__ import annotations

import re
from pathlib import Path

from hinterland.errors import InputError
from hinterland.text import clean_line

NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
"""What lessons, objectives and exercises may be called."""
_LONGEST_NAME = 300  # characters of a path
_SEE = "docs/lessons.md says how a lesson is written."


class LessonError(InputError):
    """A lesson's file that cannot be used."""


def spoiled(file: Path, line: int, reason: str, hint: str = "") -> LessonError:
    """Return the error for a line of a file; `reason` is a clause without its full stop."""
    name = clean_line(str(file), _LONGEST_NAME)
    return LessonError(f"{name}, line {line}: {clean_line(reason)}.", hint or _SEE)

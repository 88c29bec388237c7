"""Why an answer cannot stand as a translation."""

from __future__ import annotations

from enum import StrEnum


class Trouble(StrEnum):
    """What is wrong with an answer, in a word."""

    EMPTY = "empty"
    CUT = "cut"
    MARK = "mark"
    NUMBER = "number"
    LENGTH = "length"
    LOOP = "loop"
    SCRIPT = "script"
    LANGUAGE = "language"
    UNCHANGED = "unchanged"
    CHATTER = "chatter"
    TERM = "term"
    NEGATION = "negation"
    FAILED = "failed"


class Unfit(Exception):  # noqa: N818 - it speaks of an answer, and never reaches a user as an error
    """An answer that is not a translation of its segment."""

    def __init__(self, kind: Trouble, sentence: str) -> None:
        super().__init__(sentence)
        self.kind = kind
        self.sentence = sentence
        """What is wrong, for people; it may repeat words of the document."""

"""A lesson as it runs: what the pupil does, what the tutor says, and what is kept in between."""

from hinterland.plugins.tutoring.session.acts import (
    Act,
    Answer,
    AskHint,
    Go,
    Question,
    Said,
    SaidKind,
    ShowAnswer,
    Skip,
    Status,
    Stop,
    Wants,
)
from hinterland.plugins.tutoring.session.session import Session

__all__ = [
    "Act",
    "Answer",
    "AskHint",
    "Go",
    "Question",
    "Said",
    "SaidKind",
    "Session",
    "ShowAnswer",
    "Skip",
    "Status",
    "Stop",
    "Wants",
]

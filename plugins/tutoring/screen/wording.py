"""What the screen says of itself: where the lesson is, what is asked, what keys there are."""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import cell_len, set_cell_size
from textual.binding import Binding
from textual.keys import format_key

from hinterland.language import N_, _
from hinterland.plugins.tutoring.screen.sayings import Look
from hinterland.plugins.tutoring.screen.view import Page
from hinterland.plugins.tutoring.session import SaidKind, Status
from hinterland.text import clean_line

ASKED = {
    Page.OPENING: N_("One moment …"),
    Page.PUPIL: N_("Who are you? Type a part of your name."),
    Page.NAME: N_("What is your name?"),
    Page.LANGUAGE: N_("In which language?"),
    Page.CHOICE: N_("What do you want to learn?"),
    Page.WORKING: N_("Your working, a step on each line."),
}
"""What a page asks."""
ANSWER = N_("Your answer:")
WORKED = N_("Your answer (steps written: {count}):")
GO = N_("Enter goes on; or ask a question.")
MORE = N_("Enter shows more; or ask a question.")
OVER = N_("That was it. Enter begins something else, Esc leaves.")

LOOKS = {
    SaidKind.TITLE: Look.TITLE,
    SaidKind.PASSAGE: Look.PASSAGE,
    SaidKind.EXERCISE: Look.EXERCISE,
    SaidKind.RIGHT: Look.RIGHT,
    SaidKind.NOT_YET: Look.WRONG,
    SaidKind.HINT: Look.HINT,
    SaidKind.ANSWER: Look.ANSWER,
    SaidKind.NOTE: Look.NOTE,
}
"""How sayings look; others have no mark."""

HELP = N_(
    "The tutor asks, and you answer: it never gives the answer away. Each answer is computed, not "
    "guessed at by a model, so 3/4 and 0.75 are the same to it.\n\n"
    "Stuck? Ask for a hint: the first is small, the next ones say more. Write your working, and the "
    "step that went wrong is named. When you have tried twice you can be shown the answer; the "
    "exercise comes back another day.\n\n"
    "You can leave at any time: you go on at the same place. What you have learnt comes back just "
    "before you would forget it."
)
_LEAST = 8
"""Cells below which a part of the first line is left out rather than shortened."""


def whereabouts(pupil: str, status: Status, width: int) -> str:
    """Return the line above everything, in at most `width` cells."""
    parts = [_("Tutor")]
    if status.lesson:
        parts = [clean_line(status.lesson)]
    if status.number:
        many = _("{number} of {most}") if status.most else "{number}"
        parts.append(many.format(number=status.number, most=status.most))
    if pupil:
        parts.append(clean_line(pupil, 60))
    if status.objective:
        parts.append(clean_line(status.objective))
    return _fitting(parts, width)


def _fitting(parts: list[str], width: int) -> str:
    """Return parts in one line: the later ones go first where there is no room."""
    line = parts[0]
    for at, part in enumerate(parts[1:], 1):
        room = width - cell_len(line) - 3
        if at == len(parts) - 1 and _LEAST <= room < cell_len(part):
            part = f"{set_cell_size(part, room - 1).rstrip()}…"
        if cell_len(part) > room:
            if at == 1 and width > 2 * _LEAST:  # the number of the exercise matters more
                line = f"{set_cell_size(line, width - cell_len(part) - 4).rstrip()}…"
            else:
                continue
        line = f"{line} · {part}"
    if cell_len(line) > width:
        line = f"{set_cell_size(line, max(0, width - 1)).rstrip()}…"
    return line


def keys(bindings: Iterable[Binding]) -> str:
    """Return what keys do, a line each."""
    rows: dict[str, list[str]] = {}
    for binding in bindings:
        for key in binding.key.split(","):
            written = format_key(key.replace("ctrl+", "^"))
            rows.setdefault(_(binding.description), []).append(written)
    width = max(cell_len(" ".join(each)) for each in rows.values())
    return "\n".join(
        f"{set_cell_size(' '.join(written), width)}  {does}" for does, written in rows.items()
    )

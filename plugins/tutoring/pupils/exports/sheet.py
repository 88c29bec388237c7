"""Everything a pupil has finished, as CSV that a spreadsheet opens."""

from __future__ import annotations

import csv
import io

from hinterland.plugins.tutoring.pupils.pupil import Pupil

COLUMNS = (
    "pupil",
    "day",
    "time_utc",
    "lesson",
    "objective",
    "exercise",
    "seed",
    "result",
    "attempts",
    "hints",
    "due_utc",
    "stability_days",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would compute instead of showing it."""


def sheet(pupil: Pupil) -> str:
    """Return the CSV (RFC 4180; UTF-8 with the mark by which spreadsheets know it), oldest first."""
    out = io.StringIO()
    out.write("\ufeff")
    rows = csv.writer(out)
    rows.writerow(COLUMNS)
    for each in pupil.history():
        done, card = each.done, each.card
        cells = (
            pupil.name,
            f"{done.when.astimezone(pupil.zone):%Y-%m-%d}",
            f"{done.when:%Y-%m-%d %H:%M:%S}",
            done.lesson,
            done.objective,
            done.exercise,
            done.seed,
            done.result,
            done.attempts,
            done.hints,
            f"{card.due:%Y-%m-%d %H:%M:%S}",
            f"{card.stability:.2f}",
        )
        rows.writerow([safe(cell) if isinstance(cell, str) else cell for cell in cells])
    return out.getvalue()


def safe(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell

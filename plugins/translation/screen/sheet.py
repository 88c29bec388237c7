"""What is translated on the screen, row by row, and how far it has come; nothing of how it is drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from hinterland.plugins.translation.formats.document import Document
from hinterland.plugins.translation.units import Parts, Unit

if TYPE_CHECKING:
    from hinterland.plugins.translation.segments import Segment


class State(StrEnum):
    """How far a row has come."""

    WAITING = "waiting"
    DONE = "done"
    UNSURE = "unsure"
    """Somebody should look at it: it stayed as it was, or its translation is in doubt."""
    BY_HAND = "by hand"
    """A person has written the translation."""


@dataclass(frozen=True, slots=True)
class Row:
    """A segment and what became of it; before anything is translated, a whole unit."""

    unit: int
    """Which unit of the sheet it is of."""
    source: Parts
    target: Parts | None = None
    """None where there is no translation, so that the source stays."""
    state: State = State.WAITING
    reasons: tuple[str, ...] = ()
    """Why it is unsure; a sentence each, in English."""


class Sheet:
    """A document as rows."""

    def __init__(self, document: Document, units: Sequence[Unit], name: str, form: str) -> None:
        self.document = document
        self.units = units
        """All units of the document, in its order."""
        self.name = name
        """The file it is from; "" for text that was typed or pasted."""
        self.form = form
        self.segments: Sequence[Sequence[Segment]] = ()
        """Those of each unit, once it is cut."""
        self.rows = [Row(at, unit.parts) for at, unit in enumerate(units) if not unit.done]
        self.changed = False
        """Whether something was translated since it was last saved."""

    def cut(self, segments: Sequence[Sequence[Segment]]) -> None:
        """Have a row for each segment; nothing is translated then."""
        self.segments = segments
        self.rows = [
            Row(at, segment.parts) for at, of_unit in enumerate(segments) for segment in of_unit
        ]
        self.changed = False

    def forget(self) -> None:
        """Have nothing translated: it goes into another language now, or from one."""
        self.segments = ()
        self.rows = [Row(at, unit.parts) for at, unit in enumerate(self.units) if not unit.done]
        self.changed = False

    @property
    def unsure(self) -> int:
        """How many rows somebody should look at."""
        return sum(row.state is State.UNSURE for row in self.rows)

    @property
    def finished(self) -> int:
        """How many rows wait no more."""
        return sum(row.state is not State.WAITING for row in self.rows)

    def waiting(self) -> list[int]:
        """Return which rows have not been translated."""
        return [at for at, row in enumerate(self.rows) if row.state is State.WAITING]

    def put(self, at: int, target: Parts | None, reasons: Sequence[str]) -> None:
        """Take a translation of a row; what a person wrote stays."""
        row = self.rows[at]
        if row.state is not State.BY_HAND:
            state = State.UNSURE if reasons or target is None else State.DONE
            self.rows[at] = replace(row, target=target, state=state, reasons=tuple(reasons))
            self.changed = True

    def write(self, at: int, target: Parts) -> None:
        """Take what a person wrote for a row."""
        self.rows[at] = replace(self.rows[at], target=target, state=State.BY_HAND, reasons=())
        self.changed = True

    def next_unsure(self, at: int) -> int | None:
        """Return the next row after `at` that somebody should look at, from the top after the last."""
        count = len(self.rows)
        order = ((at + step) % count for step in range(1, count + 1))
        return next((each for each in order if self.rows[each].state is State.UNSURE), None)

    def of_units(self) -> Iterator[tuple[Unit, list[Row]]]:
        """Yield every unit with its rows."""
        rows: dict[int, list[Row]] = {}
        for row in self.rows:
            rows.setdefault(row.unit, []).append(row)
        for at, unit in enumerate(self.units):
            yield unit, rows.get(at, [])

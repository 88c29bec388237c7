"""The rows of the list of conversations, each drawn when it is seen: ten thousand are no trouble."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from hinterland.history import Hit, Summary
from hinterland.language import _
from hinterland.text import clean, clean_line

MARK = 3
"""Cells before a title: whether it is chosen, whether it is pinned."""
_LEAST_TITLE = 16
"""Cells of a title below which tags are left out."""
_SHORTEST_TITLE = 8
"""Cells of a title below which the number of turns and the time are left out."""
_REVERSE = Style(reverse=True)
_BOLD = Style(bold=True)
_DIM = Style(dim=True)


@dataclass(frozen=True)
class Place:
    """Where to go: a conversation, and in it what was looked for."""

    conversation_id: str
    turn_id: str = ""
    """The turn that holds the words; empty for the conversation's end."""
    words: str = ""
    """What was looked for there."""


class Row:
    """One line of the list."""

    place: Place | None = None
    """What Enter opens; None for what is only to be read."""

    def draw(self, width: int, chosen: bool) -> Strip:
        """Return the line for `width` cells."""
        raise NotImplementedError


@dataclass(slots=True)
class Heading(Row):
    text: str

    def draw(self, width: int, chosen: bool) -> Strip:
        return _strip([(set_cell_size(f" {self.text}", width), _BOLD)], chosen)


class Titled(Row):
    """A conversation: its title, its tags and marks, how many turns it has, and when it was.

    There may be ten thousand, so nothing is made ready before it is drawn.
    """

    __slots__ = ("_hit", "_summary", "_today", "_words")

    def __init__(
        self, summary: Summary | None, today: str, hit: Hit | None = None, words: str = ""
    ) -> None:
        """`today` is the day whose times are shown without it; "" for none but those."""
        self._summary, self._today, self._hit, self._words = summary, today, hit, words

    @property
    def place(self) -> Place | None:  # type: ignore[override] # narrower
        if self._hit is not None:
            return Place(self._hit.conversation_id, self._hit.turn_id, self._words)
        return Place(self._summary.id) if self._summary is not None else None

    @property
    def _title_and_when(self) -> tuple[str, str]:
        of = self._hit or self._summary
        assert of is not None
        day, clock = _day_and_clock(of.updated if isinstance(of, Summary) else of.created)
        return clean_line(of.title), clock if self._today in {"", day} else day

    def draw(self, width: int, chosen: bool) -> Strip:
        about = self._summary
        title, when = self._title_and_when
        pinned = about is not None and about.pinned
        mark = (">" if chosen else " ") + ("*" if pinned else " ") + " "
        state = _state(about)
        turns = about.turns if about is not None else ""
        room, right = width - MARK - 1, " "
        for fuller in (f" {when} ", f" {turns:>4} {when} "):
            left = width - MARK - cell_len(fuller)
            if left - (cell_len(state) + 2 if state else 0) >= _SHORTEST_TITLE:
                room, right = left, fuller
        marks = " ".join(each for each in (_tags(about), state) if each)
        if marks and room - cell_len(marks) - 2 < min(_LEAST_TITLE, cell_len(title)):
            marks = state
        room -= cell_len(marks) + 2 if marks else 0
        title = _shortened(title, room)
        rest = room - cell_len(title)
        parts: list[tuple[str, Style | None]] = [(mark, None), (title, None)]
        if marks:
            parts += [("  ", None), (marks, _DIM)]
        return _strip([*parts, (" " * rest, None), (right, None)], chosen)


@dataclass(slots=True)
class Found(Row):
    """What was found, in its place: below the conversation's title."""

    hit: Hit

    def draw(self, width: int, chosen: bool) -> Strip:
        room = max(1, width - 2 * MARK)
        match = _shortened(clean_line(self.hit.match, room), room)
        before = clean(self.hit.before)
        most = max(0, (room - cell_len(match)) // 2)
        if cell_len(before) > most:
            before = "…" + _end(before, most - 1) if most else ""
        after = _shortened(clean(self.hit.after), room - cell_len(before) - cell_len(match))
        rest = room - sum(map(cell_len, (before, match, after)))
        emphasised = Style(bold=True, reverse=True)
        parts = [(" " * (2 * MARK - 1), None), (before, None), (match, emphasised)]
        return _strip([*parts, (after, None), (" " * (rest + 1), None)], False)


def by_day(summaries: Sequence[Summary], today: date | None = None) -> list[Row]:
    """Return the rows of conversations that are sorted newest first: pinned ones, then by day."""
    today = today or date.today()  # noqa: DTZ011 - a day as the clock on the wall has it
    rows: list[Row] = []
    pinned = [summary for summary in summaries if summary.pinned]
    if pinned:
        rows.append(Heading(_("Pinned")))
        rows += [Titled(summary, today.isoformat()) for summary in pinned]
    named = {today.isoformat(): _("Today"), (today - timedelta(1)).isoformat(): _("Yesterday")}
    since = float("inf")
    for summary in summaries:
        if summary.pinned:
            continue
        if summary.updated < since:
            day, _clock = _day_and_clock(summary.updated)
            rows.append(Heading(named.get(day, day)))
            since = _midnight(summary.updated)
        rows.append(Titled(summary, ""))
    return rows


def by_match(summaries: Iterable[Summary], today: date | None = None) -> list[Row]:
    """Return the rows of conversations found by their titles, in their order."""
    day = (today or date.today()).isoformat()  # noqa: DTZ011 - the day here
    return [Titled(summary, day) for summary in summaries]


def by_place(
    hits: Sequence[Hit], known: dict[str, Summary], words: str, today: date | None = None
) -> list[Row]:
    """Return the rows of places where `words` were found: two for each."""
    day = (today or date.today()).isoformat()  # noqa: DTZ011 - the day here
    rows: list[Row] = []
    for hit in hits:
        rows += [Titled(known.get(hit.conversation_id), day, hit, words), Found(hit)]
    return rows


def _midnight(seconds: float) -> float:
    """Return when the day began that this is in; no time at all where nobody can tell."""
    try:
        at = time.localtime(seconds)
        return time.mktime((*at[:3], 0, 0, 0, 0, 0, -1))
    except (OverflowError, ValueError, OSError):
        return seconds


def _day_and_clock(seconds: float) -> tuple[str, str]:
    try:
        at = time.localtime(seconds)
    except (OverflowError, ValueError, OSError):
        return "?", ""
    day = f"{at.tm_year:04}-{at.tm_mon:02}-{at.tm_mday:02}"
    return day, f"{at.tm_hour:02}:{at.tm_min:02}"


def _tags(summary: Summary | None) -> str:
    return " ".join(f"#{clean_line(tag)}" for tag in summary.tags) if summary is not None else ""


def _state(summary: Summary | None) -> str:
    """Return what has to be seen, however long the title is."""
    if summary is None:
        return ""
    marks = [_("[archived]")] if summary.archived else []
    if summary.running:
        marks.append(_("[still being written]"))
    elif summary.incomplete:
        marks.append(_("[incomplete]"))
    return " ".join(marks)


def _shortened(text: str, cells: int) -> str:
    if cell_len(text) <= cells:
        return text
    return set_cell_size(text, cells - 1).rstrip() + "…" if cells > 0 else ""


def _end(text: str, cells: int) -> str:
    """Return as much of the end of `text` as fits."""
    while cell_len(text) > cells:
        text = text[max(1, (cell_len(text) - cells) // 2) :]
    return text


def _strip(parts: Iterable[tuple[str, Style | None]], chosen: bool) -> Strip:
    reverse = _REVERSE if chosen else Style()
    return Strip([Segment(text, reverse + (style or Style())) for text, style in parts if text])

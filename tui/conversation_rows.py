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

_MARK = 3
"""Cells before a title: whether it is chosen, whether it is pinned."""
_LEAST_TITLE = 16
"""Cells of a title below which tags are left out."""
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


@dataclass(frozen=True)
class Row:
    """One line of the list."""

    place: Place | None = None
    """What Enter opens; None for what is only to be read."""

    def draw(self, width: int, chosen: bool) -> Strip:
        """Return the line for `width` cells."""
        raise NotImplementedError


@dataclass(frozen=True)
class Heading(Row):
    text: str = ""

    def draw(self, width: int, chosen: bool) -> Strip:
        return _strip([(set_cell_size(f" {self.text}", width), _BOLD)], chosen)


@dataclass(frozen=True)
class Titled(Row):
    """A conversation: its title, its tags and marks, how many turns it has, and when it was."""

    title: str = ""
    summary: Summary | None = None
    when: str = ""

    def draw(self, width: int, chosen: bool) -> Strip:
        about = self.summary
        pinned = about is not None and about.pinned
        mark = (">" if chosen else " ") + ("*" if pinned else " ") + " "
        right = f" {about.turns if about is not None else '':>4} {self.when} "
        room = width - _MARK - cell_len(right)
        if room < _LEAST_TITLE // 2:
            right, room = " ", width - _MARK - 1
        marks = _marks(about)
        if marks and room - cell_len(marks) - 2 < min(_LEAST_TITLE, cell_len(self.title)):
            marks = ""
        for_title = room - (cell_len(marks) + 2 if marks else 0)
        title = _shortened(self.title, for_title)
        rest = room - cell_len(title) - (cell_len(marks) + 2 if marks else 0)
        parts: list[tuple[str, Style | None]] = [(mark, None), (title, None)]
        if marks:
            parts += [("  ", None), (marks, _DIM)]
        return _strip([*parts, (" " * rest, None), (right, None)], chosen)


@dataclass(frozen=True)
class Found(Row):
    """What was found, in its place: below the conversation's title."""

    hit: Hit | None = None

    def draw(self, width: int, chosen: bool) -> Strip:
        assert self.hit is not None
        room = max(1, width - 2 * _MARK)
        match = _shortened(clean_line(self.hit.match, room), room)
        before = clean(self.hit.before)
        most = max(0, (room - cell_len(match)) // 2)
        if cell_len(before) > most:
            before = "…" + _end(before, most - 1) if most else ""
        after = _shortened(clean(self.hit.after), room - cell_len(before) - cell_len(match))
        rest = room - sum(map(cell_len, (before, match, after)))
        emphasised = Style(bold=True, reverse=True)
        parts = [(" " * (2 * _MARK - 1), None), (before, None), (match, emphasised)]
        return _strip([*parts, (after, None), (" " * (rest + 1), None)], False)


def by_day(summaries: Iterable[Summary], today: date | None = None) -> list[Row]:
    """Return the rows of conversations that are sorted newest first: pinned ones, then by day."""
    today = today or date.today()  # noqa: DTZ011 - a day as the clock on the wall has it
    summaries = list(summaries)
    rows: list[Row] = []
    pinned = [summary for summary in summaries if summary.pinned]
    if pinned:
        rows.append(Heading(text=_("Pinned")))
        rows += [_row(summary, today) for summary in pinned]
    named = {today.isoformat(): _("Today"), (today - timedelta(1)).isoformat(): _("Yesterday")}
    day = None
    for summary in summaries:
        if summary.pinned:
            continue
        its_day, clock = _day_and_clock(summary.updated)
        if its_day != day:
            rows.append(Heading(text=named.get(its_day, its_day)))
            day = its_day
        rows.append(Titled(Place(summary.id), clean_line(summary.title), summary, clock))
    return rows


def by_match(summaries: Iterable[Summary], today: date | None = None) -> list[Row]:
    """Return the rows of conversations found by their titles, in their order."""
    today = today or date.today()  # noqa: DTZ011
    return [_row(summary, today) for summary in summaries]


def by_place(
    hits: Sequence[Hit], known: dict[str, Summary], words: str, today: date | None = None
) -> list[Row]:
    """Return the rows of places where `words` were found: two for each."""
    today = today or date.today()  # noqa: DTZ011
    rows: list[Row] = []
    for hit in hits:
        place = Place(hit.conversation_id, hit.turn_id, words)
        when = _when(hit.created, today)
        rows.append(Titled(place, clean_line(hit.title), known.get(hit.conversation_id), when))
        rows.append(Found(hit=hit))
    return rows


def _row(summary: Summary, today: date) -> Row:
    when = _when(summary.updated, today)
    return Titled(Place(summary.id), clean_line(summary.title), summary, when)


def _when(seconds: float, today: date) -> str:
    day, clock = _day_and_clock(seconds)
    return clock if day == today.isoformat() else day


def _day_and_clock(seconds: float) -> tuple[str, str]:
    try:
        at = time.localtime(seconds)
    except (OverflowError, ValueError, OSError):
        return "?", ""
    day = f"{at.tm_year:04}-{at.tm_mon:02}-{at.tm_mday:02}"
    return day, f"{at.tm_hour:02}:{at.tm_min:02}"


def _marks(summary: Summary | None) -> str:
    if summary is None:
        return ""
    marks = [f"#{clean_line(tag)}" for tag in summary.tags]
    if summary.archived:
        marks.append(_("[archived]"))
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

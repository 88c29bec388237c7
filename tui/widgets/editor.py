"""Textual's text area, put right where it counts code points instead of characters, and made fast
for long lines and long texts: its own cuts every line anew for each row it draws."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate, pairwise

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.document._document import Document, DocumentBase, EditResult, Location
from textual.document._document_navigator import DocumentNavigator
from textual.document._wrapped_document import WrappedDocument
from textual.geometry import Offset
from textual.strip import Strip
from textual.widgets import TextArea

from hinterland.tui.clusters import (
    TAB,
    after,
    before,
    cluster_at,
    column_at,
    cuts,
    spread,
    width_of,
)


class Rows(WrappedDocument):
    """A document cut into rows between clusters."""

    def __init__(self, document: DocumentBase, tab_width: int = TAB) -> None:
        self._cut: list[str] = []
        """The lines as they were when they were cut."""
        self._tops = [0]
        """The first row of each line, and the number of rows."""
        super().__init__(document, tab_width=tab_width)

    def wrap(self, width: int, tab_width: int | None = None) -> None:
        """Cut the lines that are not as they were when they were cut last."""
        self._tab_width = tab_width or self._tab_width
        lines = list(self.document.lines)
        known = self._cut if width == self._width else []
        same = _alike(known, lines)
        tail = _alike(known[same:][::-1], lines[same:][::-1])
        until = len(known) - tail
        anew = [list(cuts(line, width)) for line in lines[same : len(lines) - tail]]
        self._wrap_offsets[same : until if known else None] = anew
        self._cut, self._width = lines, width
        heights = (len(offsets) + 1 for offsets in self._wrap_offsets)
        self._tops = list(accumulate(heights, initial=0))

    def wrap_range(self, start: Location, old_end: Location, new_end: Location) -> None:
        """Cut what an edit has changed."""
        del start, old_end, new_end
        self.wrap(self._width)

    @property
    def height(self) -> int:
        """The number of rows."""
        return self._tops[-1]

    def row(self, offset: int) -> tuple[int, int, int]:
        """Return the line that a row is of, and from which column to which it goes."""
        offset = min(max(offset, 0), self.height - 1)
        index = bisect_right(self._tops, offset) - 1
        section = offset - self._tops[index]
        bounds = [0, *self._wrap_offsets[index], len(self.document[index])]
        return index, bounds[section], bounds[section + 1]

    def location_to_offset(self, location: Location) -> Offset:
        """Return the cell and the row in which a location is drawn.

        While a long paste is being undone, TextArea asks for a place that is gone already.
        """
        index, column = min(location, self.document.end)
        cut = self._wrap_offsets[index]
        section = bisect_right(cut, column)
        start = cut[section - 1] if section else 0
        return Offset(width_of(self.document[index][start:column]), self._tops[index] + section)

    def offset_to_location(self, offset: Offset) -> Location:
        """Return the location that is drawn in a cell of a row, or the nearest one."""
        index, start, _ = self.row(offset.y)
        section = bisect_right(self._wrap_offsets[index], start)
        return index, self.get_target_document_column(index, max(0, offset.x), section)

    def get_sections(self, line_index: int) -> list[str]:
        """Return the rows of a line."""
        line = self.document[line_index]
        bounds = [0, *self._wrap_offsets[line_index], len(line)]
        return [line[start:end] for start, end in pairwise(bounds)]

    def get_target_document_column(self, line_index: int, x_offset: int, y_offset: int) -> int:
        """Return the column of the cluster that lies so many cells from the left of a row."""
        line = self.document[line_index]
        bounds = [0, *self._wrap_offsets[line_index], len(line)]
        section = range(len(bounds) - 1)[y_offset]
        start, end = bounds[section], bounds[section + 1]
        column = start + column_at(line[start:end], x_offset)
        # Behind the last cluster of a row is the next row, except at the end of the line.
        return before(line, end) if column == end and section < len(bounds) - 2 else column


class Navigator(DocumentNavigator):
    """Moves by clusters."""

    def get_location_left(self, location: Location) -> Location:
        """Return where Left leads."""
        row, column = location
        if column == 0:
            return super().get_location_left(location)
        return row, before(self._document[row], column)

    def get_location_right(self, location: Location) -> Location:
        """Return where Right leads."""
        row, column = location
        if column >= len(self._document[row]):
            return super().get_location_right(location)
        return row, after(self._document[row], column)

    def get_location_end(self, location: Location) -> Location:
        """Return where End leads."""
        row, column = super().get_location_end(location)
        return row, cluster_at(self._document[row], column)[0]


class Editor(TextArea):
    """A text area for every script."""

    def _set_document(self, text: str, language: str | None) -> None:
        del language
        self.document = Document(text)
        self.wrapped_document = Rows(self.document, tab_width=TAB)
        self.navigator = Navigator(self.wrapped_document)
        self._build_highlight_map()
        self.move_cursor((0, 0))
        self._rewrap_and_refresh_virtual_size()

    def clamp_visitable(self, location: Location) -> Location:
        """Return the nearest location where the cursor may stand."""
        row, column = super().clamp_visitable(location)
        return row, cluster_at(self.document[row], column)[0]

    def find_matching_bracket(self, bracket: str, search_from: Location) -> None:
        """Look for none: a prompt is no program, and a long one would be searched for every key."""
        del bracket, search_from

    def get_cursor_word_right_location(self) -> Location:
        """Return where the next word begins, not inside a character."""
        row, column = super().get_cursor_word_right_location()
        line = self.document[row]
        start, end = cluster_at(line, column)
        return row, column if start == column else end

    def _delete_via_keyboard(self, start: Location, end: Location) -> EditResult | None:
        (row, column), (last_row, last_column) = sorted((start, end))
        first, _ = cluster_at(self.document[row], column)
        if last_row < self.document.line_count:
            line = self.document[last_row]
            begins, ends = cluster_at(line, last_column)
            last_column = last_column if begins == last_column else ends
        return super()._delete_via_keyboard((row, first), (last_row, last_column))

    def _render_line(self, y: int) -> Strip:
        rows = self.wrapped_document
        assert isinstance(rows, Rows)
        base = self._theme.base_style or self.rich_style
        offset = y + self.scroll_offset.y
        if offset >= rows.height:
            return Strip.blank(self.size.width, base)
        index, start, end = rows.row(offset)
        line = self.document[index]
        segments = []
        used = 0
        for first, last, style in self._styled(index, start, end):
            segments.append(Segment(spread(line[first:last] or " ", used), style))
            used += cell_len(segments[-1].text)
        strip = Strip(segments, used).extend_cell_length(self.scrollable_content_region.width)
        return strip.apply_style(base)

    def _styled(self, index: int, start: int, end: int) -> list[tuple[int, int, Style | None]]:
        """Return the parts of a row that are drawn alike; the cursor behind the end is a part
        without text."""
        line = self.document[index]
        marks = {start, end}
        (top, bottom), cursor = sorted(self.selection), self.selection.end
        selected = range(
            top[1] if index == top[0] else 0 if index > top[0] else len(line),
            bottom[1] if index == bottom[0] else len(line) if index < bottom[0] else 0,
        )
        marks |= {column for column in (selected.start, selected.stop) if start < column < end}
        under = range(0)
        if self._draw_cursor and cursor[0] == index:
            under = range(*cluster_at(line, cursor[1])) or range(len(line), len(line) + 1)
            marks |= {column for column in (under.start, under.stop) if start <= column <= end}
        columns = sorted(marks)
        if under.start == len(line) == end:
            columns.append(end)
        parts = []
        for first, last in pairwise(columns):
            style = None
            if first in under:
                style = self._theme.cursor_style
            elif first in selected:
                style = self._theme.selection_style
            parts.append((first, last, style))
        return parts


def _alike(some: list[str], others: list[str]) -> int:
    """Return how many lines two lists begin with that are the same."""
    pairs = zip(some, others, strict=False)
    differs = (at for at, (one, other) in enumerate(pairs) if one is not other and one != other)
    return next(differs, min(len(some), len(others)))

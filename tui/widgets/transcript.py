"""The conversation on the screen: one scroll view of lines, whatever the number of messages.

Widgets per message make a long conversation slow. Here a message is drawn when it comes into view
and remembered as strips; the one that is being written is drawn again, from its last finished
block on, each time text arrives.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from time import perf_counter
from types import ModuleType
from typing import ClassVar

from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.timer import Timer

from hinterland.language import N_
from hinterland.text import clean
from hinterland.tui import vim
from hinterland.tui.entries import (
    Entry,
    Kind,
    Manner,
    Palette,
    answer_entries,
    has_room,
    prompt_entries,
    take_in,
    turn_entries,
)
from hinterland.tui.pieces import Piece, Splitter
from hinterland.tui.shaping import Shaping
from hinterland.tui.wrap import plain
from hinterland.turns import Turn, stood_for

_AHEAD_AFTER = 0.03
"""Seconds of rest before more is drawn ahead."""
_AHEAD_FOR = 0.01
"""Seconds of drawing ahead at a time."""
_READING_FOR = 0.04
"""Seconds of cutting up long answers at a time, while a conversation is loaded."""
_DRAWING_FOR = 0.06
"""Seconds after which the rest of a view is drawn in haste, as plain text, and properly later."""
_MOST_AT_ONCE = 8
"""Finished pieces drawn as they come; of more, only those in view are drawn."""
_MOST_DRAWN = 150
"""Entries whose strips are kept; those far from the view are drawn again when they are needed."""
_SHARE = 4
"""The piece being written is not drawn again before this many times its last drawing's time."""
_WHEEL = 3
"""Rows a turn of the wheel scrolls."""


class Transcript(ScrollView, can_focus=False):
    """Shows turns; follows the answer being written until the reader scrolls up."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "transcript--prompt",
        "transcript--reasoning",
        "transcript--notice",
    }

    BINDINGS: ClassVar[list[BindingType]] = [
        *vim.MOVES,
        Binding("i,escape,enter", "vim('write')", N_("Write"), id="vim.write"),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(id=id)
        self.following = True
        """Whether the last line is kept in view."""
        self.unfolded = False
        """Whether reasoning is shown whole."""
        self._entries: list[Entry] = []
        self._tops: list[int] = []
        self._splitter = Splitter()
        self._group: Entry | None = None  # the last finished part of the answer being written
        self._loading: Iterator[Entry] | None = None
        self._after_loading: list[Callable[[], None]] = []
        self._draw_until = float("inf")
        self.shaping = Shaping.AUTO
        """Whether text that runs from right to left is put in the order it is seen."""
        self._markdown: ModuleType | None = None
        self._styles_of_kinds: Palette | None = None
        self._laid_out_for = 0  # columns
        self._top_entry = (0, 0)  # the entry at the top of the view, and its row there
        self._changed_from: int | None = None  # the first row to paint again
        self._settling = False
        self._same_view = False  # whether scrolling shows the same rows, which lie elsewhere now
        self._base_style = Style()
        self._ahead: Timer | None = None
        self._late: Timer | None = None
        self._drawn_at = self._drawing_took = 0.0

    def on_mount(self) -> None:
        self.can_focus = vim.wanted(self)

    def action_vim(self, move: str) -> None:
        if move == "write":
            self.screen.focus_next("PromptInput")
        else:
            vim.move_view(self, move)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        del parameters
        return action != "vim" or vim.wanted(self)

    @property
    def shows_markdown(self) -> bool:
        """Whether answers are shown as Markdown yet, not as they were written."""
        return self._markdown is not None

    # What it shows

    def load(self, turns: Iterable[Turn]) -> None:
        """Show these turns and nothing else, the end of the last one in view.

        Of long ones a little is read at a time; what is called meanwhile happens after that.
        """
        turns = list(turns)
        counts = stood_for(turns)
        self._entries, self._tops = [], []
        self._splitter, self._group = Splitter(), None
        self.following = True
        self._after_loading.clear()
        self._loading = (
            entry for turn in turns for entry in turn_entries(turn, counts.get(turn.id, 0))
        )
        self._read_on()

    def _read_on(self) -> None:
        until = perf_counter() + _READING_FOR
        if self._loading is None:
            return
        for entry in self._loading:
            self._entries.append(entry)
            if perf_counter() > until:
                self.set_timer(0.001, self._read_on)
                return
        self._loading = None
        self._start_over()
        waiting, self._after_loading = self._after_loading, []
        for action in waiting:
            action()

    def _must_wait(self, action: Callable[[], None]) -> bool:
        """Whether a conversation is still being loaded; then `action` is done after that."""
        if self._loading is not None:
            self._after_loading.append(action)
        return self._loading is not None

    def ask(self, prompt: str) -> None:
        """Show a prompt that is being sent, and follow what comes."""
        if self._must_wait(lambda: self.ask(prompt)):
            return
        self._splitter, self._group = Splitter(), None
        self.following = True
        self._append(prompt_entries(prompt))
        self._settle()

    def think(self, text: str) -> None:
        """Add to the reasoning that is being written."""
        if self._must_wait(lambda: self.think(text)):
            return
        if not self._is_live(Kind.REASONING):
            self._append([Entry(Kind.REASONING, live=True)])
        last, top = self._entries[-1], self._tops[-1]
        if more := take_in(last, clean(text)):
            last.forget(self._width, unfold=self.unfolded)
            self._changed(top)
            self._append(more)
        self._text_arrived()

    def write(self, text: str) -> None:
        """Add to the answer that is being written."""
        if self._must_wait(lambda: self.write(text)):
            return
        self._end_reasoning()
        done = self._splitter.feed(clean(text))
        piece = self._splitter.open()
        if done or piece is None:
            self._commit(done)
        if piece is not None:
            if not self._is_live(Kind.ANSWER):
                self._append([_answer(piece, live=True)])
            self._entries[-1].pieces = [piece]
        self._text_arrived()

    def finish(self) -> None:
        """Show the whole of an answer that is over."""
        if self._must_wait(self.finish):
            return
        self._end_reasoning()
        self._commit(self._splitter.close())
        self._splitter, self._group = Splitter(), None
        if self._late is not None:
            self._late.stop()
            self._late = None
        self._settle()

    def tell(self, notice: str) -> None:
        """Show a sentence of our own below everything; not while an answer is written."""
        if self._must_wait(lambda: self.tell(notice)):
            return
        self._append([Entry(Kind.NOTICE, clean(notice))])
        self._settle()

    def toggle_reasoning(self) -> None:
        """Show all reasoning whole, or fold it again."""
        self.unfolded = not self.unfolded
        self._forget(kind is Kind.REASONING for kind in self._kinds())
        self._settle()

    def render_markdown(self, markdown: ModuleType) -> None:
        """Draw answers as Markdown from now on; until then they are shown as they were written."""
        self._markdown = markdown
        self._forget(kind is Kind.ANSWER for kind in self._kinds())
        self._settle()

    # Moving

    def page(self, pages: float) -> None:
        """Scroll by so many views; a row stays for orientation."""
        self.scroll_relative(y=round(pages * max(1, self.size.height - 1)), animate=False)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheel(event, _WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheel(event, -_WHEEL)

    def _wheel(self, event: events.MouseEvent, rows: int) -> None:
        event.stop()
        event.prevent_default()
        self.scroll_relative(y=rows, animate=False)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        if self._same_view:
            self.vertical_scrollbar.position = new_value
            return
        super().watch_scroll_y(old_value, new_value)
        if not self._settling and round(old_value) != round(new_value):
            self.following = self.is_vertical_scroll_end
            self._remember_top()
            self._settle()

    def on_resize(self) -> None:
        if self._width == self._laid_out_for:
            self._settle()
        else:
            self._start_over()

    # Drawing

    def render_lines(self, crop: Region) -> list[Strip]:
        self._base_style = self.rich_style  # it is computed anew at each look
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        row = self.scroll_offset.y + y
        strip = Strip([])
        if row < self._rows:
            index = bisect_right(self._tops, row) - 1
            strips = self._entries[index].strips or []
            if row - self._tops[index] < len(strips):
                strip = strips[row - self._tops[index]]
        style = self._base_style
        return strip.crop_extend(0, self._width, style).apply_style(style)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        before, self._styles_of_kinds = self._styles_of_kinds, None
        # Focus and hover end up here too, and drawing again is not for them.
        if before is not None and self._palette() != before:
            self._forget(kind is not Kind.ANSWER for kind in self._kinds())
            self._settle()

    def _start_over(self) -> None:
        """Lay everything out for the present width and draw what is in view."""
        if not self._width or self._loading is not None:
            return
        self._laid_out_for = self._width
        for entry in self._entries:
            entry.forget(self._width, unfold=self.unfolded)
        self._changed_from = 0
        self._lay_out()
        self._settle()

    def _forget(self, which: Iterable[bool]) -> None:
        for entry, forgotten in zip(self._entries, which, strict=True):
            if forgotten:
                entry.forget(self._width, unfold=self.unfolded)
        self._changed_from = 0

    def _settle(self) -> None:
        """Draw what is in view and keep it where it is, or keep the end in view when following."""
        if not self._laid_out_for or self._loading is not None:
            return
        self._lay_out()
        self._settling = True
        self._draw_until = perf_counter() + _DRAWING_FOR
        if self.following:
            self._draw_up(len(self._entries), self.size.height)
        else:
            index, row = self._top_entry
            if not self._draw_down(index, self.size.height + row):
                self._draw_up(len(self._entries), self.size.height)
        self._place()
        self._settling = False
        self._draw_until = float("inf")
        if self._ahead is None:
            self._ahead = self.set_timer(_AHEAD_AFTER, self._draw_ahead)

    def _draw_up(self, index: int, rows: int) -> None:
        """Draw the entries before `index` until they fill so many rows."""
        while index > 0 and rows > 0:
            index -= 1
            self._draw(index)
            rows -= self._entries[index].height

    def _draw_down(self, index: int, rows: int) -> bool:
        """Draw entries from `index` on; return whether there were enough to fill so many rows."""
        while index < len(self._entries) and rows > 0:
            self._draw(index)
            rows -= self._entries[index].height
            index += 1
        return rows <= 0

    def _draw(self, index: int) -> None:
        entry = self._entries[index]
        if entry.strips is None or (entry.rough and self._draw_until == float("inf")):
            in_haste = perf_counter() > self._draw_until
            entry.draw(self._manner(in_haste=in_haste))
            entry.rough = in_haste
            self._changed(self._tops[index])

    def _changed(self, row: int) -> None:
        if self._changed_from is None or row < self._changed_from:
            self._changed_from = row

    def _place(self) -> None:
        """Make room for what was drawn, scroll to where it belongs, and paint what changed."""
        self._lay_out()
        size = Size(self._width, self._rows)
        if size != self.virtual_size:
            # Setting it plainly lays the whole screen out again, at every line of an answer.
            self.set_reactive(Transcript.virtual_size, size)
            self.vertical_scrollbar.window_virtual_size = size.height
        top = self.max_scroll_y
        if not self.following and self._entries:
            index, row = self._top_entry
            wanted = self._tops[index] + max(0, min(row, self._entries[index].height - 1))
            self._same_view = row < self._entries[index].height and wanted <= top
            top = min(wanted, top)
        if top != self.scroll_y:
            self.scroll_target_y = self.scroll_y = top
        self._same_view = False
        self._remember_top()
        if self._changed_from is not None:
            first = max(0, self._changed_from - top)
            if first < self.size.height:
                self.refresh(Region(0, first, self.size.width, self.size.height - first))
            self._changed_from = None

    def _remember_top(self) -> None:
        row = round(self.scroll_y)
        index = max(0, bisect_right(self._tops, row) - 1)
        self._top_entry = (index, row - self._tops[index]) if self._tops else (0, 0)

    def _draw_ahead(self) -> None:
        """Draw what is within a view's height of the view, so that scrolling finds it drawn."""
        self._ahead = None
        if self._loading is not None:
            return
        until = perf_counter() + _AHEAD_FOR
        first = max(0, bisect_right(self._tops, self.scroll_y - self.size.height) - 1)
        last = bisect_right(self._tops, self.scroll_y + 2 * self.size.height)
        in_view = bisect_right(self._tops, self.scroll_y) - 1
        for index in (*range(max(0, in_view), last), *range(first, max(0, in_view))):
            if perf_counter() > until:
                self._settle()
                return
            self._draw(index)
        self._settling = True
        self._place()
        self._settling = False
        if sum(entry.strips is not None for entry in self._entries) > _MOST_DRAWN:
            for entry in (*self._entries[:first], *self._entries[last:]):
                entry.strips = None

    def _manner(self, *, in_haste: bool = False) -> Manner:
        render = _as_written if in_haste else self._render_piece
        return Manner(self._width, self._palette(), render, self._shape, self.unfolded)

    def _render_piece(self, piece: Piece, width: int) -> list[Strip]:
        if self._markdown is None:
            strips = _as_written(piece, width)
        else:
            strips = self._markdown.render(piece, width, self.app.console)
        return self.shaping.shape(strips, width, code=piece.language is not None)

    def _shape(self, strips: list[Strip], width: int, gutter: int) -> list[Strip]:
        return self.shaping.shape(strips, width, gutter)

    def _palette(self) -> Palette:
        if self._styles_of_kinds is None:
            prompt, reasoning, notice = (
                self.get_component_rich_style(f"transcript--{name}", partial=True)
                for name in ("prompt", "reasoning", "notice")
            )
            self._styles_of_kinds = Palette(prompt, reasoning, notice)
        return self._styles_of_kinds

    # Entries and where they lie

    @property
    def _width(self) -> int:
        return self.scrollable_content_region.width

    @property
    def _rows(self) -> int:
        return self._tops[-1] + self._entries[-1].height if self._tops else 0

    def _kinds(self) -> Iterable[Kind]:
        return (entry.kind for entry in self._entries)

    def _lay_out(self) -> None:
        heights = [entry.height for entry in self._entries]
        self._tops = [0, *accumulate(heights[:-1])] if heights else []

    def _append(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            entry.forget(self._width, unfold=self.unfolded)
            self._tops.append(self._rows)
            self._entries.append(entry)

    def _is_live(self, kind: Kind) -> bool:
        return bool(self._entries) and self._entries[-1].live and self._entries[-1].kind is kind

    def _drop_last(self) -> None:
        self._entries.pop()
        self._changed(self._tops.pop())

    # What is being written

    def _commit(self, pieces: Sequence[Piece]) -> None:
        """Put finished pieces in the place of the unfinished one."""
        if self._is_live(Kind.ANSWER):
            self._drop_last()
        if len(pieces) > _MOST_AT_ONCE:
            self._append([*answer_entries(pieces)])
            self._group = self._entries[-1]
            return
        for piece in pieces:
            group = self._group
            if group is not None and group is self._entries[-1] and has_room(group, piece):
                self._changed(self._rows)
                group.add(piece, self._manner() if self._laid_out_for else None)
                if group.strips is None:
                    group.forget(self._width)
            else:
                self._group = _answer(piece)
                self._append([self._group])

    def _end_reasoning(self) -> None:
        if self._is_live(Kind.REASONING):
            entry = self._entries[-1]
            entry.live = False
            entry.strips = None
            entry.text = entry.text.strip()
            self._changed(self._tops[-1])
            if not entry.text and not entry.continued:
                self._drop_last()

    def _text_arrived(self) -> None:
        """Draw the end of the answer again: now or, if drawing it is slow, a little later."""
        wait = self._drawn_at + _SHARE * self._drawing_took - perf_counter()
        if wait <= 0:
            self._draw_end()
        elif self._late is None:
            self._late = self.set_timer(wait, self._draw_end)

    def _draw_end(self) -> None:
        self._late = None
        started = perf_counter()
        last = self._entries[-1] if self._entries else None
        if last is None or not last.live or not self._laid_out_for:
            self._settle()
            return
        top, before = self._tops[-1], last.strips or []
        if self.following or top < self.scroll_y + self.size.height:
            last.draw(self._manner())
            self._changed(top + _alike(before, last.strips or []))
        else:
            last.forget(self._width, unfold=self.unfolded)
        self._settle()
        self._drawn_at = perf_counter()
        self._drawing_took = self._drawn_at - started


def _answer(piece: Piece, *, live: bool = False) -> Entry:
    return Entry(Kind.ANSWER, pieces=[piece], continued=piece.continued, live=live)


def _as_written(piece: Piece, width: int) -> list[Strip]:
    return plain(piece.text, width)


def _alike(before: Sequence[Strip], after: Sequence[Strip]) -> int:
    """Return how many strips both begin with."""
    rows = 0
    for old, new in zip(before, after, strict=False):
        if old != new:
            break
        rows += 1
    return rows
